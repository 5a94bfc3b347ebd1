#include "load.h"

#include <string.h>

/* Our own store. Causal metadata is sent back as it came, in the body, as its clients do. */

static const char value_head[] = "{\"value\":\"";
static const char metadata_head[] = "\"causal-metadata\":";

static void start_request(struct lane *lane, const char *method, struct span key) {
  struct buffer *out = &lane->connection->out;
  append_text(out, method);
  append_text(out, " /kvs/");
  append(out, key);
  append_text(out, " HTTP/1.1\r\nHost: ");
  append_text(out, lane->connection->server->name);
}

static void start_body(struct buffer *out, size_t length) {
  append_text(out, "\r\nContent-Type: application/json\r\nContent-Length: ");
  append_number(out, length);
  append_text(out, "\r\n\r\n");
}

static struct span metadata_of(const struct connection *connection) {
  if (connection->token_length == 0) return text("null");
  return (struct span){connection->token, connection->token_length};
}

/* What follows the value. */
static struct span put_end(struct span metadata) {
  static struct buffer end;
  empty(&end);
  append_text(&end, "\",");
  append_text(&end, metadata_head);
  append(&end, metadata);
  if (options.copies > 0) {
    append_text(&end, ",\"copies\":");
    append_number(&end, options.copies);
  }
  append_text(&end, "}");
  return unread(&end);
}

static void put(struct lane *lane, struct span key, struct span value) {
  struct buffer *out = &lane->connection->out;
  const struct span end = put_end(metadata_of(lane->connection));
  start_request(lane, "PUT", key);
  start_body(out, strlen(value_head) + value.length + end.length);
  append_text(out, value_head);
  append(out, value);
  append(out, end);
}

static void get(struct lane *lane, struct span key) {
  struct buffer *out = &lane->connection->out;
  start_request(lane, "GET", key);
  if (!options.causal) {
    append_text(out, "\r\n\r\n");
    return;
  }
  const struct span metadata = metadata_of(lane->connection);
  start_body(out, strlen(metadata_head) + metadata.length + 2);
  append_text(out, "{");
  append_text(out, metadata_head);
  append(out, metadata);
  append_text(out, "}");
}

static void keep_token(struct connection *connection, struct span body) {
  struct span token;
  if (!json_member(body, "causal-metadata", &token)) return;
  if (token.length > token_bytes_max) fail("Causal metadata of %zu bytes came.", token.length);
  memcpy(connection->token, token.at, token.length);
  connection->token_length = token.length;
}

static bool next(struct connection *connection, struct answer *answer) {
  if (!next_http_answer(connection, answer)) return false;
  if (options.causal) keep_token(connection, answer->body);
  return true;
}

static bool value(struct span body, struct span *value) {
  struct span member;
  return json_member(body, "value", &member) && json_text(member, value);
}

const struct protocol kvs_protocol = {.name = "kvs", .put = put, .get = get, .next = next, .value = value};
