/*
 * Subscribers of one topic, and one publisher, told what to do on standard input. The generator knows
 * no protocol: the messages that subscribe and publish are options, and an event is found by its mark,
 * "@<sequence>@<time>@" and a filler, wherever it is in a message.
 *
 *   open N        opens connections until there are N
 *   arrive N      opens connections until there are N, each with its greeting, and waits as greet does
 *   greet         sends the greeting to all that have none, and waits until each is ready
 *   greeting TEXT is sent from now on, with tabs between messages
 *   speak         opens the publisher
 *   run N R F     publishes N events, R a second, or with F in flight when R is 0, and waits until
 *                 each subscriber has all
 *   hear N        the same for a generator that does not publish, up to event number N: answers
 *                 "armed", then as run does
 *   stall A B, resume A B    connections A to B - 1 stop reading, and read again
 *   settle MS     waits until nothing has arrived for so long, and tells what stalled ones have seen
 *   close
 *
 * Each answer is one line of JSON. An event that is missing, twice, out of order or damaged fails the
 * run, unless the server has told a gap to a connection that was stalled.
 */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARK_BYTES 33 /* @ 10 digits @ 20 digits @ */
#define OUTSTANDING 65536
#define LINE_BYTES 4096
#define MAX_PIDS 16
/* What a server of topics lets a client have; its own clients wait then. */
#define MAX_UNANSWERED 32

typedef struct {
  uint64_t last;  /* the sequence of its newest event */
  uint64_t seen;
  bool greeted, ready, stalled, was_stalled, told;
  uint64_t gaps, skipped, told_missing, holes;
  uint8_t *partial;
  size_t have, room;
} listener;

static listener *listeners;
static char *filler;
static uint32_t opened_listeners, ready_count, done_count, ended_count;
static uint16_t ended_code;
static uint64_t published, acknowledged, goal, deliveries, finished;
static bool timing;
static uint32_t arrivals[OUTSTANDING];
static histogram latency, until_read;
static char greeting[2 * LINE_BYTES];
static uint64_t cpu_before[MAX_PIDS], own_before, reads_before, begun_at;
static uint32_t pid_count;
static pid_t pids[MAX_PIDS];

static connection *speaker(void) { return &connections[options.connections]; }

/* Writes `text` with $I, the connection's number, replaced. */
static void send_text(connection *c, const char *text, size_t length) {
  char out[LINE_BYTES];
  size_t have = 0;
  for (size_t at = 0; at < length && have < sizeof out - 24; at++) {
    if (text[at] == '$' && at + 1 < length && text[at + 1] == 'I') {
      have += (size_t)snprintf(out + have, 20, "%u", c->index);
      at++;
    } else {
      out[have++] = text[at];
    }
  }
  frames_message(c, (const uint8_t *)out, have);
}

static void greet(connection *c, const char *text) {
  while (*text != 0) {
    size_t length = strcspn(text, "\t");
    send_text(c, text, length);
    text += length + (text[length] == '\t');
  }
}

/* Replaces $S, the sequence, and $D, the data, in the template of a publish. */
static void publish(uint64_t due) {
  static char *out;
  if (out == NULL) out = malloc(options.bytes + LINE_BYTES);
  size_t have = 0;
  published++;
  for (const char *at = options.event; *at != 0; at++) {
    if (*at == '$' && at[1] == 'S') {
      have += (size_t)sprintf(out + have, "%llu", (unsigned long long)published);
      at++;
    } else if (*at == '$' && at[1] == 'D') {
      have += (size_t)sprintf(out + have, "@%010llu@%020llu@", (unsigned long long)published, (unsigned long long)due);
      memcpy(out + have, filler, options.bytes - MARK_BYTES);
      have += options.bytes - MARK_BYTES;
      at++;
    } else {
      out[have++] = *at;
    }
  }
  frames_message(speaker(), (const uint8_t *)out, have);
}

static void event(connection *c, listener *l, uint64_t sequence, uint64_t time) {
  if (sequence <= l->last) {
    fail("Cannot accept event %llu on connection %u: %llu was the newest", (unsigned long long)sequence, c->index,
         (unsigned long long)l->last);
  }
  if (sequence != l->last + 1 && l->seen > 0) {
    if (!l->was_stalled || !l->told) {
      fail("Cannot accept event %llu on connection %u after %llu: a silent hole", (unsigned long long)sequence,
           c->index, (unsigned long long)l->last);
    }
    l->holes += sequence - l->last - 1;
  }
  l->told = false;
  l->last = sequence;
  l->seen++;
  deliveries++;
  if (l->was_stalled) return;
  if (timing) {
    histogram_add(&latency, event_time() > time ? event_time() - time : 0);
    histogram_add(&until_read, read_time() > time ? read_time() - time : 0);
  }
  if (sequence == goal) done_count++;
  if (options.in_flight > 0 && ++arrivals[sequence % OUTSTANDING] >= opened_listeners) {
    arrivals[sequence % OUTSTANDING] = 0;
    finished++;
  }
}

static uint64_t number_after(const char *text, size_t length, const char *name) {
  const char *at = memmem(text, length, name, strlen(name));
  return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 10);
}

/* A message without an event: it may say that the subscription is ready, or that events are missing. */
static void notice(connection *c, listener *l, const char *text, size_t length) {
  if (!l->ready && memmem(text, length, options.ready, strlen(options.ready)) != NULL) {
    l->ready = true;
    ready_count++;
  } else if (memmem(text, length, "\"type\":\"gap\"", 12) != NULL) {
    l->gaps++;
    l->told_missing += number_after(text, length, "\"missed\":");
    l->told = true;
  } else if (memmem(text, length, "\"type\":\"skipped\"", 16) != NULL) {
    l->skipped++;
    l->told_missing += number_after(text, length, "\"count\":");
    l->told = true;
  } else if (memmem(text, length, "\"error\"", 7) != NULL) {
    fail("Cannot go on: connection %u was told %.*s", c->index, (int)(length < 300 ? length : 300), text);
  }
}

static void message(connection *c, const uint8_t *bytes, size_t length) {
  const char *text = (const char *)bytes, *end = text + length;
  if (c == speaker()) {
    const char *mark = options.acknowledgement;
    const char *at = text;
    if (*mark == 0) return;
    /* One message may acknowledge several. */
    while ((at = memmem(at, (size_t)(end - at), mark, strlen(mark))) != NULL) {
      acknowledged++;
      at += strlen(mark);
    }
    if (memmem(text, length, "\"error\"", 7) != NULL) fail("Cannot publish: %.*s", (int)(length < 300 ? length : 300), text);
    return;
  }
  listener *l = &listeners[c->index];
  const char *at = memchr(text, '@', length);
  if (at == NULL || !l->ready || l->was_stalled) notice(c, l, text, length);
  while (at != NULL) {
    if ((size_t)(end - at) < options.bytes || at[11] != '@' || at[32] != '@') fail("Cannot read an event on connection %u", c->index);
    uint64_t sequence = strtoull(at + 1, NULL, 10), time = strtoull(at + 12, NULL, 10);
    at += MARK_BYTES;
    if (memcmp(at, filler, options.bytes - MARK_BYTES) != 0) fail("Cannot accept event %llu on connection %u: damaged", (unsigned long long)sequence, c->index);
    at += options.bytes - MARK_BYTES;
    event(c, l, sequence, time);
    at = memchr(at, '@', (size_t)(end - at));
  }
}

void topics_piece(connection *c, const uint8_t *bytes, size_t length, bool is_whole) {
  if (is_whole) {
    message(c, bytes, length);
    return;
  }
  listener *l = &listeners[c->index];
  if (l->have + length > l->room) {
    l->room = (l->have + length) * 2;
    l->partial = realloc(l->partial, l->room);
  }
  memcpy(l->partial + l->have, bytes, length);
  l->have += length;
}

void topics_end(connection *c) {
  listener *l = &listeners[c->index];
  if (l->have > 0) message(c, l->partial, l->have);
  free(l->partial);
  l->partial = NULL;
  l->have = l->room = 0;
}

static void ended(connection *c) {
  if (c->index < options.connections && listeners[c->index].was_stalled) {
    ended_count++;
    if (c->close_received) ended_code = (uint16_t)(c->control[0] << 8 | c->control[1]);
    return;
  }
  fail("Cannot go on: the server ended connection %u with %u", c->index,
       c->close_received ? c->control[0] << 8 | c->control[1] : 0);
}

static void begin(void) {
  memset(&latency, 0, sizeof latency);
  memset(&until_read, 0, sizeof until_read);
  deliveries = done_count = 0;
  timing = true;
  for (uint32_t i = 0; i < pid_count; i++) cpu_before[i] = process_cpu_ns(pids[i]);
  own_before = own_cpu_ns();
  reads_before = read_count;
  begun_at = now_ns();
  progress();
}

static void answer(const char *what) {
  double seconds = (double)(now_ns() - begun_at) / (double)SECOND;
  timing = false;
  printf("{\"event\":\"%s\",\"errors\":0,\"seconds\":%.6f,\"deliveries\":%llu,\"acknowledged\":%llu", what, seconds,
         (unsigned long long)deliveries, (unsigned long long)acknowledged);
  printf(",\"reads\":%llu", (unsigned long long)(read_count - reads_before));
  printf(",\"loadCpuShare\":%.3f,\"cpuNs\":[", (double)(own_cpu_ns() - own_before) / 1e9 / seconds);
  for (uint32_t i = 0; i < pid_count; i++) {
    printf("%s%llu", i > 0 ? "," : "", (unsigned long long)(process_cpu_ns(pids[i]) - cpu_before[i]));
  }
  printf("]");
  if (latency.count > 0) {
    histogram_print("latencyNs", &latency);
    histogram_print("untilReadNs", &until_read);
  }
  printf("}\n");
  fflush(stdout);
}

static uint32_t steady(void) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < opened_listeners; i++) count += !listeners[i].was_stalled;
  return count;
}

static void run(uint64_t count, double rate, uint32_t in_flight) {
  uint64_t target = published + count, wanted = *options.acknowledgement == 0 ? 0 : acknowledged + count;
  uint32_t listening = steady();
  options.in_flight = rate > 0 ? 0 : in_flight;
  goal = target;
  begin();
  finished = published;
  uint64_t base = published, base_acknowledged = acknowledged;
  uint64_t due = now_ns(), step = rate > 0 ? (uint64_t)((double)SECOND / rate) : 0;
  while (published < target || done_count < listening || acknowledged < wanted) {
    uint64_t now = now_ns();
    while (published < target && (rate > 0 ? due <= now : published - finished < in_flight)) {
      /* The time of an event is when it was due, so that a wait counts as latency. */
      if (wanted > 0 && published - base >= acknowledged - base_acknowledged + MAX_UNANSWERED) break;
      publish(rate > 0 ? due : now);
      due += step;
      if (rate > 0) progress();
    }
    if (opened_listeners == 0) finished = base + acknowledged - base_acknowledged;
    loop_step(rate > 0 && published < target && due > now_ns() ? due - now_ns() : 20 * MILLISECOND);
    if (published == target || due <= now_ns() || rate == 0) check_stall();
  }
  answer("run");
}

static void hear(uint64_t last) {
  goal = last; /* of another generator */
  options.in_flight = 0;
  begin();
  printf("{\"event\":\"armed\",\"errors\":0}\n");
  fflush(stdout);
  while (done_count < opened_listeners) {
    loop_step(20 * MILLISECOND);
    check_stall();
  }
  answer("hear");
}

static void greet_all(void) {
  begin();
  for (uint32_t i = 0; i < opened_listeners; i++) {
    if (listeners[i].greeted) continue;
    listeners[i].greeted = true;
    greet(&connections[i], greeting);
    if (i % 256 == 255) loop_step(0);
  }
  while (ready_count < opened_listeners) {
    loop_step(20 * MILLISECOND);
    check_stall();
  }
  answer("ready");
}

static void greet_at_open(connection *c) {
  listeners[c->index].greeted = true;
  greet(c, greeting);
}

static void arrive(uint32_t count) {
  void (*before)(connection *) = on_open;
  begin();
  on_open = greet_at_open;
  open_range(opened_listeners, count);
  on_open = before;
  opened_listeners = count;
  while (ready_count < opened_listeners) {
    loop_step(20 * MILLISECOND);
    check_stall();
  }
  answer("ready");
}

static void speak(void) {
  connection_open(speaker(), options.connections);
  while (speaker()->state != STATE_OPEN) loop_step(20 * MILLISECOND);
  greet(speaker(), options.speaker);
  /* It subscribes to nothing: its greeting is done when the server has had time for it. */
  for (uint64_t until = now_ns() + 200 * MILLISECOND; now_ns() < until;) loop_step(20 * MILLISECOND);
  printf("{\"event\":\"speak\",\"errors\":0}\n");
  fflush(stdout);
}

static void stall(uint32_t from, uint32_t to, bool is_stalled) {
  for (uint32_t i = from; i < to; i++) {
    connection *c = &connections[i];
    if (is_stalled) listeners[i].was_stalled = true;
    listeners[i].stalled = is_stalled;
    c->deaf = is_stalled;
    connection_arm(c);
  }
  printf("{\"event\":\"stall\",\"errors\":0}\n");
  fflush(stdout);
}

static void settle(uint64_t silence_ns) {
  uint64_t before = deliveries, until = now_ns() + silence_ns;
  while (now_ns() < until) {
    loop_step(20 * MILLISECOND);
    if (deliveries != before) until = now_ns() + silence_ns;
    before = deliveries;
  }
  uint64_t gaps = 0, skipped = 0, told = 0, holes = 0, behind = 0;
  for (uint32_t i = 0; i < opened_listeners; i++) {
    listener *l = &listeners[i];
    if (!l->was_stalled) continue;
    gaps += l->gaps, skipped += l->skipped, told += l->told_missing, holes += l->holes;
    behind += published - l->last;
  }
  printf("{\"event\":\"settle\",\"errors\":0,\"gaps\":%llu,\"skipped\":%llu,\"told\":%llu,\"holes\":%llu,\"behind\":%llu,"
         "\"ended\":%u,\"endedCode\":%u}\n",
         (unsigned long long)gaps, (unsigned long long)skipped, (unsigned long long)told, (unsigned long long)holes,
         (unsigned long long)behind, ended_count, ended_code);
  fflush(stdout);
}

static bool obey(const char *line) {
  unsigned long long a = 0, b = 0;
  double rate = 0;
  if (sscanf(line, "open %llu", &a) == 1) {
    if (a > options.connections) fail("Cannot open %llu connections", a);
    open_range(opened_listeners, (uint32_t)a);
    opened_listeners = (uint32_t)a;
    printf("{\"event\":\"open\",\"errors\":0}\n");
    fflush(stdout);
  } else if (sscanf(line, "arrive %llu", &a) == 1 && a <= options.connections) arrive((uint32_t)a);
  else if (sscanf(line, "run %llu %lf %llu", &a, &rate, &b) == 3) run(a, rate, (uint32_t)b);
  else if (sscanf(line, "hear %llu", &a) == 1) hear(a);
  else if (sscanf(line, "stall %llu %llu", &a, &b) == 2) stall((uint32_t)a, (uint32_t)b, true);
  else if (sscanf(line, "resume %llu %llu", &a, &b) == 2) stall((uint32_t)a, (uint32_t)b, false);
  else if (sscanf(line, "settle %llu", &a) == 1) settle(a * MILLISECOND);
  else if (strncmp(line, "greeting ", 9) == 0) snprintf(greeting, sizeof greeting, "%s", line + 9);
  else if (strcmp(line, "greet") == 0) greet_all();
  else if (strcmp(line, "speak") == 0) speak();
  else if (strcmp(line, "close") == 0) return false;
  else fail("Cannot obey \"%s\"", line);
  return true;
}

static void read_pids(void) {
  for (const char *at = options.pids; *at != 0 && pid_count < MAX_PIDS;) {
    char *end;
    pids[pid_count++] = (pid_t)strtol(at, &end, 10);
    at = *end == ',' ? end + 1 : end;
  }
}

void mode_topics(void) {
  static char input[2 * LINE_BYTES];
  size_t have = 0;
  if (options.bytes < MARK_BYTES) fail("Cannot send events of %zu bytes, expected %d or more", options.bytes, MARK_BYTES);
  listeners = calloc(options.connections + 1, sizeof *listeners);
  filler = malloc(options.bytes);
  for (size_t i = 0; i < options.bytes; i++) filler[i] = (char)('a' + i * 7 % 26);
  snprintf(greeting, sizeof greeting, "%s", options.greeting);
  read_pids();
  on_dead = ended;
  watch_stdin();
  for (;;) {
    if (!loop_step(200 * MILLISECOND)) continue;
    ssize_t got = read(0, input + have, sizeof input - 1 - have);
    if (got <= 0) break;
    have += (size_t)got;
    input[have] = 0;
    for (char *end; (end = strchr(input, '\n')) != NULL;) {
      *end = 0;
      if (!obey(input)) goto over;
      have -= (size_t)(end + 1 - input);
      memmove(input, end + 1, have + 1);
    }
  }
over:
  printf("{\"event\":\"closed\",\"errors\":0}\n");
}
