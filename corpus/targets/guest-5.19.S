/*
 * Guest stubs of Linux v5.19 to v6.2, written from the facts of their ABI.
 * Forms: no endbr64; __tdx_module_call has a frame, __tdx_hypercall has none; both return with `ret; int3`;
 * a failed TDVMCALL stops at UD2.
 */

#include "guest-5.19.inc"

	.section .text, "ax", @progbits

module_call	__tdx_module_call

hypercall	__tdx_hypercall

	.section .note.GNU-stack, "", @progbits
