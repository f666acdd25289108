/*
 * A slow reader: connections that send to an echo and read nothing, then read all that is there.
 * A server that keeps every reply grows without bound; one that pushes back stops taking our bytes;
 * one that drops loses replies, or the connection. Which of them it is, is what this prints.
 */
#include "load.h"

#include <stdio.h>

#define QUIET_NS (3 * SECOND)

static uint32_t ended_by_server;

static void count_end(connection *c) {
  (void)c;
  ended_by_server++;
}

static void ignore(connection *c, uint64_t sequence) { (void)c, (void)sequence; }

static uint64_t peak(uint64_t so_far) {
  uint64_t memory = process_memory(options.pid, "VmRSS");
  return memory > so_far ? memory : so_far;
}

static void send_without_reading(uint64_t per_connection, uint64_t end, uint64_t *memory) {
  uint64_t sampled = 0;
  while (now_ns() < end) {
    for (uint32_t i = 0; i < options.connections; i++) {
      connection *c = &connections[i];
      if (c->sent >= per_connection) c->credits = 0;
      if (c->state == STATE_OPEN) frames_pump(c);
    }
    loop_step(5 * MILLISECOND);
    if (now_ns() - sampled < 50 * MILLISECOND) continue;
    sampled = now_ns();
    *memory = peak(*memory);
  }
}

static void read_the_rest(uint64_t *memory) {
  uint64_t sampled = 0;
  progress();
  for (uint32_t i = 0; i < options.connections; i++) {
    connections[i].deaf = false;
    connections[i].credits = 0;
    connection_arm(&connections[i]);
  }
  while (total_received < total_sent && dead_count < options.connections) {
    loop_step(50 * MILLISECOND);
    if (now_ns() - event_time() > QUIET_NS) break;
    if (now_ns() - sampled < 50 * MILLISECOND) continue;
    sampled = now_ns();
    *memory = peak(*memory);
  }
}

void mode_slow(void) {
  on_message = ignore;
  on_dead = count_end;
  open_range(0, options.connections);
  uint64_t before = process_memory(options.pid, "VmRSS"), while_deaf = before, in_all;
  uint64_t per_connection = options.limit_bytes / options.bytes;
  for (uint32_t i = 0; i < options.connections; i++) {
    connections[i].deaf = true;
    connections[i].credits = UNLIMITED;
    connection_arm(&connections[i]);
  }
  send_without_reading(per_connection, now_ns() + (uint64_t)(options.seconds * (double)SECOND), &while_deaf);
  uint64_t offered = total_sent;
  in_all = while_deaf;
  read_the_rest(&in_all);
  uint32_t out_of_sequence = 0;
  for (uint32_t i = 0; i < options.connections; i++) out_of_sequence += connections[i].lost_sequence;
  printf("{\"mode\":\"slow\",\"errors\":0,\"connections\":%u,\"bytes\":%zu,\"sent\":%llu,\"received\":%llu",
         options.connections, options.bytes, (unsigned long long)offered, (unsigned long long)total_received);
  printf(",\"sentBytes\":%llu,\"outOfSequence\":%u,\"endedByServer\":%u", (unsigned long long)(offered * options.bytes),
         out_of_sequence, ended_by_server);
  printf(",\"rssBeforeBytes\":%llu,\"rssWhileDeafBytes\":%llu,\"rssPeakBytes\":%llu", (unsigned long long)before,
         (unsigned long long)while_deaf, (unsigned long long)in_all);
  result_end();
}
