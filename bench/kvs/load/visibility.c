#include "load.h"

#include <stdio.h>
#include <string.h>

/*
 * How long after the first server answered a write the second one serves it. Writes come at a fixed rate, in
 * an open loop. From the answer to every fourth on, one lane of the second server reads its key, at once and
 * then each millisecond, until it reads the value: a time is at most a millisecond and a read too long.
 * More readers would measure themselves.
 */

enum { lanes_total_max = connections_max * 4, watched_each = 4, lost_after_ms = 5000 };

/* First in, first out: a server may close a connection that is idle for long. */
struct pool {
  int first, count;
  struct lane *lanes[lanes_total_max];
};

static struct histogram latencies;
static struct statuses errors;
static struct pool writers, readers, waiting; /* free ones, and readers that read again at the next tick */
static uint64_t from_ns, until_ns, sequence, key, due_thousandths;
static uint64_t written, late, unwatched, lost, reads, watching;
static bool is_draining;

static void give(struct pool *pool, struct lane *lane) {
  pool->lanes[(pool->first + pool->count++) % lanes_total_max] = lane;
}

static struct lane *take(struct pool *pool) {
  if (pool->count == 0) return NULL;
  struct lane *lane = pool->lanes[pool->first];
  pool->first = (pool->first + 1) % lanes_total_max;
  pool->count--;
  return lane;
}

static bool is_writer(const struct lane *lane) { return lane->connection->server == &options.servers[0]; }

static void start(uint64_t now) {
  if (options.server_count != 2) fail("visibility takes two servers: where to write, and where to read.");
  if (lane_total() > lanes_total_max) fail("visibility takes at most %d lanes.", lanes_total_max);
  sequence = now;
  from_ns = now + options.warmup_ms * ns_per_ms;
  until_ns = from_ns + options.measured_ms * ns_per_ms;
  for (int at = 0; at < lane_total(); at++) give(is_writer(lane_at(at)) ? &writers : &readers, lane_at(at));
}

static void write_one(uint64_t now) {
  struct lane *lane = take(&writers);
  if (now >= from_ns) {
    if (lane == NULL) late++;
    else written++;
  }
  if (lane == NULL) return;
  key = key % options.keys + 1;
  ask_put(lane, key, sequence++, now);
}

static void tick(uint64_t now) {
  for (struct lane *lane = take(&waiting); lane != NULL; lane = take(&waiting)) {
    ask_get(lane, lane->key, now);
    reads++;
  }
  if (is_draining) return;
  for (due_thousandths += options.per_s; due_thousandths >= 1000; due_thousandths -= 1000) write_one(now);
}

static void answered_write(struct answer *answer, uint64_t now) {
  struct lane *writer = answer->lane;
  give(&writers, writer);
  const bool is_measured = writer->sent_ns >= from_ns;
  if (!answer->is_ok) {
    if (is_measured) count_status(&errors, answer->status);
    return;
  }
  if (writer->sequence % watched_each != 0) return;
  struct lane *reader = take(&readers);
  if (reader == NULL) {
    if (is_measured) unwatched++;
    return;
  }
  reader->sequence = writer->sequence;
  reader->since_ns = now;
  reader->step = is_measured;
  watching++;
  reads++;
  ask_get(reader, writer->key, now);
}

static bool shows(const struct answer *answer) {
  const struct span written_value = value_text(answer->lane->key, answer->lane->sequence);
  struct span value;
  return answer->is_ok && options.protocol->value(answer->body, &value) &&
         value.length == written_value.length && memcmp(value.at, written_value.at, value.length) == 0;
}

static void answered_read(struct answer *answer, uint64_t now) {
  struct lane *reader = answer->lane;
  const bool is_lost = now - reader->since_ns > (uint64_t)lost_after_ms * ns_per_ms;
  if (!shows(answer) && !is_lost) {
    give(&waiting, reader);
    return;
  }
  if (is_lost) lost++;
  else if (reader->step) count_latency(&latencies, now - reader->since_ns);
  watching--;
  give(&readers, reader);
}

static void answered(struct answer *answer, uint64_t now) {
  if (is_writer(answer->lane)) answered_write(answer, now);
  else answered_read(answer, now);
}

static bool goes_on(uint64_t now) {
  is_draining = now >= until_ns;
  return !is_draining || watching > 0 || writers.count < lane_total() - readers.count;
}

static void print(void) {
  printf("\"written\":%llu,\"late\":%llu,\"unwatched\":%llu,\"lost\":%llu,\"reads\":%llu,\"seen\":%llu,",
         (unsigned long long)written, (unsigned long long)late, (unsigned long long)unwatched,
         (unsigned long long)lost, (unsigned long long)reads, (unsigned long long)latencies.total);
  print_statuses(&errors);
  printf(",");
  print_latencies(&latencies);
}

const struct plan visibility_plan = {.name = "visibility",
                                     .start = start,
                                     .answered = answered,
                                     .tick = tick,
                                     .goes_on = goes_on,
                                     .print = print};
