/*
 * Idle connections, told what to do on standard input: "open <total>" opens more until there are so
 * many, "close" closes all and ends. Each answer is one line of JSON. Pings are answered meanwhile.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile bool told_to_end;

void idle_interrupt(int signal) {
  (void)signal;
  told_to_end = true;
}

static void obey(const char *line) {
  if (strncmp(line, "open ", 5) == 0) {
    uint32_t total = (uint32_t)strtoul(line + 5, NULL, 10);
    if (total > options.connections) fail("Cannot open %u connections: the limit is %u", total, options.connections);
    if (total > open_count) open_range(open_count, total);
    printf("{\"event\":\"open\",\"open\":%u}\n", open_count);
    fflush(stdout);
  } else if (strncmp(line, "close", 5) == 0) {
    told_to_end = true;
  }
}

void mode_idle(void) {
  char line[64];
  watch_stdin();
  while (!told_to_end) {
    if (!loop_step(200 * MILLISECOND)) continue;
    ssize_t got = read(0, line, sizeof line - 1);
    if (got <= 0) break;
    line[got] = 0;
    for (char *at = strtok(line, "\n"); at != NULL; at = strtok(NULL, "\n")) obey(at);
  }
  uint32_t opened = open_count, clean = close_all();
  printf("{\"mode\":\"idle\",\"errors\":0,\"opened\":%u,\"cleanCloses\":%u}\n", opened, clean);
}
