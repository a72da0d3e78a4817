/*
 * Guest stubs of Linux v6.4 to v6.6, written from the facts of their ABI.
 * Forms: endbr64, no frame, `ret; int3`; a failed TDVMCALL calls the noreturn __tdx_hypercall_failed, UD2 behind it.
 */

#include "guest-6.4.inc"

	.section .noinstr.text, "ax", @progbits

module_call	__tdx_module_call

hypercall	__tdx_hypercall

hypercall	__tdx_hypercall_ret, output=store_outputs

	.section .note.GNU-stack, "", @progbits
