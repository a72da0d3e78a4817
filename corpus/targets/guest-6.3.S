/*
 * Guest stubs of Linux v6.3, written from the facts of their ABI.
 * Forms: endbr64 and a frame; both functions return by `jmp __x86_return_thunk`; a failed TDVMCALL calls the
 * noreturn __tdx_hypercall_failed with whatever stack alignment there is.
 */

#include "guest-6.3.inc"

	.section .noinstr.text, "ax", @progbits

module_call	__tdx_module_call

hypercall	__tdx_hypercall

	.section .note.GNU-stack, "", @progbits
