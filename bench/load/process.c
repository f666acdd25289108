/*
 * A process seen from outside: its CPU time and its memory, as the operating system counts them.
 */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* User and system time of all threads, those that ended included, in nanoseconds. */
uint64_t process_cpu_ns(pid_t pid) {
  clockid_t clock;
  struct timespec spent;
  if (pid == 0) return 0;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &spent) != 0) {
    fail("Cannot read the CPU time of process %d: it is gone", (int)pid);
  }
  return (uint64_t)spent.tv_sec * SECOND + (uint64_t)spent.tv_nsec;
}

uint64_t own_cpu_ns(void) {
  struct timespec spent;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return (uint64_t)spent.tv_sec * SECOND + (uint64_t)spent.tv_nsec;
}

/* A field of /proc/<pid>/status that is given in kB ("VmRSS", "VmHWM"), in bytes; 0 if unknown. */
uint64_t process_memory(pid_t pid, const char *field) {
  char path[64], line[256];
  uint64_t kib = 0;
  if (pid == 0) return 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  while (fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, field, strlen(field)) == 0 && line[strlen(field)] == ':') {
      kib = strtoull(line + strlen(field) + 1, NULL, 10);
    }
  }
  fclose(file);
  return kib * 1024;
}
