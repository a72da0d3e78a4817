/*
 * Runs torture.c natively: driver FIRST COUNT writes the results of torture(seed_of(FIRST + i), i % torture_count) as COUNT 64-bit
 * little-endian numbers to standard output. The seed of i is i times an odd constant, so that small numbers give wide seeds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

extern const unsigned long torture_count;
unsigned long torture(unsigned long seed, unsigned long which);

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: driver FIRST COUNT\n");
    return 2;
  }
  unsigned long first = strtoul(argv[1], NULL, 10), count = strtoul(argv[2], NULL, 10);
  for (unsigned long i = first; i < first + count; i++) {
    uint64_t result = torture(i * 0xd1342543de82ef95ul, i % torture_count);
    if (fwrite(&result, sizeof result, 1, stdout) != 1) return 2;
  }
  return 0;
}
