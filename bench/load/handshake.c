/*
 * The opening handshake, client side (RFC 6455 §4.1): a fresh key each time, and an answer that is
 * checked: 101, Sec-WebSocket-Accept, and the extension that was asked for (RFC 7692 §7.1).
 */
#define _GNU_SOURCE
#include "load.h"

#include "accept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define RESPONSE_LIMIT 4096

static const char *offer(void) {
  if (options.deflate == DEFLATE_KEPT) {
    return "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
  }
  if (options.deflate == DEFLATE_FRESH) {
    return "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
           "client_no_context_takeover; client_max_window_bits\r\n";
  }
  return "";
}

void handshake_send(connection *c) {
  char request[1024], key[25];
  uint8_t nonce[16];
  if (getrandom(nonce, sizeof nonce, 0) != sizeof nonce) fail("Cannot draw a key");
  base64_encode(nonce, sizeof nonce, key);
  accept_for_key(key, c->accept);
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                        "Sec-WebSocket-Version: 13\r\n%s%s%s%s\r\n",
                        options.path, port_of(c->index), key, *options.protocol ? "Sec-WebSocket-Protocol: " : "",
                        options.protocol, *options.protocol ? "\r\n" : "", offer());
  connection_write(c, (uint8_t *)request, (size_t)length);
}

/* The value of a header in a response that ends in NUL, trimmed, or NULL. */
static char *header_value(const char *response, const char *name, char *out, size_t size) {
  size_t name_length = strlen(name);
  for (const char *line = strstr(response, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
    line += 2;
    if (strncasecmp(line, name, name_length) != 0 || line[name_length] != ':') continue;
    const char *from = line + name_length + 1, *to = strstr(from, "\r\n");
    while (*from == ' ') from++;
    if (to == NULL || (size_t)(to - from) >= size) return NULL;
    memcpy(out, from, (size_t)(to - from));
    out[to - from] = 0;
    return out;
  }
  return NULL;
}

static int window_bits(const char *extension, const char *parameter) {
  const char *at = strstr(extension, parameter);
  if (at == NULL) return 15;
  at += strlen(parameter);
  while (*at == ' ' || *at == '=' || *at == '"') at++;
  int bits = atoi(at);
  return bits >= 8 && bits <= 15 ? bits : 15;
}

static void read_extension(connection *c, const char *response) {
  char value[256];
  bool given = header_value(response, "Sec-WebSocket-Extensions", value, sizeof value) != NULL;
  if (given != (options.deflate != DEFLATE_OFF)) {
    fail(given ? "Cannot accept an extension that was not offered" : "Cannot compress: the server did not agree");
  }
  if (!given) return;
  if (strncmp(value, "permessage-deflate", 18) != 0) fail("Cannot accept extension %s", value);
  if (*agreed_extension == 0) agreed_extension = strdup(value);
  c->inflate_fresh = strstr(value, "server_no_context_takeover") != NULL;
  c->deflate_fresh = options.deflate == DEFLATE_FRESH || strstr(value, "client_no_context_takeover") != NULL;
  c->inflate_bits = window_bits(value, "server_max_window_bits");
  c->deflate_bits = window_bits(value, "client_max_window_bits");
  if (options.deflate == DEFLATE_FRESH && !c->inflate_fresh) fail("Cannot go on: the server keeps its context");
  inflate_begin(c);
}

void handshake_receive(connection *c, const uint8_t *bytes, size_t length) {
  char value[64];
  if (c->response == NULL) c->response = calloc(1, RESPONSE_LIMIT + 1);
  size_t room = RESPONSE_LIMIT - c->response_have, take = length < room ? length : room;
  memcpy(c->response + c->response_have, bytes, take);
  size_t before = c->response_have;
  c->response_have += take;
  c->response[c->response_have] = 0;
  char *response = (char *)c->response, *end = strstr(response, "\r\n\r\n");
  if (end == NULL) {
    if (take < length) fail("Cannot read the handshake: more than %d bytes", RESPONSE_LIMIT);
    return;
  }
  size_t head = (size_t)(end - response) + 4, used = head - before;
  end[2] = 0;
  if (strncmp(response, "HTTP/1.1 101", 12) != 0) fail("Cannot upgrade: %.40s", response);
  if (header_value(response, "Sec-WebSocket-Accept", value, sizeof value) == NULL || strcmp(value, c->accept) != 0) {
    fail("Cannot accept the handshake: wrong Sec-WebSocket-Accept");
  }
  read_extension(c, response);
  free(c->response);
  c->response = NULL;
  c->state = STATE_OPEN;
  open_count++;
  on_open(c);
  if (used < length) frames_receive(c, bytes + used, length - used);
}
