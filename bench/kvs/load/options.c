#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options options = {.connections = 1, .lanes = 1, .keys = 10000, .value_bytes = 100,
                          .warmup_ms = 1000, .measured_ms = 4000, .per_s = 1000};

static const struct protocol *const protocols[] = {&kvs_protocol, &etcd_json_protocol, &etcd_grpc_protocol,
                                                   &redis_protocol};
static const struct plan *const plans[] = {&fill_plan, &put_plan, &get_plan, &check_plan, &visibility_plan};

static const struct {
  const char *name;
  uint64_t *at, least, most;
} numbers[] = {
    {"--connections", &options.connections, 1, connections_max},
    {"--lanes", &options.lanes, 1, lanes_max},
    {"--keys", &options.keys, 1, 100000000},
    {"--value-bytes", &options.value_bytes, 64, value_bytes_max},
    {"--warmup-ms", &options.warmup_ms, 0, 600000},
    {"--measured-ms", &options.measured_ms, 1, 600000},
    {"--per-s", &options.per_s, 1, 100000},
    {"--copies", &options.copies, 1, servers_max},
};

static const struct protocol *protocol_called(const char *name) {
  for (size_t at = 0; at < sizeof protocols / sizeof *protocols; at++)
    if (strcmp(protocols[at]->name, name) == 0) return protocols[at];
  fail("There is no protocol %s.", name);
}

static const struct plan *plan_called(const char *name) {
  for (size_t at = 0; at < sizeof plans / sizeof *plans; at++)
    if (strcmp(plans[at]->name, name) == 0) return plans[at];
  fail("There is no plan %s.", name);
}

/* `127.0.0.1:8090,127.0.0.1:8091` */
static void read_servers(char *list) {
  for (char *name = strtok(list, ","); name != NULL; name = strtok(NULL, ",")) {
    if (options.server_count == servers_max) fail("There are at most %d servers.", servers_max);
    struct server *server = &options.servers[options.server_count++];
    if (strlen(name) >= sizeof server->host || sscanf(name, "%63[^:]:%d", server->host, &server->port) != 2)
      fail("%s is no host:port.", name);
    strcpy(server->name, name);
  }
}

static void read_number(const char *name, const char *value) {
  for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++) {
    if (strcmp(numbers[at].name, name) != 0) continue;
    char *end;
    const uint64_t number = strtoull(value, &end, 10);
    if (*end != '\0' || number < numbers[at].least || number > numbers[at].most)
      fail("%s is from %llu to %llu.", name, (unsigned long long)numbers[at].least,
           (unsigned long long)numbers[at].most);
    *numbers[at].at = number;
    return;
  }
  fail("There is no option %s.", name);
}

/* load <protocol> <plan> <servers> [--option value ...] */
void read_options(int count, char **words) {
  if (count < 4) fail("load <protocol> <plan> <host:port,...> [--connections 32] [--keys 10000] ...");
  options.protocol = protocol_called(words[1]);
  options.plan = plan_called(words[2]);
  read_servers(words[3]);
  for (int at = 4; at < count; at++) {
    if (strcmp(words[at], "--causal") == 0) {
      options.causal = true;
      continue;
    }
    if (at + 1 == count) fail("%s takes a value.", words[at]);
    read_number(words[at], words[at + 1]);
    at++;
  }
  if (options.lanes > 1 && !options.protocol->has_lanes)
    fail("%s has one request at a time on a connection.", options.protocol->name);
}
