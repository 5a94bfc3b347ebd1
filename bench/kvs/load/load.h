/*
 * The load program of the kvs bench. One thread, epoll, a closed loop: it costs so little that what is
 * measured is the servers. It speaks to kvs, etcd and Redis, to each in its own protocol.
 *
 * A connection goes to one server and has lanes; a lane is a place for one request in flight, and only
 * HTTP/2 has more than one. A protocol puts requests into a connection's output and takes answers out of its
 * input. A plan says what a lane asks next.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  servers_max = 8,
  connections_max = 1024,
  lanes_max = 128,
  key_bytes_max = 32,
  value_bytes_max = 2048,
  answer_bytes_max = 4096,
  token_bytes_max = 4096,
  buffer_bytes = 256 * 1024,
  histogram_buckets = 64 * 64,
  statuses_max = 16,
  silence_max_ms = 10000,
};

/* Bytes that belong to somebody else. */
struct span {
  const char *at;
  size_t length;
};

struct buffer {
  size_t start, end;
  char bytes[buffer_bytes];
};

struct options {
  const struct protocol *protocol;
  const struct plan *plan;
  int server_count;
  struct server {
    char host[64];
    int port;
    char name[80]; /* host:port, as it was given */
  } servers[servers_max];
  uint64_t connections, lanes; /* lanes on each connection */
  uint64_t keys, value_bytes, warmup_ms, measured_ms, per_s;
  uint64_t copies; /* kvs: on how many replicas a write is durable before its answer; 0 does not say */
  bool causal;     /* kvs: causal metadata is sent back */
};
extern struct options options;

struct lane {
  struct connection *connection;
  uint64_t sent_ns;
  /* What the plan keeps here: its step, the key, and the sequence number of the value written or awaited. */
  int step;
  uint64_t key, sequence, since_ns;
  /* What HTTP/2 keeps here: a stream's message comes before its status. */
  uint32_t stream;
  int status;
  size_t message_length;
  char message[answer_bytes_max];
};

struct connection {
  int socket;
  const struct server *server;
  struct buffer in, out;
  bool is_dirty, waits_for_room;
  int lane_count;
  struct lane *lanes;
  /* kvs: the causal metadata of the last answer. */
  size_t token_length;
  char token[token_bytes_max];
  /* HTTP/2: the next stream, bytes we may send, bytes we took since we last said so, data without room. */
  uint32_t next_stream;
  int64_t send_window;
  uint32_t taken_bytes;
  struct buffer *held;
};

struct answer {
  struct lane *lane;
  bool is_ok;
  int status; /* of HTTP or gRPC; of Redis 0, and 1 for an error */
  struct span body;
};

struct protocol {
  const char *name;
  bool has_lanes;
  void (*open)(struct connection *); /* what is sent before any request; may be missing */
  void (*put)(struct lane *, struct span key, struct span value);
  void (*get)(struct lane *, struct span key);
  /* Takes the next whole answer out of the input; its body is good until the next call. */
  bool (*next)(struct connection *, struct answer *);
  /* The value in the body of an answer to get; false when there is none. Good until the next call. */
  bool (*value)(struct span body, struct span *value);
};
extern const struct protocol kvs_protocol, etcd_json_protocol, etcd_grpc_protocol, redis_protocol;

struct plan {
  const char *name;
  void (*start)(uint64_t now_ns);
  void (*answered)(struct answer *, uint64_t now_ns);
  void (*tick)(uint64_t now_ns);    /* each millisecond; may be missing */
  bool (*goes_on)(uint64_t now_ns); /* asked between events */
  void (*print)(void);              /* the result, as members of a JSON object */
};
extern const struct plan fill_plan, put_plan, get_plan, check_plan, visibility_plan;

/* main.c */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* options.c */
void read_options(int count, char **words);

/* connections.c */
void open_connections(void);
struct lane *lane_at(int index);
int lane_total(void);
void ask_put(struct lane *, uint64_t key, uint64_t sequence, uint64_t now_ns);
void ask_get(struct lane *, uint64_t key, uint64_t now_ns);
void run(const struct plan *);

/* buffers.c */
struct span text(const char *);
struct span unread(const struct buffer *);
void append(struct buffer *, struct span);
void append_text(struct buffer *, const char *);
void append_number(struct buffer *, uint64_t);
void empty(struct buffer *);
void compact(struct buffer *);
void consume(struct buffer *, size_t);

/* clock.c */
uint64_t now_ns(void);
uint64_t cpu_us(void);
enum { ns_per_ms = 1000000 };

/* values.c */
struct span key_text(uint64_t key);
struct span value_text(uint64_t key, uint64_t sequence);
bool is_value_of(uint64_t key, struct span value);

/* tally.c */
struct histogram {
  uint64_t total, max_ns;
  uint64_t counts[histogram_buckets];
};
void count_latency(struct histogram *, uint64_t ns);
void print_latencies(const struct histogram *);
struct statuses {
  int count;
  struct {
    int status;
    uint64_t times;
  } each[statuses_max];
};
/* Statuses of our own: a stream that was reset, and an answer to get that is too short for a value. */
enum { status_reset = -1, status_empty = -2 };
void count_status(struct statuses *, int status);
void print_statuses(const struct statuses *);

/* json.c */
bool json_member(struct span object, const char *name, struct span *value);
bool json_first(struct span array, struct span *value);
bool json_text(struct span value, struct span *inside);

/* http.c */
bool next_http_answer(struct connection *, struct answer *);

/* base64.c */
void append_base64(struct buffer *, struct span);
size_t base64_length(size_t bytes);
bool base64_decoded(struct span encoded, char *into, size_t room, size_t *length);

/* http2.c */
void open_http2(struct connection *);
void send_http2(struct lane *, struct span header_block, struct span data);
bool next_http2_answer(struct connection *, struct answer *);

/* hpack.c */
void append_header(struct buffer *, const char *name, const char *value);
int grpc_status_in(struct span header_block);
enum { no_grpc_status = -1 };

#endif
