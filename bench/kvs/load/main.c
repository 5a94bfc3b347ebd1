#include "load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "load: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  exit(1);
}

/* Its last line is one JSON object: what was measured. */
int main(int count, char **words) {
  read_options(count, words);
  open_connections();
  run(options.plan);
  printf("{");
  options.plan->print();
  printf("}\n");
  return 0;
}
