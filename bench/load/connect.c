/*
 * The handshake rate: connect, upgrade, Close each way, the server ends TCP, again. The time is
 * from connect() to the 101.
 */
#include "load.h"

#include <stdio.h>

static bool stopping;

static void opened(connection *c) {
  static const uint8_t normal[2] = {1000 >> 8, 1000 & 255};
  total_received++;
  if (window_open()) record_latency(now_ns() - c->opened_at);
  frames_control(c, 8, normal, 2);
  if (c->state != STATE_DEAD) c->state = STATE_CLOSING; /* the server's Close gets no second answer */
}

static void ended(connection *c) {
  if (!c->close_received) fail("Cannot go on: the server ended connection %u without a Close", c->index);
}

static void step(void) {
  loop_step(10 * MILLISECOND);
  check_stall();
  for (uint32_t i = 0; i < options.connections && !stopping; i++) {
    if (connections[i].state == STATE_DEAD) connection_open(&connections[i], i);
  }
}

static void run_until(uint64_t end) {
  while (now_ns() < end) step();
}

void mode_connect(void) {
  on_open = opened;
  on_dead = ended;
  progress();
  for (uint32_t i = 0; i < options.connections; i++) connection_open(&connections[i], i);
  uint64_t warm = now_ns() + (uint64_t)(options.warmup * (double)SECOND);
  run_until(warm);
  while (total_received < options.warmup_messages && now_ns() < warm + WARMUP_LIMIT_NS) step();
  window_begin();
  run_until(now_ns() + (uint64_t)(options.seconds * (double)SECOND));
  window_end();
  stopping = true;
  run_until(now_ns() + 500 * MILLISECOND);
  result_begin();
  result_end();
}
