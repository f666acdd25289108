/*
 * What the parts of the load generator share: the options, one connection, and who calls whom.
 *
 * One thread, one epoll. A mode (echo.c, fan.c …) gives credits to connections; a connection with
 * credits sends messages; every byte that comes back is compared with the byte that must come.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_OPENSSL
#include <openssl/ssl.h>
#endif

#define SECOND 1000000000ull
#define MILLISECOND 1000000ull
#define UNLIMITED UINT64_MAX
#define WARMUP_LIMIT_NS (3 * SECOND) /* the longest wait for `warmup_messages` */

typedef enum { DEFLATE_OFF, DEFLATE_KEPT, DEFLATE_FRESH } deflate_kind;

typedef struct {
  const char *mode;
  int port;
  const char *path;
  uint32_t connections;
  uint32_t in_flight;
  size_t bytes;
  double seconds, warmup;
  uint64_t messages;        /* 0 = by time */
  uint64_t warmup_messages; /* the least before the measured window, as long as it takes up to 3 s */
  double rate;       /* messages a second over all connections; 0 = as fast as replies come */
  bool binary, mixed_text, tls;
  bool resume;        /* TLS: each connection takes the session of the one before it */
  deflate_kind deflate;
  pid_t pid;          /* the server, for its CPU time and memory; 0 = not measured */
  uint32_t sources;   /* loopback source addresses in turn; 0 = as many as ports require */
  size_t limit_bytes; /* slow mode: how much each connection offers */
  /* topics mode: all are texts, "" where there is none. */
  const char *ports;           /* of the nodes, with commas: connections take them in turn */
  const char *pids;            /* whose CPU time is told, with commas */
  const char *protocol;        /* the subprotocol that is asked for */
  const char *greeting;        /* what subscribes, with tabs between messages */
  const char *speaker;         /* the same for the publisher */
  const char *event;           /* what publishes */
  const char *ready;           /* what the answer to the greeting contains */
  bool stamped;                /* the kernel says when bytes arrived: the time until we read them does not count */
  uint32_t narrow;             /* connections from this index on have a small receive buffer; 0 = none */
  const char *acknowledgement; /* what the answer to a publish contains */
  uint32_t pending_handshakes;
} options_type;

extern options_type options;
extern bool is_topics; /* the mode: frames are handed to topics.c */

typedef enum { STATE_CONNECTING, STATE_TLS, STATE_HANDSHAKE, STATE_OPEN, STATE_CLOSING, STATE_DEAD } state_type;

typedef struct {
  int fd;
  state_type state;
  uint32_t index;
  bool deaf;          /* slow mode: nothing is read */
  bool lost_sequence; /* slow mode: the server dropped something, contents are no longer known */
  bool close_received;
  uint64_t opened_at;
  uint32_t armed; /* the events that epoll watches for */

  /* Sending. */
  uint64_t credits, sent;
  uint8_t *pending;
  size_t pending_at, pending_length;

  /* Receiving: one frame header, then its payload, compared while it arrives. */
  uint8_t head[10];
  uint8_t head_have;
  bool in_payload, in_message, compressed;
  uint8_t frame_first; /* FIN, RSV and opcode of the current frame */
  uint64_t frame_left;
  size_t message_at;
  uint64_t received;
  uint8_t control[125];
  uint8_t control_have;

  /* When the messages in flight were sent, or should have been. */
  uint64_t *times;
  uint64_t times_size;

  char accept[29];
  uint8_t *response;
  size_t response_have;
#ifdef HAVE_ZLIB
  z_stream *inflater;
#endif
  bool inflate_fresh;         /* the server agreed not to keep its context */
  int deflate_bits, inflate_bits;
  bool deflate_fresh;
#ifdef HAVE_OPENSSL
  SSL *tls;
#endif
} connection;

extern connection *connections;

/* load.c */
uint64_t now_ns(void);
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void progress(void);

/* network.c: sockets, TLS, the loop. */
extern uint64_t read_count; /* reads that brought something */
void network_start(void);
int port_of(uint32_t index); /* of the node that connection `index` belongs to */
void connection_open(connection *c, uint32_t index);
void connection_drop(connection *c);
ssize_t connection_receive(connection *c, uint8_t *into, size_t size); /* 0 = nothing now, -1 = ended */
void connection_write(connection *c, const uint8_t *bytes, size_t length);
void connection_arm(connection *c);
void watch_stdin(void);
uint64_t event_time(void); /* when the bytes that are being handled were read; with --stamped, when they arrived */
uint64_t read_time(void); /* when the bytes that are being handled were read */
uint64_t resumed_count(void); /* TLS handshakes that took up an earlier session */
void check_stall(void); /* while something must come: fails the run after 10 s of silence */
bool loop_step(uint64_t timeout_ns); /* true if stdin has something */

/* handshake.c */
void handshake_send(connection *c);
void handshake_receive(connection *c, const uint8_t *bytes, size_t length);

/* frames.c */
extern uint64_t total_sent, total_received; /* messages, all connections */
void frames_start(void);
void frames_schedule(connection *c, uint64_t due); /* one more credit, for a message due then */
uint64_t frames_time(const connection *c, uint64_t sequence);
void frames_pump(connection *c); /* sends as long as there are credits and the socket takes it */
void frames_receive(connection *c, const uint8_t *bytes, size_t length);
void frames_message(connection *c, const uint8_t *payload, size_t length); /* any text */
void frames_control(connection *c, uint8_t opcode, const uint8_t *payload, size_t length);

/* payload.c: message number `sequence` of a stream, and what it looks like on the wire. */
void payload_start(void);
const uint8_t *payload_of(const connection *c, uint64_t sequence);
const uint8_t *payload_wire(const connection *c, uint64_t sequence, size_t *length, bool *compressed);
void inflate_begin(connection *c);
/* Inflates what arrived of a message and compares; `end` = that was all of it. */
void inflate_compare(connection *c, const uint8_t *bytes, size_t length, bool end);

/* histogram.c: log-linear, 1.6 % wide buckets. */
typedef struct {
  uint64_t counts[64 * 40];
  uint64_t count, sum, max;
} histogram;
void histogram_add(histogram *h, uint64_t ns);
uint64_t histogram_at(const histogram *h, double share);
void histogram_print(const char *name, const histogram *h);

/* process.c: the server seen from outside. */
uint64_t process_cpu_ns(pid_t pid);
uint64_t own_cpu_ns(void);
uint64_t process_memory(pid_t pid, const char *field);

/* session.c: opening and closing many, and what is called when something happens to one. */
extern void (*on_open)(connection *c);
extern void (*on_message)(connection *c, uint64_t sequence);
extern void (*on_dead)(connection *c);
extern uint32_t open_count, dead_count;
extern const char *agreed_extension;
void open_range(uint32_t from, uint32_t to);
uint32_t close_all(void); /* how many ended with a Close frame each way */

/* measure.c: the measured window, and the result. */
void window_begin(void);
void window_end(void);
bool window_open(void);
void record_latency(uint64_t ns);
void result_begin(void);
void result_end(void);

/* topics.c: pieces of messages, which it compares itself. `is_whole` = a whole message in one piece. */
void topics_piece(connection *c, const uint8_t *bytes, size_t length, bool is_whole);
void topics_end(connection *c);

/* echo.c, fan.c, connect.c, idle.c, slow.c, storm.c, topics.c */
extern bool draining; /* no more messages: only what is in flight is awaited */
void run_closed_loop(connection *speakers, uint32_t count);
void run_at_rate(connection *speakers, uint32_t count);
void mode_echo(void);
void mode_fan(void);
void mode_connect(void);
void mode_idle(void);
void mode_slow(void);
void mode_storm(void);
void mode_topics(void);

#endif
