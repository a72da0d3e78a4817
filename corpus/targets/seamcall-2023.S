/*
 * Host stub of the patch series of 2023, written from the facts of its ABI, with the outputs left alone when SEAMCALL
 * does not reach the module. Form: endbr64, a frame, `ret; int3`.
 */

#include "seamcall-2023.inc"

	.section .text, "ax", @progbits

seamcall_2023	__seamcall

	.section .note.GNU-stack, "", @progbits
