#include "load.h"

#include <string.h>

struct span text(const char *characters) { return (struct span){characters, strlen(characters)}; }

struct span unread(const struct buffer *buffer) {
  return (struct span){buffer->bytes + buffer->start, buffer->end - buffer->start};
}

/* What is unread moves to the front. */
void compact(struct buffer *buffer) {
  const struct span rest = unread(buffer);
  if (buffer->start > 0) memmove(buffer->bytes, rest.at, rest.length);
  buffer->start = 0;
  buffer->end = rest.length;
}

void append(struct buffer *buffer, struct span span) {
  if (span.length > buffer_bytes - buffer->end) compact(buffer);
  if (span.length > buffer_bytes - buffer->end) fail("More than %d bytes wait to be sent.", buffer_bytes);
  memcpy(buffer->bytes + buffer->end, span.at, span.length);
  buffer->end += span.length;
}

void append_text(struct buffer *buffer, const char *characters) { append(buffer, text(characters)); }

void append_number(struct buffer *buffer, uint64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do digits[--at] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  append(buffer, (struct span){digits + at, sizeof digits - at});
}

void consume(struct buffer *buffer, size_t length) {
  buffer->start += length;
  if (buffer->start == buffer->end) buffer->start = buffer->end = 0;
}

void empty(struct buffer *buffer) { buffer->start = buffer->end = 0; }
