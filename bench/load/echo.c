/*
 * Echo: every connection keeps so many messages in flight, or messages leave at a fixed rate.
 *
 * At a fixed rate a message's time counts from when it was due, whether or not the socket or this
 * program was ready then: a server that stalls is charged for all the messages that should have
 * been sent meanwhile (no coordinated omission).
 */
#include "load.h"

#include <stdio.h>

#define DRAIN_NS (10 * SECOND)
#define OVERLOAD_MESSAGES 200000
/* Sleeping shorter than this costs more precision than it saves CPU. */
#define SPIN_NS 60000

bool draining;
static histogram lateness;

static bool window_is_full(uint64_t started, uint64_t messages_before) {
  if (options.messages > 0) return total_received - messages_before >= options.messages;
  return now_ns() - started >= (uint64_t)(options.seconds * (double)SECOND);
}

/* Takes back the credits that are left, and waits for what is in flight. */
static void drain(connection *speakers, uint32_t count) {
  uint64_t deadline = now_ns() + DRAIN_NS;
  draining = true;
  for (uint32_t i = 0; i < count; i++) speakers[i].credits = 0;
  for (uint32_t i = 0; i < count; i++) {
    while (speakers[i].received < speakers[i].sent) {
      loop_step(20 * MILLISECOND);
      if (now_ns() > deadline) {
        fail("Cannot account for %llu messages of connection %u: no reply in 10 s",
             (unsigned long long)(speakers[i].sent - speakers[i].received), speakers[i].index);
      }
    }
  }
}

void run_closed_loop(connection *speakers, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    speakers[i].credits = options.in_flight;
    frames_pump(&speakers[i]);
  }
  uint64_t warm = now_ns() + (uint64_t)(options.warmup * (double)SECOND);
  while (now_ns() < warm || (total_received < options.warmup_messages && now_ns() < warm + WARMUP_LIMIT_NS)) {
    loop_step(10 * MILLISECOND);
    check_stall();
  }
  window_begin();
  uint64_t started = now_ns(), before = total_received;
  while (!window_is_full(started, before)) {
    loop_step(10 * MILLISECOND);
    check_stall();
  }
  window_end();
  drain(speakers, count);
}

void run_at_rate(connection *speakers, uint32_t count) {
  double interval = (double)SECOND / options.rate;
  uint64_t first = now_ns() + MILLISECOND, n = 0, due = first;
  uint64_t begin = first + (uint64_t)(options.warmup * (double)SECOND);
  uint64_t end = begin + (uint64_t)(options.seconds * (double)SECOND);
  while (due < end) {
    uint64_t now = now_ns();
    if (due >= begin && !window_open()) window_begin();
    for (; due <= now && due < end; due = first + (uint64_t)(interval * (double)++n)) {
      connection *c = &speakers[n % count];
      if (due >= begin) histogram_add(&lateness, now - due);
      frames_schedule(c, due);
      frames_pump(c);
    }
    if (n > speakers[n % count].received * count + OVERLOAD_MESSAGES) {
      fail("Cannot keep the rate: %d messages are waiting", OVERLOAD_MESSAGES);
    }
    loop_step(due > now + SPIN_NS ? due - now - SPIN_NS / 2 : 0);
    check_stall();
  }
  window_end();
  drain(speakers, count);
}

static void echoed(connection *c, uint64_t sequence) {
  uint64_t since = frames_time(c, sequence);
  if (window_open()) record_latency(event_time() - since);
  if (options.rate == 0 && !draining) c->credits++;
}

void mode_echo(void) {
  on_message = echoed;
  open_range(0, options.connections);
  if (options.rate > 0) run_at_rate(connections, options.connections);
  else run_closed_loop(connections, options.connections);
  uint32_t clean = close_all();
  result_begin();
  if (options.rate > 0) histogram_print("latenessNs", &lateness);
  printf(",\"cleanCloses\":%u", clean);
  result_end();
}
