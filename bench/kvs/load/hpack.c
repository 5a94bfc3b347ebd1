#include "load.h"

#include <stdlib.h>
#include <string.h>

/*
 * As much of HPACK (RFC 7541) as a gRPC client needs that keeps no tables. What is sent are literals that
 * nobody indexes; what comes has no dynamic table either, for our settings allow it no byte.
 */

static const char status_name[] = "grpc-status";
/* The same name in the Huffman code of the RFC's appendix B. */
static const char status_name_packed[] = "\x9a\xca\xc8\xb2\x12\x34\xda\x8f";
enum { static_entries = 61 };

void append_header(struct buffer *block, const char *name, const char *value) {
  const size_t lengths[] = {strlen(name), strlen(value)};
  if (lengths[0] > 126 || lengths[1] > 126) fail("A header is longer than a byte can say.");
  append(block, (struct span){"\0", 1});
  append(block, (struct span){(char[]){(char)lengths[0]}, 1});
  append_text(block, name);
  append(block, (struct span){(char[]){(char)lengths[1]}, 1});
  append_text(block, value);
}

struct reader {
  const unsigned char *at, *end;
};

static uint32_t read_number(struct reader *reader, int prefix_bits) {
  const uint32_t prefix_max = (1u << prefix_bits) - 1;
  if (reader->at == reader->end) fail("A header block ends too early.");
  uint32_t number = *reader->at++ & prefix_max;
  if (number < prefix_max) return number;
  for (int shift = 0; shift <= 21; shift += 7) {
    if (reader->at == reader->end) fail("A header block ends too early.");
    const unsigned char here = *reader->at++;
    number += (uint32_t)(here & 127) << shift;
    if (here < 128) return number;
  }
  fail("A number in a header block is too large.");
}

static struct span read_text(struct reader *reader, bool *is_packed) {
  if (reader->at == reader->end) fail("A header block ends too early.");
  *is_packed = (*reader->at & 128) != 0;
  const uint32_t length = read_number(reader, 7);
  if (length > (size_t)(reader->end - reader->at)) fail("A header block ends too early.");
  const struct span found = {(const char *)reader->at, length};
  reader->at += length;
  return found;
}

static bool is_same(struct span span, const char *other, size_t length) {
  return span.length == length && memcmp(span.at, other, length) == 0;
}

/* A literal whose name is in no table; its value when it is the status, which is never worth packing. */
static int read_literal(struct reader *reader, uint32_t name_index) {
  bool is_packed = false;
  struct span name = {"", 0};
  if (name_index == 0) name = read_text(reader, &is_packed);
  const bool is_status = is_packed ? is_same(name, status_name_packed, sizeof status_name_packed - 1)
                                   : is_same(name, status_name, sizeof status_name - 1);
  const struct span value = read_text(reader, &is_packed);
  if (!is_status) return no_grpc_status;
  if (is_packed || value.length == 0 || value.length > 2) fail("A gRPC status came in an unknown form.");
  char digits[3] = {0};
  memcpy(digits, value.at, value.length);
  return atoi(digits);
}

int grpc_status_in(struct span header_block) {
  struct reader reader = {(const unsigned char *)header_block.at, NULL};
  reader.end = reader.at + header_block.length;
  int status = no_grpc_status;
  while (reader.at < reader.end) {
    const unsigned char kind = *reader.at;
    if (kind >= 128) {
      const uint32_t index = read_number(&reader, 7);
      if (index == 0 || index > static_entries) fail("A header names an entry of a table that is empty.");
    } else if (kind >= 32 && kind < 64) {
      read_number(&reader, 5); /* The table's size: none. */
    } else {
      const uint32_t name_index = read_number(&reader, kind >= 64 ? 6 : 4);
      if (name_index > static_entries) fail("A header names an entry of a table that is empty.");
      const int found = read_literal(&reader, name_index);
      if (found != no_grpc_status) status = found;
    }
  }
  return status;
}
