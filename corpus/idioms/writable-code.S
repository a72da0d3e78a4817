/*
 * As in firmware of a single section: code and data lie together where both may be written and executed.
 *
 * u64 count_calls(u64 code);
 */
#include "idiom.inc"

.macro count_calls name, counter
	begin_function \name
	pushq	%r12
	movq	%rdi, %r12
	incl	\counter(%rip)
	movl	$0x10003, %r11d
	clear	eax, r10d
	movl	$0x1c00, %ecx
	tdcall
	addq	$1, calls(%rip)
	testq	%rax, %rax
	cmovzq	%r10, %rax
	clear	r10d, r11d
	popq	%r12
	ret
	end_function \name
.endm

	.section .firmware, "awx", @progbits
	count_calls count_calls, calls
	count_calls count_calls_elsewhere, other

	.balign	8
	.type	calls, @object
calls:	.quad	0
	.size	calls, 8
	.type	other, @object
other:	.quad	0
	.size	other, 8

	.section .note.GNU-stack, "", @progbits
