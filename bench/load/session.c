/*
 * Many connections: opening them with a bounded number of handshakes under way, and closing them
 * with the closing handshake (RFC 6455 §7.1).
 */
#include "load.h"

#define CLOSE_DEADLINE_NS (5 * SECOND)

static void nothing(connection *c) { (void)c; }
static void unexpected_message(connection *c, uint64_t sequence) {
  fail("Cannot accept message %llu on connection %u: none is due", (unsigned long long)sequence, c->index);
}
static void unexpected_end(connection *c) {
  fail("Cannot go on: the server ended connection %u", c->index);
}

void (*on_open)(connection *c) = nothing;
void (*on_message)(connection *c, uint64_t sequence) = unexpected_message;
void (*on_dead)(connection *c) = unexpected_end;
uint32_t open_count, dead_count;
const char *agreed_extension = "";

void open_range(uint32_t from, uint32_t to) {
  uint32_t before = open_count, started = 0, wanted = to - from;
  progress();
  while (open_count - before < wanted) {
    while (started < wanted && started - (open_count - before) < options.pending_handshakes) {
      connection_open(&connections[from + started], from + started);
      started++;
    }
    loop_step(100 * MILLISECOND);
    check_stall();
  }
}

uint32_t close_all(void) {
  static const uint8_t normal[2] = {1000 >> 8, 1000 & 255};
  uint64_t deadline = now_ns() + CLOSE_DEADLINE_NS;
  uint32_t clean = 0, alive = 0;
  on_dead = nothing;
  for (uint32_t i = 0; i < options.connections; i++) {
    connection *c = &connections[i];
    if (c->state == STATE_OPEN) {
      frames_control(c, 8, normal, 2);
      if (c->state != STATE_DEAD) c->state = STATE_CLOSING; /* one Close is enough */
    }
    if (c->state != STATE_DEAD) alive++;
  }
  uint32_t target = dead_count + alive;
  while (dead_count < target && now_ns() < deadline) loop_step(50 * MILLISECOND);
  for (uint32_t i = 0; i < options.connections; i++) {
    if (connections[i].state == STATE_DEAD && connections[i].close_received) clean++;
  }
  return clean;
}
