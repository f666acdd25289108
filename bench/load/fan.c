/*
 * Fan-out: connection 0 speaks, all others listen. A message is done when every listener has it;
 * what is counted is deliveries, and their time is from `send` to the peer's receipt.
 */
#include "load.h"

#include <stdio.h>

#define OUTSTANDING 65536

static uint32_t arrivals[OUTSTANDING];

static void delivered(connection *c, uint64_t sequence) {
  connection *speaker = &connections[0];
  if (c == speaker) fail("Cannot accept a message that comes back to its sender");
  if (window_open()) record_latency(event_time() - frames_time(speaker, sequence));
  if (speaker->sent - speaker->received > OUTSTANDING) fail("Cannot keep the rate: %d messages are waiting", OUTSTANDING);
  uint32_t *arrived = &arrivals[sequence % OUTSTANDING];
  if (++*arrived < options.connections - 1) return;
  *arrived = 0;
  speaker->received++;
  if (options.rate == 0 && !draining) speaker->credits++;
  frames_pump(speaker);
}

void mode_fan(void) {
  on_message = delivered;
  options.connections++; /* the speaker */
  open_range(0, options.connections);
  /* A server may subscribe a listener a little after it has answered the handshake. */
  for (uint64_t until = now_ns() + 200 * MILLISECOND; now_ns() < until;) loop_step(20 * MILLISECOND);
  if (options.rate > 0) run_at_rate(connections, 1);
  else run_closed_loop(connections, 1);
  uint32_t clean = close_all();
  options.connections--;
  result_begin();
  printf(",\"cleanCloses\":%u", clean);
  result_end();
}
