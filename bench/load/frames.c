/*
 * Frames as a client writes and reads them (RFC 6455 §5.2): outgoing messages masked with a key of
 * their own, incoming ones compared byte for byte with what must come.
 */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH_SIZE (256 * 1024)
#define ROUNDS_PER_PUMP 16

uint64_t total_sent, total_received;
static uint8_t *scratch;
static uint64_t key_state = 0x9e3779b97f4a7c15ull;

typedef uint8_t lane __attribute__((vector_size(32)));

void frames_start(void) {
  scratch = malloc(SCRATCH_SIZE + options.bytes + 1024);
}

static uint32_t next_key(void) {
  key_state ^= key_state << 13;
  key_state ^= key_state >> 7;
  key_state ^= key_state << 17;
  return (uint32_t)(key_state >> 16);
}

static void mask_copy(uint8_t *to, const uint8_t *from, size_t length, uint32_t key) {
  lane keys, bytes;
  for (int i = 0; i < 8; i++) memcpy((uint8_t *)&keys + 4 * i, &key, 4);
  size_t at = 0;
  for (; at + 32 <= length; at += 32) {
    memcpy(&bytes, from + at, 32);
    bytes ^= keys;
    memcpy(to + at, &bytes, 32);
  }
  const uint8_t *key_bytes = (const uint8_t *)&key;
  for (; at < length; at++) to[at] = from[at] ^ key_bytes[at & 3];
}

static size_t write_frame(uint8_t *to, uint8_t first, const uint8_t *payload, size_t length) {
  uint32_t key = next_key();
  size_t at = 0;
  to[at++] = first;
  if (length < 126) {
    to[at++] = 0x80 | (uint8_t)length;
  } else if (length < 65536) {
    to[at++] = 0x80 | 126;
    to[at++] = (uint8_t)(length >> 8);
    to[at++] = (uint8_t)length;
  } else {
    to[at++] = 0x80 | 127;
    for (int shift = 56; shift >= 0; shift -= 8) to[at++] = (uint8_t)((uint64_t)length >> shift);
  }
  memcpy(to + at, &key, 4);
  at += 4;
  mask_copy(to + at, payload, length, key);
  return at + length;
}

void frames_control(connection *c, uint8_t opcode, const uint8_t *payload, size_t length) {
  uint8_t frame[6 + 125];
  connection_write(c, frame, write_frame(frame, 0x80 | opcode, payload, length));
}

void frames_message(connection *c, const uint8_t *payload, size_t length) {
  if (length > SCRATCH_SIZE + options.bytes) fail("Cannot send a message of %zu bytes", length);
  connection_write(c, scratch, write_frame(scratch, 0x81, payload, length));
}

/* Notes when message number `sequence` was sent, or was due; the ring grows with what is in flight. */
static void note_time(connection *c, uint64_t sequence, uint64_t time) {
  uint64_t size = c->times_size == 0 ? 1 : c->times_size;
  while (size < sequence - c->received + 1 || size < options.in_flight) size *= 2;
  if (size != c->times_size) {
    uint64_t *times = malloc(size * sizeof *times);
    for (uint64_t s = c->received; s < sequence; s++) times[s & (size - 1)] = c->times[s & (c->times_size - 1)];
    free(c->times);
    c->times = times;
    c->times_size = size;
  }
  c->times[sequence & (size - 1)] = time;
}

uint64_t frames_time(const connection *c, uint64_t sequence) {
  return c->times[sequence & (c->times_size - 1)];
}

void frames_schedule(connection *c, uint64_t due) {
  note_time(c, c->sent + c->credits, due);
  c->credits++;
}

void frames_pump(connection *c) {
  uint8_t opcode = options.binary ? 2 : 1;
  for (int round = 0; round < ROUNDS_PER_PUMP; round++) {
    if (c->credits == 0 || c->pending != NULL || c->state != STATE_OPEN) return;
    bool timed = options.rate == 0 && c->credits != UNLIMITED;
    uint64_t now = timed ? now_ns() : 0;
    size_t have = 0;
    while (c->credits > 0 && have < SCRATCH_SIZE) {
      size_t length;
      bool compressed;
      const uint8_t *wire = payload_wire(c, c->sent, &length, &compressed);
      have += write_frame(scratch + have, 0x80 | (compressed ? 0x40 : 0) | opcode, wire, length);
      if (timed) note_time(c, c->sent, now);
      c->sent++;
      total_sent++;
      if (c->credits != UNLIMITED) c->credits--;
    }
    connection_write(c, scratch, have);
  }
}

static void data_bytes(connection *c, const uint8_t *bytes, size_t length) {
  if (is_topics) {
    bool is_whole = c->message_at == 0 && length == c->frame_left && (c->frame_first & 0x80);
    c->message_at += length;
    topics_piece(c, bytes, length, is_whole);
    return;
  }
  if (c->lost_sequence) return;
  if (c->compressed) {
    inflate_compare(c, bytes, length, false);
    return;
  }
  const uint8_t *expected = payload_of(c, c->received);
  if (c->message_at + length <= options.bytes && memcmp(expected + c->message_at, bytes, length) == 0) {
    c->message_at += length;
    return;
  }
  if (strcmp(options.mode, "slow") == 0) {
    c->lost_sequence = true;
    return;
  }
  size_t at = 0;
  while (at < length && c->message_at + at < options.bytes && expected[c->message_at + at] == bytes[at]) at++;
  fail("Cannot accept message %llu of connection %u: byte %zu of %zu is wrong",
       (unsigned long long)c->received, c->index, c->message_at + at, options.bytes);
}

static void end_of_message(connection *c) {
  if (is_topics) {
    topics_end(c);
    c->in_message = false;
    c->message_at = 0;
    return;
  }
  if (c->compressed) inflate_compare(c, NULL, 0, true);
  if (c->message_at != options.bytes && !c->lost_sequence) {
    fail("Cannot accept message %llu of connection %u: %zu bytes, expected %zu",
         (unsigned long long)c->received, c->index, c->message_at, options.bytes);
  }
  c->in_message = false;
  c->message_at = 0;
  total_received++;
  on_message(c, c->received);
  c->received++;
}

static void end_of_control(connection *c) {
  uint8_t opcode = c->frame_first & 15;
  if (opcode == 9) frames_control(c, 10, c->control, c->control_have);
  if (opcode == 8) {
    c->close_received = true;
    if (c->state == STATE_OPEN) frames_control(c, 8, c->control, c->control_have < 2 ? 0 : 2);
    if (c->state != STATE_DEAD) c->state = STATE_CLOSING;
  }
}

static void end_of_frame(connection *c) {
  c->in_payload = false;
  c->head_have = 0;
  if (c->frame_first & 8) end_of_control(c);
  else if (c->frame_first & 0x80) end_of_message(c);
}

/* Checks the first two bytes of a frame, and says how long its header is. */
static size_t header_length(connection *c) {
  uint8_t first = c->head[0], opcode = first & 15, length = c->head[1] & 127;
  bool control = opcode & 8, begins = opcode == 1 || opcode == 2;
  if (c->head[1] & 0x80) fail("Cannot accept a masked frame");
  if (first & 0x30 || (first & 0x40 && (options.deflate == DEFLATE_OFF || !begins))) fail("Cannot accept RSV bits");
  if (control && (length > 125 || !(first & 0x80) || opcode > 10)) fail("Cannot accept control frame 0x%02x", first);
  if (!control && opcode > 2) fail("Cannot accept opcode %u", opcode);
  if (!control && begins == c->in_message) fail("Cannot accept frame 0x%02x: fragments are out of order", first);
  if (begins && opcode != (options.binary ? 2 : 1)) fail("Cannot accept a message of the other kind");
  return length < 126 ? 2 : length == 126 ? 4 : 10;
}

static void begin_frame(connection *c, size_t header) {
  c->frame_first = c->head[0];
  c->frame_left = c->head[1] & 127;
  if (header > 2) {
    c->frame_left = 0;
    for (size_t i = 2; i < header; i++) c->frame_left = c->frame_left << 8 | c->head[i];
    if (c->frame_left < (header == 4 ? 126 : 65536)) fail("Cannot accept a length that is not in its shortest form");
  }
  c->in_payload = true;
  if (c->frame_first & 8) {
    c->control_have = 0;
    return;
  }
  if (c->frame_first & 15) c->compressed = c->frame_first & 0x40;
  c->in_message = true;
}

void frames_receive(connection *c, const uint8_t *bytes, size_t length) {
  const uint8_t *end = bytes + length;
  while (bytes < end || (c->in_payload && c->frame_left == 0)) {
    if (c->state == STATE_DEAD) return;
    if (!c->in_payload) {
      c->head[c->head_have++] = *bytes++;
      if (c->head_have < 2) continue;
      size_t header = header_length(c);
      if (c->head_have == header) begin_frame(c, header);
    } else {
      size_t take = (size_t)(end - bytes) < c->frame_left ? (size_t)(end - bytes) : c->frame_left;
      if (c->frame_first & 8) {
        memcpy(c->control + c->control_have, bytes, take);
        c->control_have += (uint8_t)take;
      } else if (take > 0) {
        data_bytes(c, bytes, take);
      }
      bytes += take;
      c->frame_left -= take;
      if (c->frame_left == 0) end_of_frame(c);
    }
  }
}
