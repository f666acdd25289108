/*
 * The measured window: what was counted, what the server's CPU spent and how long messages took
 * between its begin and its end, printed as one line of JSON.
 */
#include "load.h"

#include <stdio.h>

static struct {
  uint64_t time, cpu, own_cpu, messages, resumed;
} begun, ended;
static bool measuring;
static uint64_t memory, memory_peak;
static histogram latency;

void window_begin(void) {
  begun.messages = total_received;
  begun.resumed = resumed_count();
  begun.cpu = process_cpu_ns(options.pid);
  begun.own_cpu = own_cpu_ns();
  begun.time = now_ns();
  measuring = true;
}

void window_end(void) {
  ended.time = now_ns();
  ended.messages = total_received;
  ended.resumed = resumed_count();
  ended.cpu = process_cpu_ns(options.pid);
  ended.own_cpu = own_cpu_ns();
  memory = process_memory(options.pid, "VmRSS");
  memory_peak = process_memory(options.pid, "VmHWM");
  measuring = false;
}

bool window_open(void) { return measuring; }

void record_latency(uint64_t ns) { histogram_add(&latency, ns); }

void result_begin(void) {
  double seconds = (double)(ended.time - begun.time) / (double)SECOND;
  uint64_t messages = ended.messages - begun.messages;
  printf("{\"mode\":\"%s\",\"connections\":%u,\"inFlight\":%u,\"bytes\":%zu,\"errors\":0", options.mode,
         options.connections, options.in_flight, options.bytes);
  printf(",\"seconds\":%.6f,\"messages\":%llu,\"messagesPerSecond\":%.1f", seconds, (unsigned long long)messages,
         seconds > 0 ? (double)messages / seconds : 0);
  if (options.pid != 0) {
    printf(",\"serverCpuNs\":%llu,\"cpuNsPerMessage\":%.1f,\"serverCpuShare\":%.3f",
           (unsigned long long)(ended.cpu - begun.cpu),
           messages > 0 ? (double)(ended.cpu - begun.cpu) / (double)messages : 0,
           (double)(ended.cpu - begun.cpu) / (double)(ended.time - begun.time));
    printf(",\"rssBytes\":%llu,\"peakRssBytes\":%llu", (unsigned long long)memory, (unsigned long long)memory_peak);
  }
  printf(",\"loadCpuShare\":%.3f", (double)(ended.own_cpu - begun.own_cpu) / (double)(ended.time - begun.time));
  if (options.resume) printf(",\"resumed\":%llu", (unsigned long long)(ended.resumed - begun.resumed));
  if (*agreed_extension != 0) printf(",\"extension\":\"%s\"", agreed_extension);
  if (latency.count > 0) histogram_print("latencyNs", &latency);
}

void result_end(void) {
  printf("}\n");
  fflush(stdout);
}
