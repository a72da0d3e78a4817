/*
 * What the native contenders of the bench share: the places in memory, the inputs and results, the command line, the clock.
 *
 * usage: PROGRAM check CODE RECORDS RESULTS     runs every record once and writes what it left
 *        PROGRAM time  CODE RECORDS MS          runs the records in turn for so long; prints runs and nanoseconds
 *
 * CODE is the machine code, its first byte the entry; native-call has the code linked in and ignores it.
 * All contenders use the same addresses, so that their results can be compared whole. src/bench/records.ts has the same layout.
 */
#ifndef BENCH_H
#define BENCH_H

#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define CODE_ADDRESS 0x20000000ul
#define CODE_BYTES 0x2000ul
/* Where the emulator returns to: mapped, and behind all code. */
#define RETURN_ADDRESS (CODE_ADDRESS + 0x1ff0)
#define STACK_ADDRESS 0x30000000ul
#define STACK_BYTES 0x8000ul
#define BLOCK_ADDRESS 0x40000000ul
#define BLOCK_BYTES 0x2000ul
#define BLOCK_WORDS 16

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, REGISTERS = 16 };

struct record {
  uint64_t registers[REGISTERS];
  /* The argument block at BLOCK_ADDRESS. */
  uint64_t block[BLOCK_WORDS];
  /* What the host answers in every register that the mask exposes. */
  uint64_t answers[REGISTERS];
};

struct result {
  uint64_t registers[REGISTERS];
  uint64_t block[BLOCK_WORDS];
};

/* RAX, RCX, RSP and all that is no general register: the bench has no such mask. */
#define ILLEGAL_MASK (~0xffecul)

/* The exposed registers come back as the host wants them, and RAX is 0. The bench knows successful TDVMCALLs alone. */
static inline void answer_tdcall(uint64_t *guest, const uint64_t *answers) {
  uint64_t mask = guest[RCX];
  if (guest[RAX] != 0 || (mask & ILLEGAL_MASK) != 0) abort();
#pragma GCC unroll 16
  for (int i = 0; i < REGISTERS; i++) guest[i] = mask >> i & 1 ? answers[i] : guest[i];
}

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static void *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path);
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  void *bytes = malloc(*size + 1);
  if (bytes == NULL || fread(bytes, 1, *size, file) != *size) fail(path);
  fclose(file);
  return bytes;
}

static void *map_at(uint64_t address, size_t size) {
  void *at = mmap((void *)address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (at != (void *)address) fail("mmap");
  return at;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* What each program supplies. */
static void set_up(const uint8_t *code, size_t size);
static void run_record(const struct record *record);
static void read_result(struct result *result);

int main(int argc, char **argv) {
  if (argc != 5) return fprintf(stderr, "usage: %s check|time CODE RECORDS RESULTS|MS\n", argv[0]), 2;
  size_t code_size, size;
  const uint8_t *code = read_file(argv[2], &code_size);
  const struct record *records = read_file(argv[3], &size);
  size_t count = size / sizeof *records;
  if (count == 0 || code_size > CODE_BYTES - 16) return fprintf(stderr, "no records, or too much code\n"), 2;
  set_up(code, code_size);
  if (strcmp(argv[1], "check") == 0) {
    FILE *out = fopen(argv[4], "wb");
    if (out == NULL) fail(argv[4]);
    for (size_t i = 0; i < count; i++) {
      struct result result;
      run_record(&records[i]);
      read_result(&result);
      fwrite(&result, sizeof result, 1, out);
    }
    return fclose(out) == 0 ? 0 : 2;
  }
  uint64_t start = now(), end = start + strtoull(argv[4], NULL, 10) * 1000000u, runs = 0, time;
  size_t next = 0;
  do {
    for (int i = 0; i < 16; i++) {
      run_record(&records[next]);
      if (++next == count) next = 0;
    }
    runs += 16;
    time = now();
  } while (time < end);
  printf("%llu %llu\n", (unsigned long long)runs, (unsigned long long)(time - start));
  return 0;
}

#endif
