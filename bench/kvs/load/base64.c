#include "load.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_length(size_t bytes) { return (bytes + 2) / 3 * 4; }

void append_base64(struct buffer *buffer, struct span span) {
  const unsigned char *bytes = (const unsigned char *)span.at;
  for (size_t at = 0; at < span.length; at += 3) {
    const size_t left = span.length - at;
    const uint32_t three = (uint32_t)bytes[at] << 16 | (left > 1 ? (uint32_t)bytes[at + 1] << 8 : 0) |
                           (left > 2 ? bytes[at + 2] : 0);
    char four[4] = {letters[three >> 18], letters[three >> 12 & 63], letters[three >> 6 & 63],
                    letters[three & 63]};
    if (left < 3) four[3] = '=';
    if (left < 2) four[2] = '=';
    append(buffer, (struct span){four, sizeof four});
  }
}

static int letter_value(char letter) {
  if (letter >= 'A' && letter <= 'Z') return letter - 'A';
  if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
  if (letter >= '0' && letter <= '9') return letter - '0' + 52;
  if (letter == '+') return 62;
  return letter == '/' ? 63 : -1;
}

bool base64_decoded(struct span encoded, char *into, size_t room, size_t *length) {
  uint32_t bits = 0;
  int bit_count = 0;
  *length = 0;
  for (size_t at = 0; at < encoded.length && encoded.at[at] != '='; at++) {
    const int value = letter_value(encoded.at[at]);
    if (value < 0) return false;
    bits = bits << 6 | (uint32_t)value;
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    if (*length == room) return false;
    into[(*length)++] = (char)(bits >> bit_count);
  }
  return true;
}
