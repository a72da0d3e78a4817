/*
 * Guest stubs of Linux v6.7 to v7.3, written from the facts of their ABI.
 * Forms: endbr64; the short ones without a frame and `ret; int3`; __tdcall_saved_ret with a frame and
 * `jmp __x86_return_thunk`. No function stops: the status goes to the caller.
 */

#include "guest-6.7.inc"

	.section .noinstr.text, "ax", @progbits

tdcall_few	__tdcall

tdcall_few	__tdcall_ret, output=store_few

tdcall_many	__tdcall_saved_ret

	.section .note.GNU-stack, "", @progbits
