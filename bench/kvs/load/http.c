#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * Answers of HTTP/1.1 as the servers of this bench give them: a status line, headers, and a body as long as
 * Content-Length says. Whatever else comes ends the program: a figure for it would mean nothing.
 */

static bool content_length(const char *at, const char *end, size_t *length) {
  static const char name[] = "\r\ncontent-length:";
  for (; (size_t)(end - at) > sizeof name && (at = memchr(at, '\r', (size_t)(end - at))) != NULL; at++) {
    if ((size_t)(end - at) < sizeof name || strncasecmp(at, name, sizeof name - 1) != 0) continue;
    *length = strtoul(at + sizeof name - 1, NULL, 10);
    return true;
  }
  return false;
}

bool next_http_answer(struct connection *connection, struct answer *answer) {
  const struct span in = unread(&connection->in);
  const char *body = memmem(in.at, in.length, "\r\n\r\n", 4);
  if (body == NULL) return false;
  body += 4;
  if (in.length < 12 || memcmp(in.at, "HTTP/1.1 ", 9) != 0) fail("This is no HTTP/1.1: %.20s", in.at);
  size_t length = 0;
  if (!content_length(in.at, body - 2, &length)) fail("An answer came without Content-Length.");
  if ((size_t)(in.at + in.length - body) < length) return false;
  answer->lane = connection->lanes;
  answer->status = atoi(in.at + 9);
  /* 202 is kvs: written, but not known to be on as many disks as were asked for. */
  answer->is_ok = answer->status == 200 || answer->status == 201;
  answer->body = (struct span){body, length};
  /* The bytes stay where they are until more are read. */
  consume(&connection->in, (size_t)(body - in.at) + length);
  return true;
}
