/*
 * A block with a hole that belongs to somebody else, and with a word that the function may use as it likes.
 *
 * u64 sample(struct sample { u32 valid; u32 hole; u64 value; u64 scratch; } *sample);
 */
#include "idiom.inc"

.macro sample name, store, register
	begin_function \name
	movq	%rbx, 16(%rdi)
	pushq	%r12
	movq	%rdi, %rbx
	movl	(%rdi), %r12d
	movl	$0x10002, %r11d
	clear	eax, r10d
	movl	$0x1c00, %ecx
	tdcall
	testq	%rax, %rax
	jnz	.Lfailed_\@
	\store	%\register, (%rbx)
	movq	%r11, 8(%rbx)
	movq	%r10, %rax
	popq	%r12
	movq	%rbx, %rdi
	movq	16(%rdi), %rbx
	movq	%r11, 16(%rdi)
	clear	r10d, r11d
	ret
.Lfailed_\@:
	ud2
	end_function \name
.endm

	.text
	sample	sample, movl, r12d
	sample	sample_wide, movq, r12

	.section .note.GNU-stack, "", @progbits
