/*
 * Sockets, TLS and the epoll loop. Reading is one large recv per event (level-triggered); what a
 * socket does not take at once is copied and sent when it drains.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif
#define READ_SIZE (512 * 1024)
#define PORTS_PER_SOURCE 20000
#define STDIN_MARK UINT32_MAX
#define STALL_NS (10 * SECOND)

static int epoll_fd;
static uint8_t *read_buffer;
static uint64_t last_progress;
/* How long the bytes that are being handled waited to be read. */
static uint64_t waited;
#ifdef HAVE_OPENSSL
static SSL_CTX *tls_context;
static SSL_SESSION **tls_sessions; /* by connection: the latest ticket of the server */
#endif

static uint64_t resumed;
uint64_t read_count;

uint64_t resumed_count(void) { return resumed; }

void progress(void) { last_progress = now_ns(); }

#ifdef HAVE_OPENSSL
/* Tickets arrive behind the handshake, before the 101. Returns 1: the session is ours from now on. */
static int keep_session(SSL *tls, SSL_SESSION *session) {
  SSL_SESSION **kept = SSL_get_app_data(tls);
  SSL_SESSION_free(*kept);
  *kept = session;
  return 1;
}

static SSL *new_tls(const connection *c) {
  SSL *tls = SSL_new(tls_context);
  SSL_set_fd(tls, c->fd);
  if (!options.resume) return tls;
  SSL_SESSION **kept = &tls_sessions[c->index];
  SSL_set_app_data(tls, kept);
  if (*kept == NULL) return tls;
  /* A copy: OpenSSL takes up a session once, and some servers send no new ticket then. */
  SSL_SESSION *copy = SSL_SESSION_dup(*kept);
  SSL_set_session(tls, copy);
  SSL_SESSION_free(copy);
  return tls;
}
#endif

void network_start(void) {
  epoll_fd = epoll_create1(0);
  read_buffer = malloc(READ_SIZE);
  if (options.sources == 0) options.sources = 1 + options.connections / PORTS_PER_SOURCE;
  if (!options.tls) return;
#ifdef HAVE_OPENSSL
  tls_context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(tls_context, SSL_VERIFY_NONE, NULL); /* a self-signed certificate, loopback only */
  SSL_CTX_set_mode(tls_context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (!options.resume) return;
  tls_sessions = calloc(options.connections + 1, sizeof *tls_sessions);
  SSL_CTX_set_session_cache_mode(tls_context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(tls_context, keep_session);
#else
  fail("Cannot use TLS: compiled without OpenSSL");
#endif
}

int port_of(uint32_t index) {
  static int ports[16];
  static uint32_t count;
  if (*options.ports == 0) return options.port;
  if (count == 0) {
    for (const char *at = options.ports; *at != 0 && count < 16;) {
      char *end;
      ports[count++] = (int)strtol(at, &end, 10);
      at = *end == ',' ? end + 1 : end;
    }
  }
  return ports[index % count];
}

void connection_open(connection *c, uint32_t index) {
  struct sockaddr_in source = {.sin_family = AF_INET}, target = {.sin_family = AF_INET};
  int on = 1;
  memset(c, 0, sizeof *c);
  c->index = index;
  c->opened_at = now_ns();
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) fail("Cannot open socket %u: %s", index, strerror(errno));
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (options.narrow > 0 && index >= options.narrow && index < options.connections) {
    /* Segments of the loopback interface are so large that the peer would keep megabytes for us. */
    int small = 4096, segment = 1000;
    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    setsockopt(c->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
  }
  if (options.stamped) setsockopt(c->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  if (options.sources > 1) {
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index % options.sources);
    if (bind(c->fd, (struct sockaddr *)&source, sizeof source) != 0) fail("Cannot bind: %s", strerror(errno));
  }
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  target.sin_port = htons((uint16_t)port_of(index));
  if (connect(c->fd, (struct sockaddr *)&target, sizeof target) != 0 && errno != EINPROGRESS) {
    fail("Cannot connect %u: %s", index, strerror(errno));
  }
  c->state = STATE_CONNECTING;
  c->armed = EPOLLOUT;
  struct epoll_event event = {.events = EPOLLOUT, .data.u32 = index};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

/* Frees all that the connection holds, and tells the mode. */
void connection_drop(connection *c) {
  if (c->state == STATE_DEAD) return;
  c->state = STATE_DEAD;
#ifdef HAVE_OPENSSL
  if (c->tls != NULL) {
    /* Without this OpenSSL takes the end for a truncation, and does not resume the session. */
    SSL_set_shutdown(c->tls, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(c->tls);
  }
  c->tls = NULL;
#endif
#ifdef HAVE_ZLIB
  if (c->inflater != NULL) inflateEnd(c->inflater);
  free(c->inflater);
  c->inflater = NULL;
#endif
  close(c->fd);
  free(c->pending);
  free(c->times);
  free(c->response);
  c->pending = NULL, c->times = NULL, c->response = NULL;
  dead_count++;
  on_dead(c);
}

/* Watches for what the connection can use: input unless deaf, output while something is pending. */
void connection_arm(connection *c) {
  uint32_t wanted = (c->deaf ? 0 : EPOLLIN) | (c->pending != NULL ? EPOLLOUT : 0);
  if (wanted == c->armed || c->state == STATE_DEAD) return;
  struct epoll_event event = {.events = wanted, .data.u32 = c->index};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
  c->armed = wanted;
}

/* The kernel's time is that of the newest bytes that it returns. */
static ssize_t receive_stamped(connection *c, uint8_t *into, size_t size) {
  union {
    struct cmsghdr first;
    uint8_t bytes[CMSG_SPACE(sizeof(struct timespec))];
  } control;
  struct iovec target = {.iov_base = into, .iov_len = size};
  struct msghdr message = {.msg_iov = &target, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t got = recvmsg(c->fd, &message, 0);
  waited = 0;
  if (got <= 0) return got;
  for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at != NULL; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec stamp, now;
    memcpy(&stamp, CMSG_DATA(at), sizeof stamp);
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t ns = (now.tv_sec - stamp.tv_sec) * (int64_t)SECOND + now.tv_nsec - stamp.tv_nsec;
    waited = ns > 0 ? (uint64_t)ns : 0;
  }
  return got;
}

ssize_t connection_receive(connection *c, uint8_t *into, size_t size) {
#ifdef HAVE_OPENSSL
  if (c->tls != NULL) {
    int got = SSL_read(c->tls, into, (int)size);
    if (got > 0) return got;
    int why = SSL_get_error(c->tls, got);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
  }
#endif
  ssize_t got = options.stamped ? receive_stamped(c, into, size) : recv(c->fd, into, size, 0);
  if (got > 0) return got;
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* How many bytes the socket took; -1 = the connection is gone. */
static ssize_t send_some(connection *c, const uint8_t *bytes, size_t length) {
#ifdef HAVE_OPENSSL
  if (c->tls != NULL) {
    size_t done = 0;
    while (done < length) {
      int put = SSL_write(c->tls, bytes + done, (int)(length - done));
      if (put <= 0) {
        int why = SSL_get_error(c->tls, put);
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? (ssize_t)done : -1;
      }
      done += (size_t)put;
    }
    return (ssize_t)done;
  }
#endif
  ssize_t put = send(c->fd, bytes, length, MSG_NOSIGNAL);
  if (put >= 0) return put;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

void connection_write(connection *c, const uint8_t *bytes, size_t length) {
  if (c->state == STATE_DEAD) return;
  size_t done = 0;
  if (c->pending == NULL) {
    ssize_t put = send_some(c, bytes, length);
    if (put < 0) {
      connection_drop(c);
      return;
    }
    done = (size_t)put;
  }
  if (done == length) return;
  size_t kept = c->pending_length - c->pending_at;
  uint8_t *joined = malloc(kept + length - done);
  if (kept > 0) memcpy(joined, c->pending + c->pending_at, kept);
  memcpy(joined + kept, bytes + done, length - done);
  free(c->pending);
  c->pending = joined;
  c->pending_at = 0;
  c->pending_length = kept + length - done;
  connection_arm(c);
}

static void flush_pending(connection *c) {
  ssize_t put = send_some(c, c->pending + c->pending_at, c->pending_length - c->pending_at);
  if (put < 0) {
    connection_drop(c);
    return;
  }
  if (put > 0) progress();
  c->pending_at += (size_t)put;
  if (c->pending_at < c->pending_length) return;
  free(c->pending);
  c->pending = NULL;
  c->pending_at = c->pending_length = 0;
  connection_arm(c);
  if (c->state == STATE_OPEN) frames_pump(c);
}

static void tls_step(connection *c) {
#ifdef HAVE_OPENSSL
  if (c->tls == NULL) c->tls = new_tls(c);
  int result = SSL_connect(c->tls);
  if (result == 1) {
    if (SSL_session_reused(c->tls)) resumed++;
    c->state = STATE_HANDSHAKE;
    connection_arm(c);
    handshake_send(c);
    return;
  }
  int why = SSL_get_error(c->tls, result);
  if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) fail("Cannot shake hands: TLS error %d", why);
  connection_arm(c);
#else
  (void)c;
#endif
}

static void connected(connection *c) {
  int problem = 0;
  socklen_t size = sizeof problem;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &problem, &size);
  if (problem != 0) fail("Cannot connect %u: %s", c->index, strerror(problem));
  c->state = options.tls ? STATE_TLS : STATE_HANDSHAKE;
  if (options.tls) {
    tls_step(c);
    return;
  }
  connection_arm(c);
  handshake_send(c);
}

static void readable(connection *c) {
  for (;;) {
    ssize_t got = connection_receive(c, read_buffer, READ_SIZE);
    if (got == 0) return;
    if (got < 0) {
      connection_drop(c);
      return;
    }
    last_progress = now_ns();
    read_count++;
    if (c->state == STATE_HANDSHAKE) handshake_receive(c, read_buffer, (size_t)got);
    else frames_receive(c, read_buffer, (size_t)got);
    if (c->state == STATE_DEAD) return;
    if (c->state == STATE_OPEN) frames_pump(c);
    /* A TLS library may hold decrypted bytes that epoll does not see. */
    if (!options.tls || c->state == STATE_DEAD) return;
  }
}

void watch_stdin(void) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = STDIN_MARK};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &event);
}

bool loop_step(uint64_t timeout_ns) {
  struct epoll_event events[512];
  struct timespec timeout = {(time_t)(timeout_ns / SECOND), (long)(timeout_ns % SECOND)};
  bool typed = false;
  int count = epoll_pwait2(epoll_fd, events, 512, &timeout, NULL);
  for (int i = 0; i < count; i++) {
    if (events[i].data.u32 == STDIN_MARK) {
      typed = true;
      continue;
    }
    connection *c = &connections[events[i].data.u32];
    if (c->state == STATE_CONNECTING) connected(c);
    else if (c->state == STATE_TLS) tls_step(c);
    else {
      if ((events[i].events & EPOLLOUT) && c->pending != NULL) flush_pending(c);
      if (c->state != STATE_DEAD && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
        if (c->deaf && !(events[i].events & EPOLLIN)) connection_drop(c);
        else readable(c);
      }
    }
  }
  return typed;
}

uint64_t event_time(void) { return last_progress - waited; }

uint64_t read_time(void) { return last_progress; }

void check_stall(void) {
  if (now_ns() - last_progress > STALL_NS) fail("Cannot go on: nothing arrived for 10 s");
}
