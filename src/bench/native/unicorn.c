/*
 * Contender: Unicorn through its C API, mapped once, registers and block written anew for every run, nothing recorded.
 * TDCALL is no instruction to it: BENCH_TDCALL chooses how the run gets past it, and the bench takes the fastest way.
 *   0  the run ends with the error of an invalid instruction, is answered, and begins again behind it
 *   1  a hook on the address of TDCALL alone answers and moves RIP
 *   2  the run ends at TDCALL's address, is answered, and begins again behind it
 */
#include "bench.h"

#include <unicorn/unicorn.h>

static const int IDS[REGISTERS] = {
    UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX, UC_X86_REG_RSP, UC_X86_REG_RBP, UC_X86_REG_RSI, UC_X86_REG_RDI,
    UC_X86_REG_R8,  UC_X86_REG_R9,  UC_X86_REG_R10, UC_X86_REG_R11, UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15,
};

static uc_engine *engine;
static const uint64_t *answers;
/* 0 for code without one. */
static uint64_t tdcall_address;

static void check(uc_err error) {
  if (error == UC_ERR_OK) return;
  fprintf(stderr, "Unicorn: %s\n", uc_strerror(error));
  exit(2);
}

static int all_ids(int *list) {
  memcpy(list, IDS, sizeof IDS);
  return REGISTERS;
}

/* Writes RAX and the exposed registers alone, and RIP where a hook must move it. */
static void answer(int moves_rip) {
  static uint64_t known_mask;
  static int count, list[REGISTERS + 2], from[REGISTERS + 2];
  static uint64_t zero, behind;
  void *values[REGISTERS + 2];
  uint64_t rax, mask;
  int asked[2] = {UC_X86_REG_RAX, UC_X86_REG_RCX};
  void *places[2] = {&rax, &mask};
  check(uc_reg_read_batch(engine, asked, places, 2));
  if (rax != 0 || mask == 0 || (mask & ILLEGAL_MASK) != 0) abort();
  if (mask != known_mask) {
    known_mask = mask;
    count = 0;
    for (int i = 0; i < REGISTERS; i++)
      if (mask >> i & 1) list[count] = IDS[i], from[count++] = i;
    list[count] = UC_X86_REG_RAX;
    list[count + 1] = UC_X86_REG_RIP;
  }
  for (int i = 0; i < count; i++) values[i] = (void *)&answers[from[i]];
  values[count] = &zero;
  behind = tdcall_address + 4;
  values[count + 1] = &behind;
  check(uc_reg_write_batch(engine, list, values, count + 1 + moves_rip));
}

static void on_address(uc_engine *uc, uint64_t address, uint32_t size, void *data) {
  (void)uc;
  (void)address;
  (void)size;
  (void)data;
  answer(1);
}

static void run_record(const struct record *record) {
  static const uint64_t back = RETURN_ADDRESS;
  int list[REGISTERS];
  void *values[REGISTERS];
  int count = all_ids(list);
  for (int i = 0; i < count; i++) values[i] = (void *)&record->registers[i];
  memcpy((void *)BLOCK_ADDRESS, record->block, sizeof record->block);
  memcpy((void *)record->registers[RSP], &back, sizeof back);
  answers = record->answers;
  check(uc_reg_write_batch(engine, list, values, count));
  if (BENCH_TDCALL == 1 || tdcall_address == 0) {
    check(uc_emu_start(engine, CODE_ADDRESS, RETURN_ADDRESS, 0, 0));
    return;
  }
  uc_err error = uc_emu_start(engine, CODE_ADDRESS, BENCH_TDCALL == 2 ? tdcall_address : RETURN_ADDRESS, 0, 0);
  if (error != (BENCH_TDCALL == 2 ? UC_ERR_OK : UC_ERR_INSN_INVALID)) check(error), abort();
  answer(0);
  check(uc_emu_start(engine, tdcall_address + 4, RETURN_ADDRESS, 0, 0));
}

static void read_result(struct result *result) {
  int list[REGISTERS];
  void *values[REGISTERS];
  int count = all_ids(list);
  for (int i = 0; i < count; i++) values[i] = &result->registers[i];
  check(uc_reg_read_batch(engine, list, values, count));
  memcpy(result->block, (void *)BLOCK_ADDRESS, sizeof result->block);
}

static void set_up(const uint8_t *code, size_t size) {
  static const uint8_t tdcall[4] = {0x66, 0x0f, 0x01, 0xcc};
  static uc_hook hook;
  const uint8_t *found = memmem(code, size, tdcall, sizeof tdcall);
  if (found != NULL) tdcall_address = CODE_ADDRESS + (uint64_t)(found - code);
  memcpy(map_at(CODE_ADDRESS, CODE_BYTES), code, size);
  map_at(STACK_ADDRESS, STACK_BYTES);
  map_at(BLOCK_ADDRESS, BLOCK_BYTES);
  check(uc_open(UC_ARCH_X86, UC_MODE_64, &engine));
  /* Its memory is this process's own: filling a block costs no call. */
  check(uc_mem_map_ptr(engine, CODE_ADDRESS, CODE_BYTES, UC_PROT_READ | UC_PROT_EXEC, (void *)CODE_ADDRESS));
  check(uc_mem_map_ptr(engine, STACK_ADDRESS, STACK_BYTES, UC_PROT_READ | UC_PROT_WRITE, (void *)STACK_ADDRESS));
  check(uc_mem_map_ptr(engine, BLOCK_ADDRESS, BLOCK_BYTES, UC_PROT_READ | UC_PROT_WRITE, (void *)BLOCK_ADDRESS));
  if (tdcall_address == 0) return;
  if (BENCH_TDCALL == 1) check(uc_hook_add(engine, &hook, UC_HOOK_CODE, on_address, NULL, tdcall_address, tdcall_address));
}
