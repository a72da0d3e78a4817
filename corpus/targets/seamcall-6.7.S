/*
 * Host stubs of Linux v6.7 to v7.3, written from the facts of their ABI.
 * Forms: endbr64; the short ones without a frame and `ret; int3`; __seamcall_saved_ret with a frame and
 * `jmp __x86_return_thunk`.
 */

#include "seamcall-6.7.inc"

	.section .text, "ax", @progbits

seamcall_few	__seamcall

seamcall_few	__seamcall_ret, output=store_few

	.section .noinstr.text, "ax", @progbits

seamcall_many	__seamcall_saved_ret

	.section .note.GNU-stack, "", @progbits
