/*
 * Microsoft x64: a function keeps values in its shadow space and in the slots of its own stack parameters, which are the
 * callee's to write.
 *
 * u64 spill(u64 function, u64 a, u64 b, u64 c, u32 d, u64 e);
 */
#include "idiom.inc"

.macro spill name, behind
	begin_function \name
	movq	%r12, 8(%rsp)
	movq	%r13, 16(%rsp)
	movq	%r14, 24(%rsp)
	movl	40(%rsp), %eax
	.if	\behind
	movq	%r15, 56(%rsp)
	.else
	movq	%r15, 40(%rsp)
	.endif
	movq	%rcx, %r11
	movq	%rdx, %r12
	movq	%r8, %r13
	movl	%eax, %r14d
	movq	48(%rsp), %r15
	movq	%r9, 48(%rsp)
	clear	eax, r10d
	movl	$0xfc00, %ecx
	tdcall
	testq	%rax, %rax
	cmovzq	%r10, %rax
	clear	r10d, r11d
	.if	\behind
	movq	56(%rsp), %r15
	.else
	movq	40(%rsp), %r15
	.endif
	movq	24(%rsp), %r14
	movq	16(%rsp), %r13
	movq	8(%rsp), %r12
	ret
	end_function \name
.endm

	.text
	spill	spill, 0
	spill	spill_behind, 1

	.section .note.GNU-stack, "", @progbits
