/*
 * Contender: the code's own bytes on this CPU. TDCALL raises #UD, or #GP where the CPU knows it, and the handler of SIGILL and SIGSEGV
 * answers it. Code without TDCALL simply runs.
 * STI would raise #GP in user mode: the bench's records ask for none.
 */
#include "native.h"

#include <signal.h>
#include <ucontext.h>

static const int CONTEXT[REGISTERS] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static void on_signal(int signal, siginfo_t *info, void *context) {
  static const uint8_t tdcall[4] = {0x66, 0x0f, 0x01, 0xcc};
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  uint64_t guest[REGISTERS];
  (void)signal;
  (void)info;
  uint64_t rip = (uint64_t)registers[REG_RIP];
  if (rip - CODE_ADDRESS >= CODE_BYTES || memcmp((void *)rip, tdcall, sizeof tdcall) != 0) abort();
  for (int i = 0; i < REGISTERS; i++) guest[i] = (uint64_t)registers[CONTEXT[i]];
  answer_tdcall(guest, native_answers);
  for (int i = 0; i < REGISTERS; i++) registers[CONTEXT[i]] = (greg_t)guest[i];
  registers[REG_RIP] += sizeof tdcall;
}

static void set_up(const uint8_t *code, size_t size) {
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER};
  map_data();
  memcpy(map_at(CODE_ADDRESS, CODE_BYTES), code, size);
  if (mprotect((void *)CODE_ADDRESS, CODE_BYTES, PROT_READ | PROT_EXEC) != 0) fail("mprotect");
  if (sigaction(SIGILL, &action, NULL) != 0 || sigaction(SIGSEGV, &action, NULL) != 0) fail("sigaction");
  native_entry = CODE_ADDRESS;
}
