#include "load.h"

/* etcd's own protocol: etcdserverpb.KV/Put and /Range, by field number (rpc.proto, kv.proto of etcd 3.4). */

enum { wire_varint = 0, wire_bytes = 2, message_head = 5 };
enum { key_field = 1, put_value_field = 2, range_serializable_field = 7 };
enum { reply_kvs_field = 2, kv_value_field = 5 };

static void append_varint(struct buffer *buffer, uint64_t number) {
  for (; number >= 128; number >>= 7) append(buffer, (struct span){(char[]){(char)(number | 128)}, 1});
  append(buffer, (struct span){(char[]){(char)number}, 1});
}

static void append_field(struct buffer *buffer, int field, struct span bytes) {
  append_varint(buffer, (uint64_t)field << 3 | wire_bytes);
  append_varint(buffer, bytes.length);
  append(buffer, bytes);
}

static void ask(struct lane *lane, const char *path, struct buffer *message) {
  static struct buffer block, data;
  empty(&block);
  empty(&data);
  append_header(&block, ":method", "POST");
  append_header(&block, ":scheme", "http");
  append_header(&block, ":path", path);
  append_header(&block, ":authority", lane->connection->server->name);
  append_header(&block, "content-type", "application/grpc");
  append_header(&block, "te", "trailers");
  const size_t length = unread(message).length;
  const char head[message_head] = {0, (char)(length >> 24), (char)(length >> 16), (char)(length >> 8),
                                   (char)length};
  append(&data, (struct span){head, sizeof head});
  append(&data, unread(message));
  send_http2(lane, unread(&block), unread(&data));
}

static struct buffer *message_with(struct span key) {
  static struct buffer message;
  empty(&message);
  append_field(&message, key_field, key);
  return &message;
}

static void put(struct lane *lane, struct span key, struct span value) {
  struct buffer *message = message_with(key);
  append_field(message, put_value_field, value);
  ask(lane, "/etcdserverpb.KV/Put", message);
}

static void get(struct lane *lane, struct span key) {
  struct buffer *message = message_with(key);
  append_varint(message, range_serializable_field << 3 | wire_varint);
  append_varint(message, 1);
  ask(lane, "/etcdserverpb.KV/Range", message);
}

static bool read_varint(struct span *from, uint64_t *number) {
  *number = 0;
  for (int shift = 0; shift < 64 && from->length > 0; shift += 7) {
    const unsigned char here = (unsigned char)*from->at;
    *from = (struct span){from->at + 1, from->length - 1};
    *number |= (uint64_t)(here & 127) << shift;
    if (here < 128) return true;
  }
  return false;
}

/* The first field of that number, which holds bytes. */
static bool find_field(struct span message, uint64_t field, struct span *found) {
  uint64_t tag, number;
  while (message.length > 0) {
    if (!read_varint(&message, &tag) || !read_varint(&message, &number)) return false;
    if ((tag & 7) == wire_varint) continue;
    if ((tag & 7) != wire_bytes || number > message.length) return false;
    *found = (struct span){message.at, number};
    if (tag >> 3 == field) return true;
    message = (struct span){message.at + number, message.length - number};
  }
  return false;
}

static bool value(struct span body, struct span *value) {
  if (body.length < message_head || body.at[0] != 0) return false;
  const struct span message = {body.at + message_head, body.length - message_head};
  struct span pair;
  return find_field(message, reply_kvs_field, &pair) && find_field(pair, kv_value_field, value);
}

const struct protocol etcd_grpc_protocol = {.name = "etcd-grpc",
                                            .has_lanes = true,
                                            .open = open_http2,
                                            .put = put,
                                            .get = get,
                                            .next = next_http2_answer,
                                            .value = value};
