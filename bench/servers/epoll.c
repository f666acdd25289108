/*
 * The limit: an echo and a fan-out with nothing between the frames and the system calls. One
 * thread, one epoll, all frames of one read answered by one write. It checks lengths and nothing
 * else (no UTF-8, no close codes): what a server that keeps every rule can come near to.
 *
 *   epoll <port>        prints READY <port>; /fan sends a message to all others, any other path echoes
 */
#define _GNU_SOURCE
#include "../load/accept.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE (1024 * 1024)
#define MAX_FRAME (16u << 20)
#define MAX_DESCRIPTORS 65536

typedef struct {
  int fd;
  bool open, fan, ending;
  uint8_t *kept; /* the beginning of a frame, or of the request */
  size_t kept_length, kept_size;
  uint8_t *pending; /* what the socket did not take; nothing is read meanwhile */
  size_t pending_at, pending_length;
} client;

static client *clients[MAX_DESCRIPTORS];
static int highest_fd;
static int epoll_fd;
static uint8_t *out;
static size_t out_length, out_size;
static volatile sig_atomic_t asked_for_memory;

static void ask(int signal) {
  (void)signal;
  asked_for_memory = 1;
}

static void drop(client *c) {
  clients[c->fd] = NULL;
  close(c->fd);
  free(c->kept);
  free(c->pending);
  free(c);
}

static void arm(client *c) {
  struct epoll_event event = {.events = c->pending != NULL ? EPOLLOUT : EPOLLIN, .data.fd = c->fd};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

static void write_out(client *c, const uint8_t *bytes, size_t length) {
  ssize_t put = c->pending == NULL ? send(c->fd, bytes, length, MSG_NOSIGNAL) : 0;
  if (put < 0) put = 0; /* an error comes again as EPOLLHUP */
  if ((size_t)put == length) return;
  size_t before = c->pending_length - c->pending_at, more = length - (size_t)put;
  uint8_t *joined = malloc(before + more);
  if (before > 0) memcpy(joined, c->pending + c->pending_at, before);
  memcpy(joined + before, bytes + put, more);
  free(c->pending);
  c->pending = joined;
  c->pending_at = 0;
  c->pending_length = before + more;
  arm(c);
}

static void flush_pending(client *c) {
  ssize_t put = send(c->fd, c->pending + c->pending_at, c->pending_length - c->pending_at, MSG_NOSIGNAL);
  if (put < 0) return;
  c->pending_at += (size_t)put;
  if (c->pending_at < c->pending_length) return;
  free(c->pending);
  c->pending = NULL;
  c->pending_at = c->pending_length = 0;
  arm(c);
}

static uint8_t *reserve(size_t more) {
  if (out_length + more > out_size) {
    out_size = (out_length + more) * 2;
    out = realloc(out, out_size);
  }
  return out + out_length;
}

static void put_frame(uint8_t first, const uint8_t *masked, size_t length, const uint8_t key[4]) {
  uint8_t *to = reserve(length + 10);
  size_t at = 0;
  to[at++] = first;
  if (length < 126) {
    to[at++] = (uint8_t)length;
  } else if (length < 65536) {
    to[at++] = 126, to[at++] = (uint8_t)(length >> 8), to[at++] = (uint8_t)length;
  } else {
    to[at++] = 127;
    for (int shift = 56; shift >= 0; shift -= 8) to[at++] = (uint8_t)((uint64_t)length >> shift);
  }
  uint64_t wide, piece;
  memcpy(&wide, key, 4);
  memcpy((uint8_t *)&wide + 4, key, 4);
  size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    memcpy(&piece, masked + i, 8);
    piece ^= wide;
    memcpy(to + at + i, &piece, 8);
  }
  for (; i < length; i++) to[at + i] = masked[i] ^ key[i & 3];
  out_length += at + length;
}

static void send_to_others(client *c) {
  for (int fd = 0; fd <= highest_fd; fd++) {
    client *other = clients[fd];
    if (other != NULL && other != c && other->open && other->fan) write_out(other, out, out_length);
  }
  out_length = 0;
}

/* One frame: answers it into `out`. Returns how many bytes it took, 0 = not all there, -1 = wrong. */
static ssize_t take_frame(client *c, const uint8_t *bytes, size_t have) {
  size_t head = 2, length;
  if (have < 2) return 0;
  if (!(bytes[1] & 0x80)) return -1;
  length = bytes[1] & 127;
  if (length >= 126) {
    size_t width = length == 126 ? 2 : 8;
    if (have < 2 + width) return 0;
    length = 0;
    for (size_t i = 0; i < width; i++) length = length << 8 | bytes[2 + i];
    head += width;
  }
  if (length > MAX_FRAME) return -1;
  if (have < head + 4 + length) return 0;
  const uint8_t *key = bytes + head, *masked = key + 4;
  uint8_t opcode = bytes[0] & 15;
  if (opcode == 9) put_frame(0x8a, masked, length, key);
  else if (opcode == 8) put_frame(0x88, masked, length < 2 ? 0 : 2, key), c->ending = true;
  else if (opcode <= 2) {
    put_frame(bytes[0], masked, length, key);
    if (c->fan) send_to_others(c);
  }
  return (ssize_t)(head + 4 + length);
}

/* Answers the request; returns how many bytes it took, as take_frame does. */
static ssize_t take_request(client *c, const uint8_t *bytes, size_t have) {
  const uint8_t *end = memmem(bytes, have, "\r\n\r\n", 4);
  if (end == NULL) return have > 8192 ? -1 : 0;
  char request[8193], accept[29];
  size_t length = (size_t)(end - bytes) + 4;
  if (length > 8192) return -1;
  memcpy(request, bytes, length);
  request[length] = 0;
  char *key = strcasestr(request, "\r\nSec-WebSocket-Key: ");
  if (key == NULL || strlen(key) < 21 + 24) return -1;
  accept_for_key(key + 21, accept);
  c->fan = strncmp(request, "GET /fan ", 9) == 0;
  c->open = true;
  out_length += (size_t)sprintf((char *)reserve(256),
                                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                                accept);
  return (ssize_t)length;
}

static bool take_all(client *c, const uint8_t *bytes, size_t have, size_t *used) {
  *used = 0;
  out_length = 0;
  while (*used < have && !c->ending) {
    ssize_t took = c->open ? take_frame(c, bytes + *used, have - *used) : take_request(c, bytes + *used, have - *used);
    if (took < 0) return false;
    if (took == 0) break;
    *used += (size_t)took;
  }
  if (out_length > 0) write_out(c, out, out_length);
  return true;
}

static void readable(client *c) {
  static uint8_t shared[READ_SIZE];
  size_t used, have;
  bool fine;
  if (c->kept_length == 0) {
    ssize_t got = recv(c->fd, shared, READ_SIZE, 0);
    if (got <= 0) {
      if (got == 0 || errno != EAGAIN) drop(c);
      return;
    }
    have = (size_t)got;
    fine = take_all(c, shared, have, &used);
    if (fine && used < have && !c->ending) {
      c->kept_size = have - used + READ_SIZE / 4;
      c->kept = malloc(c->kept_size);
      c->kept_length = have - used;
      memcpy(c->kept, shared + used, c->kept_length);
    }
  } else {
    if (c->kept_size - c->kept_length < READ_SIZE / 8) c->kept = realloc(c->kept, c->kept_size *= 2);
    ssize_t got = recv(c->fd, c->kept + c->kept_length, c->kept_size - c->kept_length, 0);
    if (got <= 0) {
      if (got == 0 || errno != EAGAIN) drop(c);
      return;
    }
    c->kept_length += (size_t)got;
    fine = take_all(c, c->kept, c->kept_length, &used);
    c->kept_length -= used;
    if (c->kept_length > 0) {
      memmove(c->kept, c->kept + used, c->kept_length);
    } else {
      free(c->kept);
      c->kept = NULL;
      c->kept_size = 0;
    }
  }
  if (!fine || c->ending) drop(c);
}

static void accept_clients(int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    if (fd >= MAX_DESCRIPTORS) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    client *c = clients[fd] = calloc(1, sizeof *c);
    c->fd = fd;
    if (fd > highest_fd) highest_fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
  }
}

static int listen_on(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  socklen_t size = sizeof address;
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1024) != 0) {
    perror("Cannot listen");
    exit(1);
  }
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("READY %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

int main(int argc, char **argv) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGUSR2, ask);
  epoll_fd = epoll_create1(0);
  int listener = listen_on(argc > 1 ? atoi(argv[1]) : 0);
  struct epoll_event first = {.events = EPOLLIN, .data.fd = listener}, events[512];
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &first);
  for (;;) {
    int count = epoll_wait(epoll_fd, events, 512, -1);
    if (asked_for_memory) {
      asked_for_memory = 0;
      malloc_trim(0);
      printf("COLLECTED\n");
      fflush(stdout);
    }
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == listener) {
        accept_clients(listener);
        continue;
      }
      client *c = clients[events[i].data.fd];
      if (c == NULL) continue;
      if (events[i].events & (EPOLLHUP | EPOLLERR)) drop(c);
      else if (c->pending != NULL) flush_pending(c);
      else readable(c);
    }
  }
}
