/*
 * One block goes in, another comes out, which may be NULL, and may be the same as the first.
 *
 * u64 transfer(const struct in { u64 function, a, b, reserved; } *in, struct out { u64 status, r11, r12; } *out);
 */
#include "idiom.inc"

.macro transfer name, clears_first=0
	begin_function \name
	push_all rbx, r12, r13
	movq	%rsi, %rbx
	.if	\clears_first
	testq	%rbx, %rbx
	jz	.Lload_\@
	movq	$0, 8(%rbx)
	.endif
.Lload_\@:
	movq	(%rdi), %r11
	movq	8(%rdi), %r12
	movq	16(%rdi), %r13
	clear	eax, r10d
	movl	$0x3c00, %ecx
	tdcall
	testq	%rbx, %rbx
	jz	.Lout_\@
	movq	%rax, (%rbx)
	movq	%r11, 8(%rbx)
	movq	%r12, 16(%rbx)
.Lout_\@:
	testq	%rax, %rax
	cmovzq	%r10, %rax
	clear	r10d, r11d
	pop_all r13, r12, rbx
	ret
	end_function \name
.endm

	.text
	transfer transfer
	transfer transfer_clearing, 1

	.section .note.GNU-stack, "", @progbits
