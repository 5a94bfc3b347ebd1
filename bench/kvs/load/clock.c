#include "load.h"

#include <sys/resource.h>
#include <time.h>

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* User and system time of this process so far. */
uint64_t cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const struct timeval user = usage.ru_utime, kernel = usage.ru_stime;
  return (uint64_t)(user.tv_sec + kernel.tv_sec) * 1000000u + (uint64_t)(user.tv_usec + kernel.tv_usec);
}
