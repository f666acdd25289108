/*
 * A reconnect storm: all connections are dropped at once, as by a restart or a lost network, and
 * come back within one second. The time is from connect() to the 101. Connections are numbered in
 * the order in which they come; one that is answered out of turn is displaced by so many places.
 */
#include "load.h"

#include <stdio.h>

#define STORM_NS SECOND
#define PAUSE_NS (SECOND / 2) /* for the server to see that all have gone */

static uint32_t answered, displaced;

static void nothing(connection *c) { (void)c; }

static void lost(connection *c) { fail("Cannot go on: the server ended connection %u", c->index); }

static void back(connection *c) {
  uint32_t turn = answered++;
  uint32_t places = turn > c->index ? turn - c->index : c->index - turn;
  if (places > displaced) displaced = places;
  total_received++;
  record_latency(now_ns() - c->opened_at);
}

static void drop_all(void) {
  on_dead = nothing;
  for (uint32_t i = 0; i < options.connections; i++) connection_drop(&connections[i]);
  uint64_t until = now_ns() + PAUSE_NS;
  while (now_ns() < until) loop_step(50 * MILLISECOND);
}

/* Connects at an even pace, and serves whatever is ready meanwhile. */
static void come_back(void) {
  uint64_t begun = now_ns();
  uint32_t started = 0;
  progress();
  while (answered < options.connections) {
    uint64_t elapsed = now_ns() - begun;
    uint64_t due = elapsed >= STORM_NS ? options.connections : elapsed * options.connections / STORM_NS;
    for (; started < due; started++) connection_open(&connections[started], started);
    loop_step(MILLISECOND);
    check_stall();
  }
}

void mode_storm(void) {
  open_range(0, options.connections);
  drop_all();
  on_open = back;
  on_dead = lost;
  window_begin();
  come_back();
  window_end();
  uint32_t clean = close_all();
  result_begin();
  printf(",\"displaced\":%u,\"cleanCloses\":%u", displaced, clean);
  result_end();
}
