/* Running machine code on this CPU: registers and stack as a record says, back by a plain return. */
#ifndef NATIVE_H
#define NATIVE_H

#include "bench.h"

/* Known to the assembly below. */
uint64_t native_result[REGISTERS];
uint64_t native_host_rsp;
uint64_t native_entry;
const uint64_t *native_answers;

void native_enter(const uint64_t *registers);
void native_leave(void);

__asm__(".text\n"
        "native_enter:\n"
        "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  sub $8, %rsp\n"
        "  mov %rsp, native_host_rsp(%rip)\n"
        "  mov %rdi, %rax\n"
        "  mov 8(%rax), %rcx\n  mov 16(%rax), %rdx\n  mov 24(%rax), %rbx\n  mov 32(%rax), %rsp\n"
        "  mov 40(%rax), %rbp\n  mov 48(%rax), %rsi\n  mov 56(%rax), %rdi\n  mov 64(%rax), %r8\n"
        "  mov 72(%rax), %r9\n  mov 80(%rax), %r10\n  mov 88(%rax), %r11\n  mov 96(%rax), %r12\n"
        "  mov 104(%rax), %r13\n  mov 112(%rax), %r14\n  mov 120(%rax), %r15\n  mov (%rax), %rax\n"
        "  jmp *native_entry(%rip)\n"
        /* The return address that the code finds on its stack. */
        "native_leave:\n"
        "  mov %rax, native_result(%rip)\n"
        "  lea native_result(%rip), %rax\n"
        "  mov %rcx, 8(%rax)\n  mov %rdx, 16(%rax)\n  mov %rbx, 24(%rax)\n  mov %rsp, 32(%rax)\n"
        "  mov %rbp, 40(%rax)\n  mov %rsi, 48(%rax)\n  mov %rdi, 56(%rax)\n  mov %r8, 64(%rax)\n"
        "  mov %r9, 72(%rax)\n  mov %r10, 80(%rax)\n  mov %r11, 88(%rax)\n  mov %r12, 96(%rax)\n"
        "  mov %r13, 104(%rax)\n  mov %r14, 112(%rax)\n  mov %r15, 120(%rax)\n"
        "  mov native_host_rsp(%rip), %rsp\n"
        "  add $8, %rsp\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
        "  ret\n");

static void run_record(const struct record *record) {
  memcpy((void *)BLOCK_ADDRESS, record->block, sizeof record->block);
  *(uint64_t *)record->registers[RSP] = (uint64_t)native_leave;
  native_answers = record->answers;
  native_enter(record->registers);
}

static void read_result(struct result *result) {
  memcpy(result->registers, native_result, sizeof result->registers);
  memcpy(result->block, (void *)BLOCK_ADDRESS, sizeof result->block);
}

static void map_data(void) {
  map_at(STACK_ADDRESS, STACK_BYTES);
  map_at(BLOCK_ADDRESS, BLOCK_BYTES);
}

#endif
