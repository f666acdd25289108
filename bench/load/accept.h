/*
 * The answer to a handshake key: base64(SHA-1(key + GUID)), RFC 6455 §4.2.2 item 5.
 * SHA-1 is written from RFC 3174 so that neither program needs a library for it.
 */
#ifndef BENCH_ACCEPT_H
#define BENCH_ACCEPT_H

#include <stdint.h>
#include <string.h>

static inline uint32_t rotate_left(uint32_t value, int bits) {
  return (value << bits) | (value >> (32 - bits));
}

static inline void sha1_block(uint32_t state[5], const uint8_t block[64]) {
  uint32_t w[80];
  for (int i = 0; i < 16; i++) {
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
           (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  }
  for (int i = 16; i < 80; i++) w[i] = rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);

  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int i = 0; i < 80; i++) {
    uint32_t f, k;
    if (i < 20) f = (b & c) | (~b & d), k = 0x5a827999;
    else if (i < 40) f = b ^ c ^ d, k = 0x6ed9eba1;
    else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
    else f = b ^ c ^ d, k = 0xca62c1d6;
    uint32_t next = rotate_left(a, 5) + f + e + k + w[i];
    e = d, d = c, c = rotate_left(b, 30), b = a, a = next;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* `length` is at most 119 bytes: two blocks, which is all that a handshake needs. */
static inline void sha1_short(const uint8_t *bytes, size_t length, uint8_t digest[20]) {
  uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  uint8_t blocks[128] = {0};
  size_t total = length < 56 ? 64 : 128;
  memcpy(blocks, bytes, length);
  blocks[length] = 0x80;
  blocks[total - 2] = (uint8_t)(length * 8 >> 8);
  blocks[total - 1] = (uint8_t)(length * 8);
  for (size_t at = 0; at < total; at += 64) sha1_block(state, blocks + at);
  for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

/* Writes the base64 form of `length` bytes and a final NUL to `out`. */
static inline void base64_encode(const uint8_t *bytes, size_t length, char *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < length; i += 3) {
    size_t have = length - i;
    uint32_t group = (uint32_t)bytes[i] << 16 | (have > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                     (have > 2 ? bytes[i + 2] : 0);
    *out++ = digits[group >> 18];
    *out++ = digits[group >> 12 & 63];
    *out++ = have > 1 ? digits[group >> 6 & 63] : '=';
    *out++ = have > 2 ? digits[group & 63] : '=';
  }
  *out = 0;
}

/* `key` is the 24 characters of Sec-WebSocket-Key; `accept` receives 28 and a NUL. */
static inline void accept_for_key(const char key[24], char accept[29]) {
  uint8_t joined[60], digest[20];
  memcpy(joined, key, 24);
  memcpy(joined + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
  sha1_short(joined, 60, digest);
  base64_encode(digest, 20, accept);
}

#endif
