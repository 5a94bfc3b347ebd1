#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A value says whose it is and which one: `key-00001.00000000000000a7.xxxx`, filled up to its length. So a
 * value that is read back proves itself, and no two writes are the same. What fills it comes from both
 * numbers: a server that compresses gains little. No character needs to be escaped.
 */

struct span key_text(uint64_t key) {
  static char characters[key_bytes_max];
  const int length = snprintf(characters, sizeof characters, "key-%05llu", (unsigned long long)key);
  return (struct span){characters, (size_t)length};
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
enum { hex_digits = 16, bits_a_letter = 6, letters_a_number = 10 };

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next_random(uint64_t *state) {
  uint64_t mixed = *state += 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
  return mixed ^ mixed >> 31;
}

struct span value_text(uint64_t key, uint64_t sequence) {
  static char characters[value_bytes_max + letters_a_number];
  const struct span name = key_text(key);
  memcpy(characters, name.at, name.length);
  char *at = characters + name.length;
  *at++ = '.';
  for (int shift = 60; shift >= 0; shift -= 4) *at++ = "0123456789abcdef"[sequence >> shift & 15];
  *at++ = '.';
  uint64_t state = key << 32 ^ sequence;
  while (at < characters + options.value_bytes) {
    uint64_t number = next_random(&state);
    for (int letter = 0; letter < letters_a_number; letter++, number >>= bits_a_letter)
      *at++ = letters[number & 63];
  }
  return (struct span){characters, options.value_bytes};
}

/* Whether some run of this program wrote it under that key, and it is whole. */
bool is_value_of(uint64_t key, struct span value) {
  const size_t name_length = key_text(key).length;
  if (value.length != options.value_bytes) return false;
  char digits[hex_digits + 1] = {0};
  memcpy(digits, value.at + name_length + 1, hex_digits);
  const struct span written = value_text(key, strtoull(digits, NULL, 16));
  return memcmp(value.at, written.at, written.length) == 0;
}
