/*
 * Contender, and the physical limit: the same stub with every TDCALL assembled as a call to the answer (native-call-stub.S),
 * which leaves all registers but its own outputs alone.
 */
#include "native.h"

uint64_t call_registers[REGISTERS];

void call_answer(void);
void BENCH_SYMBOL(void);

/* Named by the stubs; the bench's records never fail. */
void __tdx_hypercall_failed(void) { abort(); }

__attribute__((used)) static void answer_call(void) { answer_tdcall(call_registers, native_answers); }

__asm__(".text\n"
        ".globl call_answer\n"
        "call_answer:\n"
        "  mov %rax, call_registers(%rip)\n"
        "  lea call_registers(%rip), %rax\n"
        "  mov %rcx, 8(%rax)\n  mov %rdx, 16(%rax)\n  mov %rbx, 24(%rax)\n  mov %rsp, 32(%rax)\n"
        "  mov %rbp, 40(%rax)\n  mov %rsi, 48(%rax)\n  mov %rdi, 56(%rax)\n  mov %r8, 64(%rax)\n"
        "  mov %r9, 72(%rax)\n  mov %r10, 80(%rax)\n  mov %r11, 88(%rax)\n  mov %r12, 96(%rax)\n"
        "  mov %r13, 104(%rax)\n  mov %r14, 112(%rax)\n  mov %r15, 120(%rax)\n"
        /* The host's stack is aligned, the stub's need not be. */
        "  mov native_host_rsp(%rip), %rsp\n"
        "  call answer_call\n"
        "  lea call_registers(%rip), %rax\n"
        "  mov 8(%rax), %rcx\n  mov 16(%rax), %rdx\n  mov 24(%rax), %rbx\n  mov 32(%rax), %rsp\n"
        "  mov 40(%rax), %rbp\n  mov 48(%rax), %rsi\n  mov 56(%rax), %rdi\n  mov 64(%rax), %r8\n"
        "  mov 72(%rax), %r9\n  mov 80(%rax), %r10\n  mov 88(%rax), %r11\n  mov 96(%rax), %r12\n"
        "  mov 104(%rax), %r13\n  mov 112(%rax), %r14\n  mov 120(%rax), %r15\n  mov (%rax), %rax\n"
        "  ret\n");

static void set_up(const uint8_t *code, size_t size) {
  (void)code;
  (void)size;
  map_data();
  native_entry = (uint64_t)BENCH_SYMBOL;
}
