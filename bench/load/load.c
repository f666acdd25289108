/*
 * The load generator: opens connections to a WebSocket server on the loopback interface, uses them
 * in one of seven ways, checks every byte that comes back, and prints what happened as JSON.
 *
 *   load <mode> --port N [options]      modes: echo, fan, connect, idle, slow, storm, topics
 *
 * A failed check prints {"errors":1,"error":"…"} and ends with status 1.
 */
#define _GNU_SOURCE
#include "load.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS_BESIDE_CONNECTIONS 64
#define GRACE_SECONDS 90

options_type options = {
    .path = "/", .connections = 64, .in_flight = 1, .bytes = 32, .seconds = 1, .warmup = 0.2,
    .limit_bytes = 64 << 20, .pending_handshakes = 128,
    .ports = "", .pids = "", .protocol = "", .greeting = "", .speaker = "", .event = "", .ready = "", .acknowledgement = "",
};
bool is_topics;
connection *connections;
void idle_interrupt(int signal);

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

void fail(const char *format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  for (char *at = message; *at != 0; at++) {
    if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ') *at = '\'';
  }
  printf("{\"mode\":\"%s\",\"errors\":1,\"error\":\"%s\"}\n", options.mode, message);
  fflush(stdout);
  _exit(1);
}

static void out_of_time(int signal) {
  (void)signal;
  static const char text[] = "{\"errors\":1,\"error\":\"Cannot finish: the time is over\"}\n";
  if (write(1, text, sizeof text - 1) < 0) _exit(2);
  _exit(1);
}

static deflate_kind deflate_named(const char *name) {
  if (strcmp(name, "kept") == 0) return DEFLATE_KEPT;
  if (strcmp(name, "fresh") == 0) return DEFLATE_FRESH;
  fail("Cannot read --deflate %s, expected kept or fresh", name);
}

static void read_flag(const char *name, const char *value) {
  if (strcmp(name, "--port") == 0) options.port = atoi(value);
  else if (strcmp(name, "--path") == 0) options.path = value;
  else if (strcmp(name, "--connections") == 0) options.connections = (uint32_t)strtoul(value, NULL, 10);
  else if (strcmp(name, "--in-flight") == 0) options.in_flight = (uint32_t)strtoul(value, NULL, 10);
  else if (strcmp(name, "--bytes") == 0) options.bytes = strtoul(value, NULL, 10);
  else if (strcmp(name, "--seconds") == 0) options.seconds = strtod(value, NULL);
  else if (strcmp(name, "--warmup") == 0) options.warmup = strtod(value, NULL);
  else if (strcmp(name, "--warmup-messages") == 0) options.warmup_messages = strtoull(value, NULL, 10);
  else if (strcmp(name, "--messages") == 0) options.messages = strtoull(value, NULL, 10);
  else if (strcmp(name, "--rate") == 0) options.rate = strtod(value, NULL);
  else if (strcmp(name, "--kind") == 0) {
    options.binary = strcmp(value, "binary") == 0;
    options.mixed_text = strcmp(value, "mixed") == 0;
  } else if (strcmp(name, "--deflate") == 0) options.deflate = deflate_named(value);
  else if (strcmp(name, "--tls") == 0) options.tls = strcmp(value, "yes") == 0;
  else if (strcmp(name, "--resume") == 0) options.resume = strcmp(value, "yes") == 0;
  else if (strcmp(name, "--pid") == 0) options.pid = atoi(value);
  else if (strcmp(name, "--sources") == 0) options.sources = (uint32_t)strtoul(value, NULL, 10);
  else if (strcmp(name, "--limit-bytes") == 0) options.limit_bytes = strtoul(value, NULL, 10);
  else if (strcmp(name, "--ports") == 0) options.ports = value;
  else if (strcmp(name, "--stamped") == 0) options.stamped = strcmp(value, "yes") == 0;
  else if (strcmp(name, "--narrow") == 0) options.narrow = (uint32_t)strtoul(value, NULL, 10);
  else if (strcmp(name, "--pids") == 0) options.pids = value;
  else if (strcmp(name, "--protocol") == 0) options.protocol = value;
  else if (strcmp(name, "--greeting") == 0) options.greeting = value;
  else if (strcmp(name, "--speaker") == 0) options.speaker = value;
  else if (strcmp(name, "--event") == 0) options.event = value;
  else if (strcmp(name, "--ready") == 0) options.ready = value;
  else if (strcmp(name, "--acknowledgement") == 0) options.acknowledgement = value;
  else fail("Cannot read option %s", name);
}

static void read_options(int argc, char **argv) {
  options.mode = argc > 1 ? argv[1] : "none";
  is_topics = strcmp(options.mode, "topics") == 0;
  for (int i = 2; i < argc; i += 2) {
    if (i + 1 == argc) fail("Cannot read option %s: its value is missing", argv[i]);
    read_flag(argv[i], argv[i + 1]);
  }
  if (options.port <= 0 || options.port > 65535) fail("Cannot start: --port is missing");
  if (options.connections < 1 || options.connections > 50000) fail("Cannot open %u connections", options.connections);
  if (options.in_flight < 1 || options.in_flight > 65536) fail("Cannot keep %u in flight", options.in_flight);
  if (options.bytes < 1 || options.bytes > 16 << 20) fail("Cannot send messages of %zu bytes", options.bytes);
  if (options.seconds > 600 || options.warmup > 60) fail("Cannot run so long, expected at most 600 s");
  if (options.mixed_text && options.bytes % 4 != 0) fail("Cannot mix text in %zu bytes, expected a multiple of 4", options.bytes);
}

static void raise_descriptor_limit(void) {
  struct rlimit limit;
  rlim_t wanted = options.connections + 1 + DESCRIPTORS_BESIDE_CONNECTIONS;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  if (limit.rlim_max < wanted) limit.rlim_max = wanted;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("Cannot open so many files, raise ulimit -n");
}

int main(int argc, char **argv) {
  read_options(argc, argv);
  raise_descriptor_limit();
  signal(SIGPIPE, SIG_IGN);
  signal(SIGALRM, out_of_time);
  prctl(PR_SET_TIMERSLACK, 1);
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* never outlives the bench */
  connections = calloc(options.connections + 1, sizeof *connections);
  for (uint32_t i = 0; i <= options.connections; i++) connections[i].state = STATE_DEAD;
  network_start();
  payload_start();
  frames_start();

  if (strcmp(options.mode, "idle") == 0) {
    signal(SIGTERM, idle_interrupt);
    mode_idle();
    return 0;
  }
  if (is_topics) {
    mode_topics();
    return 0;
  }
  alarm((unsigned)(options.seconds + options.warmup) + GRACE_SECONDS);
  if (strcmp(options.mode, "echo") == 0) mode_echo();
  else if (strcmp(options.mode, "fan") == 0) mode_fan();
  else if (strcmp(options.mode, "connect") == 0) mode_connect();
  else if (strcmp(options.mode, "slow") == 0) mode_slow();
  else if (strcmp(options.mode, "storm") == 0) mode_storm();
  else fail("Cannot run mode %s, expected echo, fan, connect, idle, slow, storm or topics", options.mode);
  return 0;
}
