/*
 * Broken twins of the guest stubs of Linux v6.7 to v7.3 that once passed: flags at TDCALL, carries of addresses, addresses that
 * depend on secrets.
 */

#include "../targets/guest-6.7.inc"

	.section .text, "ax", @progbits

	/* The outputs are stored behind a pointer that is stepped in 16 bits. */
.macro store_by_words
	movq	%rsi, %rdi
	movq	%rcx, (%rdi)
	addw	$8, %di
	movq	%rdx, (%rdi)
	addw	$8, %di
	movq	%r8, (%rdi)
	addw	$8, %di
	movq	%r9, (%rdi)
	addw	$8, %di
	movq	%r10, (%rdi)
	addw	$8, %di
	movq	%r11, (%rdi)
.endm
	tdcall_few outputs_stepped_by_words, output=store_by_words

	/* The pointer is split, advanced in its low half, and joined again. */
.macro load_by_halves
	movq	%rsi, %rdx
	shrq	$32, %rdx
	leal	.Largs_r11(%rsi), %ecx
	shlq	$32, %rdx
	orq	%rdx, %rcx
	movq	(%rcx), %r11
	load	r10, r9, r8, rdx, rcx
.endm
	tdcall_few argument_without_carry, load=load_by_halves

	/* DF is set for every leaf. */
.macro load_backward
	load_few
	std
.endm
.macro store_and_clear_direction
	cld
	store_few
.endm
	tdcall_few direction_set_at_leaf, load=load_backward, output=store_and_clear_direction

	/* IOPL is 3 while the host runs. */
.macro load_with_ports
	load_many
	pushfq
	orq	$0x3000, (%rsp)
	popfq
.endm
.macro take_without_ports
	pushfq
	andq	$~0x3000, (%rsp)
	popfq
	take_args
.endm
	tdcall_many ports_open_at_call, many=load_with_ports, take=take_without_ports

	/* A line of a table is fetched by what the caller left in R12. */
.macro load_by_r12
	movq	%r12, %rdx
	andl	$0x1c0, %edx
	leaq	.Llines(%rip), %rcx
	movl	(%rcx,%rdx), %edx
	load_few
.endm
	tdcall_many line_by_r12, few=load_by_r12

	/* What an earlier function left on the stack picks a word of it. */
.macro load_by_dead_stack
	subq	$64, %rsp
	movl	(%rsp), %edx
	andl	$0x38, %edx
	movq	(%rsp,%rdx), %rcx
	addq	$64, %rsp
	load_few
.endm
	tdcall_many word_by_dead_stack, few=load_by_dead_stack

	.section .rodata
.Llines:
	.fill	512, 1, 0x11

	.section .note.GNU-stack, "", @progbits
