#include "load.h"

#include <string.h>

/* etcd's JSON gateway: what a client without gRPC uses. Keys and values are base64. */

static void ask(struct lane *lane, const char *path, struct span body) {
  struct buffer *out = &lane->connection->out;
  append_text(out, "POST ");
  append_text(out, path);
  append_text(out, " HTTP/1.1\r\nHost: ");
  append_text(out, lane->connection->server->name);
  append_text(out, "\r\nContent-Type: application/json\r\nContent-Length: ");
  append_number(out, body.length);
  append_text(out, "\r\n\r\n");
  append(out, body);
}

static struct buffer *body_with(struct span key) {
  static struct buffer body;
  empty(&body);
  append_text(&body, "{\"key\":\"");
  append_base64(&body, key);
  return &body;
}

static void put(struct lane *lane, struct span key, struct span value) {
  struct buffer *body = body_with(key);
  append_text(body, "\",\"value\":\"");
  append_base64(body, value);
  append_text(body, "\"}");
  ask(lane, "/v3/kv/put", unread(body));
}

static void get(struct lane *lane, struct span key) {
  struct buffer *body = body_with(key);
  append_text(body, "\",\"serializable\":true}");
  ask(lane, "/v3/kv/range", unread(body));
}

static bool value(struct span body, struct span *value) {
  static char bytes[answer_bytes_max];
  struct span found, encoded;
  size_t length;
  const bool is_there = json_member(body, "kvs", &found) && json_first(found, &found) &&
                        json_member(found, "value", &found) && json_text(found, &encoded) &&
                        base64_decoded(encoded, bytes, sizeof bytes, &length);
  if (is_there) *value = (struct span){bytes, length};
  return is_there;
}

const struct protocol etcd_json_protocol = {
    .name = "etcd-json", .put = put, .get = get, .next = next_http_answer, .value = value};
