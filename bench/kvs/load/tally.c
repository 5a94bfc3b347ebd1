#include "load.h"

#include <stdio.h>

/* As HdrHistogram does it: 64 buckets for each power of two, so that a figure is off by 1.6 % at most. */
enum { steps = 64, step_bits = 6 };

static size_t bucket_of(uint64_t ns) {
  if (ns < steps) return ns;
  const unsigned power = 63u - (unsigned)__builtin_clzll(ns) - step_bits;
  return (power + 1) * steps + (ns >> power) - steps;
}

/* The largest time that falls into it. */
static uint64_t top_of(size_t bucket) {
  if (bucket < steps) return bucket;
  const unsigned power = (unsigned)(bucket / steps) - 1;
  return ((bucket % steps + steps + 1) << power) - 1;
}

void count_latency(struct histogram *histogram, uint64_t ns) {
  histogram->counts[bucket_of(ns)]++;
  histogram->total++;
  if (ns > histogram->max_ns) histogram->max_ns = ns;
}

static double share_us(const struct histogram *histogram, double share) {
  const uint64_t wanted = (uint64_t)((double)histogram->total * share);
  uint64_t passed = 0;
  for (size_t bucket = 0; bucket < histogram_buckets; bucket++) {
    passed += histogram->counts[bucket];
    if (passed <= wanted) continue;
    const uint64_t ns = top_of(bucket) < histogram->max_ns ? top_of(bucket) : histogram->max_ns;
    return (double)ns / 1e3;
  }
  return (double)histogram->max_ns / 1e3;
}

void print_latencies(const struct histogram *histogram) {
  printf("\"latencyUs\":{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}", share_us(histogram, 0.5),
         share_us(histogram, 0.99), share_us(histogram, 0.999), (double)histogram->max_ns / 1e3);
}

void count_status(struct statuses *statuses, int status) {
  int at = 0;
  while (at < statuses->count && statuses->each[at].status != status) at++;
  if (at == statuses_max) fail("More than %d different statuses came.", statuses_max);
  if (at == statuses->count) statuses->each[statuses->count++].status = status;
  statuses->each[at].times++;
}

static void print_name(int status) {
  if (status == status_reset) printf("\"reset\":");
  else if (status == status_empty) printf("\"empty\":");
  else printf("\"%d\":", status);
}

void print_statuses(const struct statuses *statuses) {
  printf("\"errors\":{");
  for (int at = 0; at < statuses->count; at++) {
    if (at > 0) printf(",");
    print_name(statuses->each[at].status);
    printf("%llu", (unsigned long long)statuses->each[at].times);
  }
  printf("}");
}
