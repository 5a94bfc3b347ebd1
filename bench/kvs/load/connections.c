#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { events_max = 256, wait_ms = 20 };

static struct connection connections[connections_max];
static struct connection *dirty[connections_max];
static int dirty_count = 0;
static int epoll = -1;

static void watch(struct connection *connection, int operation) {
  const uint32_t events = connection->waits_for_room ? EPOLLIN | EPOLLOUT : EPOLLIN;
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(epoll, operation, connection->socket, &event) != 0) fail("epoll: %s", strerror(errno));
}

/* What has something to send; it is sent when the event that caused it is dealt with, in one write. */
static void mark_dirty(struct connection *connection) {
  if (connection->is_dirty) return;
  connection->is_dirty = true;
  dirty[dirty_count++] = connection;
}

static void open_connection(struct connection *connection, const struct server *server) {
  connection->server = server;
  connection->lane_count = (int)options.lanes;
  connection->lanes = calloc(options.lanes, sizeof *connection->lanes);
  connection->held = options.protocol->has_lanes ? calloc(1, sizeof *connection->held) : NULL;
  for (size_t at = 0; at < options.lanes; at++) connection->lanes[at].connection = connection;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server->port)};
  if (inet_pton(AF_INET, server->host, &address.sin_addr) != 1) fail("%s is no IPv4 address.", server->host);
  connection->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0)
    fail("Cannot connect to %s: %s", server->name, strerror(errno));
  const int on = 1;
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  watch(connection, EPOLL_CTL_ADD);
  if (options.protocol->open == NULL) return;
  options.protocol->open(connection);
  mark_dirty(connection);
}

void open_connections(void) {
  epoll = epoll_create1(0);
  for (size_t at = 0; at < options.connections; at++)
    open_connection(&connections[at], &options.servers[at % (size_t)options.server_count]);
}

int lane_total(void) { return (int)(options.connections * options.lanes); }

struct lane *lane_at(int index) {
  const int count = (int)options.connections;
  return &connections[index % count].lanes[index / count];
}

void ask_put(struct lane *lane, uint64_t key, uint64_t sequence, uint64_t now) {
  lane->key = key;
  lane->sequence = sequence;
  lane->sent_ns = now;
  options.protocol->put(lane, key_text(key), value_text(key, sequence));
  mark_dirty(lane->connection);
}

void ask_get(struct lane *lane, uint64_t key, uint64_t now) {
  lane->key = key;
  lane->sent_ns = now;
  options.protocol->get(lane, key_text(key));
  mark_dirty(lane->connection);
}

static void send_out(struct connection *connection) {
  const struct span out = unread(&connection->out);
  if (out.length == 0) return;
  const ssize_t sent = send(connection->socket, out.at, out.length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) fail("Cannot send to %s: %s", connection->server->name, strerror(errno));
  if (sent > 0) consume(&connection->out, (size_t)sent);
  const bool waits = unread(&connection->out).length > 0;
  if (waits == connection->waits_for_room) return;
  connection->waits_for_room = waits;
  watch(connection, EPOLL_CTL_MOD);
}

static void send_dirty(void) {
  for (int at = 0; at < dirty_count; at++) {
    dirty[at]->is_dirty = false;
    send_out(dirty[at]);
  }
  dirty_count = 0;
}

static void take_in(struct connection *connection) {
  struct buffer *in = &connection->in;
  compact(in);
  if (in->end == buffer_bytes) fail("An answer of %s is too long.", connection->server->name);
  const ssize_t got = recv(connection->socket, in->bytes + in->end, buffer_bytes - in->end, MSG_DONTWAIT);
  if (got == 0) fail("%s closed a connection.", connection->server->name);
  if (got < 0 && errno != EAGAIN) fail("Cannot read from %s: %s", connection->server->name, strerror(errno));
  if (got > 0) in->end += (size_t)got;
}

/* The answers that came whole, to the plan. Returns how many. */
static int take_answers(struct connection *connection, const struct plan *plan) {
  take_in(connection);
  struct answer answer;
  int count = 0;
  for (; options.protocol->next(connection, &answer); count++) plan->answered(&answer, now_ns());
  /* A protocol may have something to send too. */
  mark_dirty(connection);
  return count;
}

static int open_timer(void) {
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  const struct timespec each = {.tv_nsec = ns_per_ms};
  const struct itimerspec times = {.it_interval = each, .it_value = each};
  timerfd_settime(timer, 0, &times, NULL);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
  return timer;
}

static void take_ticks(int timer, const struct plan *plan) {
  uint64_t count = 0;
  if (read(timer, &count, sizeof count) != sizeof count) return;
  for (; count > 0; count--) plan->tick(now_ns());
}

/* A machine that stood still for long was silent itself: that counts as one wait. */
static uint64_t shortly(uint64_t passed_ns) {
  const uint64_t most_ns = (uint64_t)wait_ms * ns_per_ms;
  return passed_ns < most_ns ? passed_ns : most_ns;
}

void run(const struct plan *plan) {
  const int timer = plan->tick == NULL ? -1 : open_timer();
  uint64_t silent_ns = 0, before_ns = now_ns();
  plan->start(before_ns);
  send_dirty();
  while (plan->goes_on(now_ns())) {
    struct epoll_event events[events_max];
    const int count = epoll_wait(epoll, events, events_max, wait_ms);
    for (int at = 0; at < count; at++) {
      struct connection *connection = events[at].data.ptr;
      if (connection == NULL) {
        take_ticks(timer, plan);
      } else {
        if (events[at].events & EPOLLOUT) send_out(connection);
        if (take_answers(connection, plan) > 0) silent_ns = 0;
      }
      send_dirty();
    }
    silent_ns += shortly(now_ns() - before_ns);
    before_ns = now_ns();
    if (silent_ns > (uint64_t)silence_max_ms * ns_per_ms)
      fail("No server answered for %d ms.", silence_max_ms);
  }
}
