#include "load.h"

#include <stdio.h>

/*
 * fill writes each key once. put and get go on with random keys for a while: first to warm up, then, after a
 * line `measuring` for whoever looks at the servers from outside, what is counted.
 */

static struct histogram latencies;
static struct statuses errors;
static uint64_t operations, from_ns, until_ns, from_cpu_us, spent_cpu_us;
static uint64_t fill_key = 1, filled, sequence, random_state = 88172645463325252u;

static uint64_t random_key(void) {
  /* xorshift64, Marsaglia 2003 */
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state % options.keys + 1;
}

static void next_put(struct lane *lane, uint64_t now) { ask_put(lane, random_key(), sequence++, now); }

static void next_get(struct lane *lane, uint64_t now) { ask_get(lane, random_key(), now); }

static void next_fill(struct lane *lane, uint64_t now) {
  if (fill_key <= options.keys) ask_put(lane, fill_key++, sequence++, now);
}

static void start(uint64_t now, void (*next)(struct lane *, uint64_t)) {
  from_ns = now + options.warmup_ms * ns_per_ms;
  until_ns = UINT64_MAX;
  sequence = now;
  for (int at = 0; at < lane_total(); at++) next(lane_at(at), now);
}

static void start_put(uint64_t now) { start(now, next_put); }

static void start_get(uint64_t now) { start(now, next_get); }

static void start_fill(uint64_t now) {
  start(now, next_fill);
  from_ns = now;
}

static void count(const struct answer *answer, uint64_t now) {
  if (now < from_ns || now >= until_ns || (until_ns == UINT64_MAX && options.plan != &fill_plan)) return;
  operations++;
  count_latency(&latencies, now - answer->lane->sent_ns);
  if (!answer->is_ok) count_status(&errors, answer->status);
}

static void answered_put(struct answer *answer, uint64_t now) {
  count(answer, now);
  next_put(answer->lane, now);
}

static void answered_get(struct answer *answer, uint64_t now) {
  if (answer->is_ok && answer->body.length < options.value_bytes) {
    answer->is_ok = false;
    answer->status = status_empty;
  }
  count(answer, now);
  next_get(answer->lane, now);
}

static void answered_fill(struct answer *answer, uint64_t now) {
  count(answer, now);
  filled++;
  next_fill(answer->lane, now);
}

static bool fill_goes_on(uint64_t now) {
  if (filled < options.keys) return true;
  until_ns = now;
  spent_cpu_us = cpu_us();
  return false;
}

static bool measuring_goes_on(uint64_t now) {
  if (now < from_ns) return true;
  if (until_ns == UINT64_MAX) {
    puts("measuring");
    fflush(stdout);
    from_cpu_us = cpu_us();
    from_ns = now_ns();
    until_ns = from_ns + options.measured_ms * ns_per_ms;
  }
  if (now < until_ns) return true;
  spent_cpu_us = cpu_us() - from_cpu_us;
  return false;
}

static void print(void) {
  printf("\"operations\":%llu,\"seconds\":%.3f,\"cpuUs\":%llu,", (unsigned long long)operations,
         (double)(until_ns - from_ns) / 1e9, (unsigned long long)spent_cpu_us);
  print_statuses(&errors);
  printf(",");
  print_latencies(&latencies);
}

const struct plan fill_plan = {.name = "fill",
                               .start = start_fill,
                               .answered = answered_fill,
                               .goes_on = fill_goes_on,
                               .print = print};
const struct plan put_plan = {.name = "put",
                              .start = start_put,
                              .answered = answered_put,
                              .goes_on = measuring_goes_on,
                              .print = print};
const struct plan get_plan = {.name = "get",
                              .start = start_get,
                              .answered = answered_get,
                              .goes_on = measuring_goes_on,
                              .print = print};
