/*
 * Runs single instructions on the CPU of this machine, as the oracle of the differential test.
 *
 * usage: run-instructions CASES RESULTS
 *
 * CASES holds records of struct test_case, RESULTS gets one struct test_result for each. Every case: its code is copied to
 * CODE, followed by a jump to the exit; registers, flags and a window of memory are loaded; the code runs; everything is
 * stored. A branch target at CODE + 64 is the second exit. Signals give the exception vector.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define CODE 0x10000000ul
#define TAKEN (CODE + 64)
#define DATA 0x20000000ul
#define WINDOW (DATA + 0xf80)
#define WINDOW_SIZE 256
#define STATE 0x30000000ul
#define NO_TRAP 0xffffffffu

struct state {
  uint64_t gpr[16];
  uint64_t rflags;
  uint64_t xmm[32];
};

struct test_case {
  uint8_t code[16];
  uint64_t code_length;
  struct state state;
  uint8_t memory[WINDOW_SIZE];
};

struct test_result {
  uint32_t trap;
  uint32_t error_code;
  uint64_t rip;
  struct state state;
  uint8_t memory[WINDOW_SIZE];
};

/* At STATE: struct state (392 bytes), then host RSP, the exit taken, the entry address. Known to the assembly below. */
struct shared {
  struct state state;
  uint64_t host_rsp;
  uint64_t exit_taken;
  uint64_t entry;
};

static struct shared *const shared = (struct shared *)STATE;
static uint32_t trap_number;
static uint32_t trap_error;
static uint64_t trap_rip;

void enter_code(void);
void exit_next(void);
void exit_taken(void);
void exit_trap(void);

__asm__(
    ".text\n"
    ".globl enter_code, exit_next, exit_taken, exit_trap\n"
    "enter_code:\n"
    "  push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "  mov %rsp, 0x30000188\n"
    "  .irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "  movups 0x30000088+16*\\i, %xmm\\i\n"
    "  .endr\n"
    "  push 0x30000080\n popfq\n"
    "  mov 0x30000000, %rax\n mov 0x30000008, %rcx\n mov 0x30000010, %rdx\n mov 0x30000018, %rbx\n"
    "  mov 0x30000028, %rbp\n mov 0x30000030, %rsi\n mov 0x30000038, %rdi\n mov 0x30000040, %r8\n"
    "  mov 0x30000048, %r9\n mov 0x30000050, %r10\n mov 0x30000058, %r11\n mov 0x30000060, %r12\n"
    "  mov 0x30000068, %r13\n mov 0x30000070, %r14\n mov 0x30000078, %r15\n mov 0x30000020, %rsp\n"
    "  jmp *0x30000198\n"
    "exit_taken:\n"
    "  movq $2, 0x30000190\n jmp 1f\n"
    "exit_next:\n"
    "  movq $1, 0x30000190\n"
    "1:\n"
    "  mov %rax, 0x30000000\n mov %rcx, 0x30000008\n mov %rdx, 0x30000010\n mov %rbx, 0x30000018\n"
    "  mov %rsp, 0x30000020\n mov %rbp, 0x30000028\n mov %rsi, 0x30000030\n mov %rdi, 0x30000038\n"
    "  mov %r8, 0x30000040\n mov %r9, 0x30000048\n mov %r10, 0x30000050\n mov %r11, 0x30000058\n"
    "  mov %r12, 0x30000060\n mov %r13, 0x30000068\n mov %r14, 0x30000070\n mov %r15, 0x30000078\n"
    "  mov 0x30000188, %rsp\n"
    "  pushfq\n pop 0x30000080\n"
    "  .irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "  movups %xmm\\i, 0x30000088+16*\\i\n"
    "  .endr\n"
    "exit_trap:\n"
    "  push $0x202\n popfq\n"
    "  pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    "  ret\n");

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)number;
  (void)info;
  ucontext_t *u = context;
  greg_t *g = u->uc_mcontext.gregs;
  /* Hardware order of the general registers. */
  static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  if ((uint64_t)g[REG_RIP] < CODE || (uint64_t)g[REG_RIP] >= CODE + 4096) abort();
  for (int i = 0; i < 16; i++) shared->state.gpr[i] = (uint64_t)g[order[i]];
  shared->state.rflags = (uint64_t)g[REG_EFL];
  memcpy(shared->state.xmm, u->uc_mcontext.fpregs->_xmm, sizeof shared->state.xmm);
  trap_number = (uint32_t)g[REG_TRAPNO];
  trap_error = (uint32_t)g[REG_ERR];
  trap_rip = (uint64_t)g[REG_RIP];
  g[REG_RSP] = (greg_t)shared->host_rsp;
  g[REG_RIP] = (greg_t)(uintptr_t)exit_trap;
  g[REG_EFL] = 0x202;
}

static void *map_at(uint64_t address, size_t size, int protection) {
  void *p = mmap((void *)address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (p != (void *)address) {
    perror("mmap");
    exit(2);
  }
  return p;
}

static void put_jump(uint8_t *at, void (*target)(void)) {
  static const uint8_t jump[6] = {0xff, 0x25, 0, 0, 0, 0};
  uint64_t address = (uint64_t)(uintptr_t)target;
  memcpy(at, jump, sizeof jump);
  memcpy(at + sizeof jump, &address, sizeof address);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: run-instructions CASES RESULTS\n");
    return 2;
  }
  FILE *in = fopen(argv[1], "rb");
  FILE *out = fopen(argv[2], "wb");
  if (!in || !out) {
    perror("run-instructions");
    return 2;
  }
  uint8_t *code = map_at(CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
  map_at(DATA, 8192, PROT_READ | PROT_WRITE);
  map_at(STATE, 4096, PROT_READ | PROT_WRITE);

  static uint8_t alternate[65536];
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGFPE, &action, NULL);
  sigaction(SIGILL, &action, NULL);
  sigaction(SIGTRAP, &action, NULL);

  struct test_case test;
  struct test_result result;
  while (fread(&test, sizeof test, 1, in) == 1) {
    if (test.code_length > sizeof test.code) return 2;
    memset(code, 0xcc, 128);
    memcpy(code, test.code, test.code_length);
    put_jump(code + test.code_length, exit_next);
    put_jump(code + 64, exit_taken);
    memcpy((void *)WINDOW, test.memory, WINDOW_SIZE);
    shared->state = test.state;
    shared->entry = CODE;
    trap_number = NO_TRAP;
    trap_error = 0;
    trap_rip = 0;
    shared->exit_taken = 0;
    enter_code();
    result.trap = trap_number;
    result.error_code = trap_error;
    result.rip = trap_number != NO_TRAP ? trap_rip : shared->exit_taken == 2 ? TAKEN : CODE + test.code_length;
    result.state = shared->state;
    memcpy(result.memory, (void *)WINDOW, WINDOW_SIZE);
    if (fwrite(&result, sizeof result, 1, out) != 1) return 2;
  }
  return fclose(out) == 0 ? 0 : 2;
}
