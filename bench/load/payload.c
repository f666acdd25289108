/*
 * What the messages say: a different window into a pool of random text for each message, so that a
 * reply that belongs to another message, or to another connection, is seen. With compression the
 * messages are JSON, a loop of 64; the first of a loop refers to nothing before it, so that frames
 * compressed once are valid on every connection and in every round (RFC 7692 §7.2).
 */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_SIZE (64 * 1024)
#define LOOP 64
#define DEFLATE_BUFFER (64 * 1024)

static uint8_t *pool;
static uint8_t *json[LOOP];

static uint64_t mix(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ x >> 27) * 0x94d049bb133111ebull;
  return x ^ x >> 31;
}

/* Four bytes of text that stand alone: ASCII, or characters of two, three and four bytes. */
static void put_group(uint8_t *to, uint64_t draw) {
  static const char *const groups[] = {"é-x", "aßb", "€x", "日.", "😀", "🚀"};
  if (options.mixed_text && draw % 3 == 0) {
    memcpy(to, groups[draw / 3 % 6], 4);
    return;
  }
  for (int i = 0; i < 4; i++) to[i] = options.binary ? (uint8_t)(draw >> 8 * i) : (uint8_t)(32 + (draw >> 8 * i) % 95);
}

static void make_json(void) {
  static const char *const words[] = {"the", "boat", "waits", "at", "gate", "until", "water", "rises", "slowly",
                                      "and", "then", "moves", "on", "to", "next", "lock", "towards", "harbour"};
  for (int k = 0; k < LOOP; k++) {
    json[k] = malloc(options.bytes + 64);
    int have = snprintf((char *)json[k], options.bytes + 64,
                        "{\"id\":%d,\"room\":\"lobby-%llu\",\"user\":\"u%llu\",\"at\":17%011llu,\"text\":\"", 1000 + k,
                        (unsigned long long)mix((uint64_t)k) % 9, (unsigned long long)mix((uint64_t)k + 99) % 100000,
                        (unsigned long long)mix((uint64_t)k + 7) % 100000000000ull);
    size_t at = (size_t)have;
    for (uint64_t n = 0; at + 2 < options.bytes; n++) {
      const char *word = words[mix((uint64_t)k * 1000 + n) % 18];
      for (; *word != 0 && at + 2 < options.bytes; word++) json[k][at++] = (uint8_t)*word;
      if (at + 2 < options.bytes) json[k][at++] = ' ';
    }
    memcpy(json[k] + at, "\"}", 2);
  }
}

void payload_start(void) {
  if (options.deflate != DEFLATE_OFF) {
    if (options.bytes < 100) fail("Cannot make JSON of %zu bytes, expected 100 or more", options.bytes);
    make_json();
    return;
  }
  size_t size = POOL_SIZE + options.bytes + 4;
  pool = malloc(size + 4);
  for (size_t at = 0; at < size; at += 4) put_group(pool + at, mix(at + 1));
}

const uint8_t *payload_of(const connection *c, uint64_t sequence) {
  if (options.deflate != DEFLATE_OFF) return json[sequence % LOOP];
  /* All receivers of a fan-out hear what connection 0 said. */
  uint64_t speaker = strcmp(options.mode, "fan") == 0 ? 0 : c->index;
  return pool + (mix(speaker << 40 ^ sequence) % POOL_SIZE & ~3ull);
}

#ifdef HAVE_ZLIB

typedef struct {
  uint8_t *bytes[LOOP];
  size_t length[LOOP];
} wire_loop;

/* The loop compressed with a window, made when first needed. */
static const wire_loop *compressed_loop(int bits, bool fresh) {
  static wire_loop *loops[16][2];
  wire_loop **slot = &loops[bits][fresh];
  if (*slot != NULL) return *slot;
  wire_loop *loop = *slot = calloc(1, sizeof *loop);
  z_stream stream = {0};
  /* zlib cannot make raw deflate of 8 bits; 9 would be outside of what was agreed. */
  if (bits < 9 || deflateInit2(&stream, 6, Z_DEFLATED, -bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    fail("Cannot compress with a window of %d bits", bits);
  }
  for (int k = 0; k < LOOP; k++) {
    size_t size = options.bytes + 128;
    loop->bytes[k] = malloc(size);
    if (fresh) deflateReset(&stream);
    stream.next_in = json[k];
    stream.avail_in = (uInt)options.bytes;
    stream.next_out = loop->bytes[k];
    stream.avail_out = (uInt)size;
    deflate(&stream, Z_SYNC_FLUSH);
    loop->length[k] = size - stream.avail_out - 4; /* without 00 00 ff ff (§7.2.1) */
  }
  deflateEnd(&stream);
  return loop;
}

void inflate_begin(connection *c) {
  c->inflater = calloc(1, sizeof *c->inflater);
  if (inflateInit2(c->inflater, -c->inflate_bits) != Z_OK) fail("Cannot inflate with %d bits", c->inflate_bits);
}

void inflate_compare(connection *c, const uint8_t *bytes, size_t length, bool end) {
  static uint8_t out[DEFLATE_BUFFER];
  static const uint8_t tail[4] = {0, 0, 0xff, 0xff};
  z_stream *stream = c->inflater;
  stream->next_in = (Bytef *)(end ? tail : bytes);
  stream->avail_in = (uInt)(end ? 4 : length);
  do {
    stream->next_out = out;
    stream->avail_out = sizeof out;
    int result = inflate(stream, Z_SYNC_FLUSH);
    size_t have = sizeof out - stream->avail_out;
    if (result != Z_OK && result != Z_BUF_ERROR) {
      fail("Cannot inflate message %llu of connection %u: %s", (unsigned long long)c->received, c->index,
           stream->msg == NULL ? "stream ended" : stream->msg);
    }
    if (c->message_at + have > options.bytes ||
        memcmp(payload_of(c, c->received) + c->message_at, out, have) != 0) {
      fail("Cannot accept message %llu of connection %u: inflated to something else",
           (unsigned long long)c->received, c->index);
    }
    c->message_at += have;
  } while (stream->avail_out == 0);
  if (end && c->inflate_fresh) inflateReset(stream);
}

const uint8_t *payload_wire(const connection *c, uint64_t sequence, size_t *length, bool *compressed) {
  *compressed = options.deflate != DEFLATE_OFF;
  if (!*compressed) {
    *length = options.bytes;
    return payload_of(c, sequence);
  }
  const wire_loop *loop = compressed_loop(c->deflate_bits, c->deflate_fresh);
  *length = loop->length[sequence % LOOP];
  return loop->bytes[sequence % LOOP];
}

#else

void inflate_begin(connection *c) {
  (void)c;
  fail("Cannot compress: compiled without zlib");
}

void inflate_compare(connection *c, const uint8_t *bytes, size_t length, bool end) {
  (void)c, (void)bytes, (void)length, (void)end;
}

const uint8_t *payload_wire(const connection *c, uint64_t sequence, size_t *length, bool *compressed) {
  *compressed = false;
  *length = options.bytes;
  return payload_of(c, sequence);
}

#endif
