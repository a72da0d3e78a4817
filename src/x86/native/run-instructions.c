/*
 * Runs single instructions on the CPU of this machine, as the oracle of the differential test.
 *
 * usage: run-instructions CASES RESULTS
 *
 * CASES holds records of struct test_case, RESULTS gets one struct test_result for each. Every case: its code is copied to
 * CODE, followed by a jump to the exit; registers, flags, segment bases, MXCSR, the x87 control word and the observed memory
 * are loaded; the code runs; everything is stored. A branch target at CODE + 64 is the second exit. Signals give the exception
 * vector, its error code and CR2. testing/native-oracle.ts knows the same layout.
 *
 * To be compiled without a stack protector: while a case has a segment base of its own, FS does not point to the thread's data.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define CODE 0x10000000ul
#define TAKEN (CODE + 64)
#define DATA 0x20000000ul
#define DATA_SIZE 8192
#define READ_ONLY 0x21000000ul
#define STATE 0x30000000ul
#define NO_TRAP 0xffffffffu

/* The observed memory, all within DATA, which is zero elsewhere: on both sides of the page boundary, and both ends. */
#define WINDOW 0xf80
#define WINDOW_SIZE 256
#define END_SIZE 32
#define TAIL (DATA_SIZE - END_SIZE)

struct state {
  uint64_t gpr[16];
  uint64_t rflags;
  uint64_t fs_base;
  uint64_t gs_base;
  uint32_t mxcsr;
  uint32_t x87_cw;
  uint64_t xmm[32];
};

struct memory {
  uint8_t window[WINDOW_SIZE];
  uint8_t head[END_SIZE];
  uint8_t tail[END_SIZE];
};

struct test_case {
  uint8_t code[16];
  uint64_t code_length;
  struct state state;
  struct memory memory;
};

struct test_result {
  uint32_t trap;
  uint32_t error_code;
  uint64_t rip;
  uint64_t address;
  uint64_t stray; /* 1 if something outside the observed memory was written */
  struct state state;
  struct memory memory;
};

/* At STATE; the assembly below knows the offsets. */
struct shared {
  struct state state;   /* 0 */
  uint64_t host_rsp;    /* 0x1a0 */
  uint64_t exit_taken;  /* 0x1a8 */
  uint64_t entry;       /* 0x1b0 */
  uint32_t host_mxcsr;  /* 0x1b8 */
  uint32_t host_x87_cw; /* 0x1bc */
};

_Static_assert(sizeof(struct test_case) == 760, "size of a case");
_Static_assert(sizeof(struct test_result) == 768, "size of a result");
_Static_assert(__builtin_offsetof(struct shared, host_rsp) == 0x1a0, "offset in the assembly");

static struct shared *const shared = (struct shared *)STATE;
static volatile int running;
static uint32_t trap_number;
static uint32_t trap_error;
static uint64_t trap_rip;
static uint64_t trap_address;

void enter_code(void);
void exit_next(void);
void exit_taken(void);
void exit_trap(void);

__asm__(
    ".text\n"
    ".globl enter_code, exit_next, exit_taken, exit_trap\n"
    "enter_code:\n"
    "  push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "  mov %rsp, 0x300001a0\n"
    "  stmxcsr 0x300001b8\n fnstcw 0x300001bc\n"
    "  .irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "  movups 0x300000a0+16*\\i, %xmm\\i\n"
    "  .endr\n"
    "  ldmxcsr 0x30000098\n fldcw 0x3000009c\n"
    "  push 0x30000080\n popfq\n"
    "  mov 0x30000000, %rax\n mov 0x30000008, %rcx\n mov 0x30000010, %rdx\n mov 0x30000018, %rbx\n"
    "  mov 0x30000028, %rbp\n mov 0x30000030, %rsi\n mov 0x30000038, %rdi\n mov 0x30000040, %r8\n"
    "  mov 0x30000048, %r9\n mov 0x30000050, %r10\n mov 0x30000058, %r11\n mov 0x30000060, %r12\n"
    "  mov 0x30000068, %r13\n mov 0x30000070, %r14\n mov 0x30000078, %r15\n mov 0x30000020, %rsp\n"
    "  jmp *0x300001b0\n"
    "exit_taken:\n"
    "  movq $2, 0x300001a8\n jmp 1f\n"
    "exit_next:\n"
    "  movq $1, 0x300001a8\n"
    "1:\n"
    "  mov %rax, 0x30000000\n mov %rcx, 0x30000008\n mov %rdx, 0x30000010\n mov %rbx, 0x30000018\n"
    "  mov %rsp, 0x30000020\n mov %rbp, 0x30000028\n mov %rsi, 0x30000030\n mov %rdi, 0x30000038\n"
    "  mov %r8, 0x30000040\n mov %r9, 0x30000048\n mov %r10, 0x30000050\n mov %r11, 0x30000058\n"
    "  mov %r12, 0x30000060\n mov %r13, 0x30000068\n mov %r14, 0x30000070\n mov %r15, 0x30000078\n"
    "  mov 0x300001a0, %rsp\n"
    "  pushfq\n pop 0x30000080\n"
    "  stmxcsr 0x30000098\n fnstcw 0x3000009c\n"
    "  .irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "  movups %xmm\\i, 0x300000a0+16*\\i\n"
    "  .endr\n"
    "exit_trap:\n"
    "  push $0x202\n popfq\n"
    "  ldmxcsr 0x300001b8\n fldcw 0x300001bc\n"
    "  pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    "  ret\n");

/* arch_prctl(2) without the C library, which would look for errno through FS. */
static long segment_base(long operation, uint64_t argument) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"((long)SYS_arch_prctl), "D"(operation), "S"(argument)
                   : "rcx", "r11", "memory");
  return result;
}
#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)number;
  (void)info;
  if (!running) abort();
  ucontext_t *u = context;
  greg_t *g = u->uc_mcontext.gregs;
  /* Hardware order of the general registers. */
  static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  for (int i = 0; i < 16; i++) shared->state.gpr[i] = (uint64_t)g[order[i]];
  shared->state.rflags = (uint64_t)g[REG_EFL];
  shared->state.mxcsr = u->uc_mcontext.fpregs->mxcsr;
  shared->state.x87_cw = u->uc_mcontext.fpregs->cwd;
  memcpy(shared->state.xmm, u->uc_mcontext.fpregs->_xmm, sizeof shared->state.xmm);
  trap_number = (uint32_t)g[REG_TRAPNO];
  trap_error = (uint32_t)g[REG_ERR];
  trap_rip = (uint64_t)g[REG_RIP];
  trap_address = trap_number == 14 ? (uint64_t)g[REG_CR2] : 0;
  g[REG_RSP] = (greg_t)shared->host_rsp;
  g[REG_RIP] = (greg_t)(uintptr_t)exit_trap;
  g[REG_EFL] = 0x202;
}

static void *map_at(uint64_t address, size_t size, int protection) {
  void *p = mmap((void *)address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_FIXED_NOREPLACE, -1, 0);
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

/* Whether a byte outside the observed memory is not zero; clears it then. */
static int clear_stray(uint8_t *data) {
  static const struct { uint32_t from, to; } gaps[2] = {{END_SIZE, WINDOW}, {WINDOW + WINDOW_SIZE, TAIL}};
  int found = 0;
  for (int i = 0; i < 2; i++) {
    uint64_t any = 0;
    for (uint32_t at = gaps[i].from; at < gaps[i].to; at += 8) any |= *(uint64_t *)(data + at);
    if (any != 0) {
      found = 1;
      memset(data + gaps[i].from, 0, gaps[i].to - gaps[i].from);
    }
  }
  return found;
}

static void run(const struct test_case *test, struct test_result *result, uint8_t *data) {
  memcpy(data + WINDOW, test->memory.window, WINDOW_SIZE);
  memcpy(data, test->memory.head, END_SIZE);
  memcpy(data + TAIL, test->memory.tail, END_SIZE);
  shared->state = test->state;
  shared->entry = CODE;
  shared->exit_taken = 0;
  trap_number = NO_TRAP;
  trap_error = 0;
  trap_rip = 0;
  trap_address = 0;
  int has_bases = (test->state.fs_base | test->state.gs_base) != 0;
  uint64_t host_fs = 0, host_gs = 0;
  if (has_bases) {
    segment_base(ARCH_GET_FS, (uint64_t)(uintptr_t)&host_fs);
    segment_base(ARCH_GET_GS, (uint64_t)(uintptr_t)&host_gs);
    segment_base(ARCH_SET_GS, test->state.gs_base);
    segment_base(ARCH_SET_FS, test->state.fs_base);
  }
  running = 1;
  enter_code();
  running = 0;
  if (has_bases) {
    segment_base(ARCH_GET_FS, (uint64_t)(uintptr_t)&shared->state.fs_base);
    segment_base(ARCH_GET_GS, (uint64_t)(uintptr_t)&shared->state.gs_base);
    segment_base(ARCH_SET_FS, host_fs);
    segment_base(ARCH_SET_GS, host_gs);
  }
  result->trap = trap_number;
  result->error_code = trap_error;
  result->rip = trap_number != NO_TRAP ? trap_rip : shared->exit_taken == 2 ? TAKEN : CODE + test->code_length;
  result->address = trap_address;
  result->state = shared->state;
  result->stray = (uint64_t)clear_stray(data);
  memcpy(result->memory.window, data + WINDOW, WINDOW_SIZE);
  memcpy(result->memory.head, data, END_SIZE);
  memcpy(result->memory.tail, data + TAIL, END_SIZE);
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
  uint8_t *data = map_at(DATA, DATA_SIZE, PROT_READ | PROT_WRITE);
  map_at(READ_ONLY, 4096, PROT_READ);
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

  static struct test_case test;
  static struct test_result result;
  static uint8_t present[16];
  uint64_t present_length = 0;
  while (fread(&test, sizeof test, 1, in) == 1) {
    if (test.code_length == 0 || test.code_length > sizeof test.code) return 2;
    /* Written only when it changes: the CPU pays for code that is written and executed in turn. */
    if (test.code_length != present_length || memcmp(present, test.code, sizeof present) != 0) {
      memset(code, 0xcc, 128);
      memcpy(code, test.code, test.code_length);
      put_jump(code + test.code_length, exit_next);
      put_jump(code + 64, exit_taken);
      memcpy(present, test.code, sizeof present);
      present_length = test.code_length;
    }
    run(&test, &result, data);
    if (fwrite(&result, sizeof result, 1, out) != 1) return 2;
  }
  return fclose(out) == 0 ? 0 : 2;
}
