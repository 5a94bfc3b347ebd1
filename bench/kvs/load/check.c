#include "load.h"

#include <stdio.h>
#include <string.h>

/*
 * Whether what is measured really happens. Each key must hold a value that this program once wrote for it;
 * then a new one is written, and must be read back from the same server at once. Lanes take different keys.
 */

enum steps { read_old, write_new, read_new };

static uint64_t next_key = 1, checked, wrong, base;

static void take_key(struct lane *lane, uint64_t now) {
  if (next_key > options.keys) return;
  lane->step = read_old;
  ask_get(lane, next_key++, now);
}

static void start(uint64_t now) {
  base = now;
  for (int at = 0; at < lane_total(); at++) take_key(lane_at(at), now);
}

static bool is_right(const struct answer *answer) {
  const struct lane *lane = answer->lane;
  struct span value;
  if (!answer->is_ok) return false;
  if (lane->step == write_new) return true;
  if (!options.protocol->value(answer->body, &value)) return false;
  if (lane->step == read_old) return is_value_of(lane->key, value);
  const struct span written = value_text(lane->key, lane->sequence);
  return value.length == written.length && memcmp(value.at, written.at, value.length) == 0;
}

static void tell(const struct answer *answer) {
  static const char *const names[] = {"before", "in the write", "after the write"};
  const struct lane *lane = answer->lane;
  fprintf(stderr, "%s of %s, %s, status %d: %.*s\n", key_text(lane->key).at, lane->connection->server->name,
          names[lane->step], answer->status, (int)answer->body.length, answer->body.at);
}

static void answered(struct answer *answer, uint64_t now) {
  struct lane *lane = answer->lane;
  const bool is_wrong = !is_right(answer);
  if (is_wrong && wrong++ == 0) tell(answer);
  if (is_wrong || lane->step == read_new) {
    checked++;
    take_key(lane, now);
  } else if (lane->step == read_old) {
    lane->step = write_new;
    ask_put(lane, lane->key, base + lane->key, now);
  } else {
    lane->step = read_new;
    ask_get(lane, lane->key, now);
  }
}

static bool goes_on(uint64_t now) {
  (void)now;
  return checked < options.keys;
}

static void print(void) {
  printf("\"checked\":%llu,\"wrong\":%llu", (unsigned long long)checked, (unsigned long long)wrong);
}

const struct plan check_plan = {
    .name = "check", .start = start, .answered = answered, .goes_on = goes_on, .print = print};
