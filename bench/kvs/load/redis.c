#include "load.h"

#include <stdlib.h>
#include <string.h>

/* Redis in RESP2: SET is answered by `+OK`, GET by `$<length>`, and an error by `-`. */

static void append_part(struct buffer *out, struct span part) {
  append_text(out, "$");
  append_number(out, part.length);
  append_text(out, "\r\n");
  append(out, part);
  append_text(out, "\r\n");
}

static void put(struct lane *lane, struct span key, struct span value) {
  struct buffer *out = &lane->connection->out;
  append_text(out, "*3\r\n$3\r\nSET\r\n");
  append_part(out, key);
  append_part(out, value);
}

static void get(struct lane *lane, struct span key) {
  struct buffer *out = &lane->connection->out;
  append_text(out, "*2\r\n$3\r\nGET\r\n");
  append_part(out, key);
}

static bool next(struct connection *connection, struct answer *answer) {
  const struct span in = unread(&connection->in);
  const char *line_end = in.length == 0 ? NULL : memchr(in.at, '\n', in.length);
  if (line_end == NULL) return false;
  const size_t line = (size_t)(line_end + 1 - in.at);
  const char kind = in.at[0];
  if (kind != '+' && kind != '-' && kind != '$') fail("This is no answer of Redis: %.20s", in.at);
  const long length = kind == '$' ? strtol(in.at + 1, NULL, 10) : -1;
  const size_t rest = length < 0 ? 0 : (size_t)length + 2;
  if (in.length < line + rest) return false;
  answer->lane = connection->lanes;
  answer->status = kind == '-' ? 1 : 0;
  answer->is_ok = kind != '-';
  answer->body = (struct span){in.at + line, length < 0 ? 0 : (size_t)length};
  consume(&connection->in, line + rest);
  return true;
}

static bool value(struct span body, struct span *value) {
  *value = body;
  return body.length > 0;
}

const struct protocol redis_protocol = {
    .name = "redis", .put = put, .get = get, .next = next, .value = value};
