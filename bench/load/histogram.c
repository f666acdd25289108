/*
 * A histogram of times in nanoseconds, log-linear: 64 buckets for each power of two, so that a
 * reading is at most 1.6 % above the truth, from 1 ns to 18 minutes.
 */
#include "load.h"

#include <stdio.h>

static unsigned bucket_of(uint64_t ns) {
  if (ns < 64) return (unsigned)ns;
  unsigned power = 63 - (unsigned)__builtin_clzll(ns); /* ≥ 6 */
  unsigned shift = power - 6;
  unsigned bucket = (shift + 1) * 64 + (unsigned)((ns >> shift) - 64);
  return bucket < 64 * 40 ? bucket : 64 * 40 - 1;
}

/* The upper end of a bucket. */
static uint64_t value_of(unsigned bucket) {
  if (bucket < 64) return bucket;
  unsigned shift = bucket / 64 - 1;
  return ((uint64_t)(bucket % 64 + 64 + 1) << shift) - 1;
}

void histogram_add(histogram *h, uint64_t ns) {
  h->counts[bucket_of(ns)]++;
  h->count++;
  h->sum += ns;
  if (ns > h->max) h->max = ns;
}

uint64_t histogram_at(const histogram *h, double share) {
  if (h->count == 0) return 0;
  uint64_t rank = (uint64_t)((double)h->count * share), seen = 0;
  if (rank >= h->count) rank = h->count - 1;
  for (unsigned bucket = 0; bucket < 64 * 40; bucket++) {
    seen += h->counts[bucket];
    if (seen > rank) return value_of(bucket) < h->max ? value_of(bucket) : h->max;
  }
  return h->max;
}

void histogram_print(const char *name, const histogram *h) {
  printf(",\"%s\":{\"count\":%llu,\"mean\":%llu,\"p50\":%llu,\"p90\":%llu,\"p99\":%llu,\"p999\":%llu,\"max\":%llu}",
         name, (unsigned long long)h->count, (unsigned long long)(h->count ? h->sum / h->count : 0),
         (unsigned long long)histogram_at(h, 0.5), (unsigned long long)histogram_at(h, 0.9),
         (unsigned long long)histogram_at(h, 0.99), (unsigned long long)histogram_at(h, 0.999),
         (unsigned long long)h->max);
}
