#include "load.h"

#include <string.h>

/*
 * Finds parts of JSON that is known to be right: what the servers answer. It checks nothing that it need not
 * look at, and gives false where it gets lost.
 */

static const char *past_blank(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
  return at;
}

static const char *past_text(const char *at, const char *end) {
  for (at++; at < end && *at != '"'; at++)
    if (*at == '\\') at++;
  return at < end ? at + 1 : end;
}

/* Past one value, whatever it is. */
static const char *past_value(const char *at, const char *end) {
  int depth = 0;
  while (at < end) {
    const char here = *at;
    if (here == '"') {
      at = past_text(at, end);
    } else if (here == '{' || here == '[') {
      depth++;
      at++;
    } else if (here == '}' || here == ']') {
      if (depth == 0) return at;
      depth--;
      at++;
    } else if (here == ',' && depth == 0) {
      return at;
    } else {
      at++;
      continue;
    }
    if (depth == 0) return at;
  }
  return end;
}

bool json_member(struct span object, const char *name, struct span *value) {
  const char *end = object.at + object.length;
  const char *at = past_blank(object.at, end);
  if (at == end || *at != '{') return false;
  const size_t length = strlen(name);
  for (at = past_blank(at + 1, end); at < end && *at == '"'; at = past_blank(at + 1, end)) {
    const char *key = at + 1;
    at = past_text(at, end);
    const bool is_it = (size_t)(at - 1 - key) == length && memcmp(key, name, length) == 0;
    at = past_blank(at, end);
    if (at == end || *at != ':') return false;
    const char *begin = past_blank(at + 1, end);
    at = past_value(begin, end);
    if (is_it) {
      *value = (struct span){begin, (size_t)(at - begin)};
      return true;
    }
    at = past_blank(at, end);
    if (at == end || *at != ',') return false;
  }
  return false;
}

bool json_first(struct span array, struct span *value) {
  const char *end = array.at + array.length;
  const char *at = past_blank(array.at, end);
  if (at == end || *at != '[') return false;
  at = past_blank(at + 1, end);
  if (at == end || *at == ']') return false;
  *value = (struct span){at, (size_t)(past_value(at, end) - at)};
  return true;
}

/* What is between the quotes; our own values need no escapes. */
bool json_text(struct span value, struct span *inside) {
  if (value.length < 2 || value.at[0] != '"') return false;
  *inside = (struct span){value.at + 1, value.length - 2};
  return true;
}
