/*
 * Sound variants of __tdx_hypercall of Linux v5.19 to v6.2: as unlike each other as code can be that keeps one contract.
 * variants.json says of each what it does in its own way.
 */

#include "../targets/guest-5.19.inc"

	.section .text, "ax", @progbits

/* --- frame: where the callee-saved registers wait --- */

.macro save_in_frame
	subq	$32, %rsp
	movq	%r12, 24(%rsp)
	movq	%r13, 16(%rsp)
	movq	%r14, 8(%rsp)
	movq	%r15, (%rsp)
.endm
.macro restore_from_frame
	movq	24(%rsp), %r12
	movq	16(%rsp), %r13
	movq	8(%rsp), %r14
	movq	(%rsp), %r15
	addq	$32, %rsp
.endm
	hypercall frame_of_moves, save=save_in_frame, restore=restore_from_frame

.macro save_behind_frame_pointer
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%r15
	pushq	%r14
	pushq	%r13
	pushq	%r12
.endm
.macro restore_by_frame_pointer
	movq	-32(%rbp), %r12
	movq	-24(%rbp), %r13
	movq	-16(%rbp), %r14
	movq	-8(%rbp), %r15
	leave
.endm
	hypercall frame_left_by_leave, save=save_behind_frame_pointer, restore=restore_by_frame_pointer

	/* The mask leaves RDX, R8 and R9 alone, so they keep what they are given. */
.macro save_in_registers
	movq	%r12, %rdx
	movq	%r13, %r8
	movq	%r14, %r9
	pushq	%r15
.endm
.macro restore_from_registers
	popq	%r15
	movq	%r9, %r14
	movq	%r8, %r13
	movq	%rdx, %r12
.endm
	hypercall frame_in_registers, save=save_in_registers, restore=restore_from_registers

	/* RSP is aligned to 64 bytes, as code does that calls compiled code. */
.macro save_aligned
	movq	%rsp, %rdx
	andq	$-64, %rsp
	pushq	%rdx
	push_all	r12, r13, r14, r15
.endm
.macro restore_aligned
	pop_all	r15, r14, r13, r12
	popq	%rsp
.endm
	hypercall frame_aligned, save=save_aligned, restore=restore_aligned

.macro save_with_enter
	enter	$32, $0
	movq	%r12, -8(%rbp)
	movq	%r13, -16(%rbp)
	movq	%r14, -24(%rbp)
	movq	%r15, -32(%rbp)
.endm
.macro restore_downward
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
.endm
	hypercall frame_by_enter, save=save_with_enter, restore=restore_downward

	/* The stack pointer itself waits in R8, which the host never sees. */
.macro save_and_remember
	push_all	r15, r12, r14, r13
	movq	%rsp, %r8
	subq	$128, %rsp
.endm
.macro restore_remembered
	movq	%r8, %rsp
	pop_all	r13, r14, r12, r15
.endm
	hypercall frame_remembered, save=save_and_remember, restore=restore_remembered

/* --- loads of the arguments --- */

.macro load_through_stack
	.irp	offset, 40, 32, 24, 16, 8, 0
	pushq	\offset(%rdi)
	.endr
	pop_all	r10, r11, r12, r13, r14, r15
.endm
	hypercall arguments_through_stack, load=load_through_stack

.macro load_by_walking
	movq	%rdi, %rdx
	movq	(%rdx), %r10
	addq	$8, %rdx
	movq	(%rdx), %r11
	addq	$8, %rdx
	movq	(%rdx), %r12
	leaq	24(%rdi), %rdx
	movq	(%rdx), %r13
	subq	$-8, %rdx
	movq	(%rdx), %r14
	movq	8(%rdx), %r15
.endm
	hypercall arguments_by_walking, load=load_by_walking

	/* LODS through RSI, which waits in R8; DF is 0 at every call. */
.macro load_by_lods
	movq	%rsi, %r8
	movq	%rdi, %rsi
	lodsq
	movq	%rax, %r10
	lodsq
	movq	%rax, %r11
	lodsq
	movq	%rax, %r12
	lodsq
	movq	%rax, %r13
	lodsq
	movq	%rax, %r14
	lodsq
	movq	%rax, %r15
	movq	%r8, %rsi
.endm
	hypercall arguments_by_lods, load=load_by_lods

	/* A copy of the block on the stack, from which the registers are loaded. */
.macro load_from_copy
	movq	%rdi, %rdx
	movq	%rsi, %r8
	subq	$48, %rsp
	movq	%rdi, %rsi
	movq	%rsp, %rdi
	movl	$6, %ecx
	rep movsq
	movq	%rdx, %rdi
	movq	%r8, %rsi
	pop_all	r10, r11, r12, r13, r14, r15
.endm
	hypercall arguments_from_copy, load=load_from_copy

	/* Both halves of each value by themselves. */
.macro load_half_and_half register
	movl	.Largs_\register+4(%rdi), %eax
	movl	.Largs_\register(%rdi), %edx
	shlq	$32, %rax
	leaq	(%rax,%rdx), %\register
.endm
.macro load_in_halves
	.irp	register, r10, r11, r12, r13, r14, r15
	load_half_and_half \register
	.endr
.endm
	hypercall arguments_in_halves, load=load_in_halves

	/* From the end of the block with a negative index. */
.macro load_by_index
	leaq	.Largs_end(%rdi), %rdx
	movq	$-6, %rax
	movq	(%rdx,%rax,8), %r10
	incq	%rax
	movq	(%rdx,%rax,8), %r11
	incq	%rax
	movq	(%rdx,%rax,8), %r12
	incq	%rax
	movq	(%rdx,%rax,8), %r13
	incq	%rax
	movq	(%rdx,%rax,8), %r14
	incq	%rax
	movq	(%rdx,%rax,8), %r15
.endm
	hypercall arguments_by_index, load=load_by_index

	/* XOR and exchange instead of moves. */
.macro load_by_xor
	.irp	register, r10, r11, r12, r13, r14, r15
	xorl	%eax, %eax
	xorq	.Largs_\register(%rdi), %rax
	xchgq	%rax, %\register
	.endr
.endm
	hypercall arguments_by_exchange, load=load_by_xor

/* --- mask and leaf --- */

.macro select_pushed
	pushq	$.Lmask
	popq	%rcx
	pushq	$0
	popq	%rax
.endm
	hypercall frame_pushed, select=select_pushed

.macro select_from_memory
	movzwl	.Lmask_word(%rip), %ecx
	andl	$0, %eax
.endm
	hypercall mask_from_memory, select=select_from_memory

.macro select_by_bits
	subl	%eax, %eax
	movl	%eax, %ecx
	.irp	bit, 10, 11, 12, 13, 14, 15
	btsl	$\bit, %ecx
	.endr
.endm
	hypercall mask_by_bits, select=select_by_bits

.macro select_by_shift
	movl	$63, %ecx
	shll	$10, %ecx
	cltd
	imull	$0, %ecx, %eax
.endm
	hypercall mask_by_shift, select=select_by_shift

.macro select_by_bytes
	xorl	%ecx, %ecx
	movb	$0xfc, %ch
	movzbl	%cl, %eax
.endm
	hypercall mask_by_bytes, select=select_by_bytes

.macro select_by_sum
	movq	$-1, %rcx
	shrq	$54, %rcx
	notw	%cx
	movzwl	%cx, %ecx
	leal	-.Lmask(%rcx), %eax
.endm
	hypercall mask_by_complement, select=select_by_sum

/* --- STI --- */

.macro issue_at_two_places
	btl	$1, %esi
	jc	5f
	tdcall
	jmp	6f
5:	sti
	tdcall
6:
.endm
	hypercall two_calls, issue=issue_at_two_places

.macro issue_by_carry
	movl	%esi, %edx
	shrl	$2, %edx
	jnc	1f
	sti
1:	tdcall
.endm
	hypercall sti_by_carry, issue=issue_by_carry

.macro issue_by_sign
	movq	%rsi, %rdx
	shlq	$62, %rdx
	jns	1f
	sti
1:	tdcall
.endm
	hypercall sti_by_sign, issue=issue_by_sign

	/* RCX decides before it holds the mask. */
.macro issue_by_jecxz
	movq	%rcx, %rdx
	movl	%esi, %ecx
	andl	$.Lissue_sti, %ecx
	jecxz	7f
	movq	%rdx, %rcx
	sti
	tdcall
	jmp	8f
7:	movq	%rdx, %rcx
	tdcall
8:
.endm
	hypercall sti_by_jecxz, issue=issue_by_jecxz

	/* IF is set only where it was clear: STI with IF = 1 has no shadow, and needs none. */
.macro issue_closed_first
	testl	$.Lissue_sti, %esi
	jz	1f
	cli
	xorl	%eax, %eax
	sti
1:	tdcall
.endm
	hypercall cli_before_sti, issue=issue_closed_first

/* --- failure --- */

.macro leave_by_compare
	cmpq	$0, %rax
	jne	9f
.endm
	hypercall failure_by_compare, check=leave_by_compare

.macro leave_by_decrement
	movq	%rax, %rdx
	subq	$1, %rdx
	jnc	9f
.endm
	hypercall failure_by_borrow, check=leave_by_decrement

.macro leave_by_negation
	negq	%rax
	jc	9f
.endm
	hypercall failure_by_negation, check=leave_by_negation

.macro leave_by_halves
	testl	%eax, %eax
	jnz	9f
	shrq	$32, %rax
	jnz	9f
.endm
	hypercall failure_by_halves, check=leave_by_halves

.macro leave_by_scan
	bsfq	%rax, %rdx
	jnz	9f
.endm
	hypercall failure_by_scan, check=leave_by_scan

.macro leave_on_the_spot
	testq	%rax, %rax
	jz	4f
	int3
4:
.endm
	hypercall failure_on_the_spot, check=leave_on_the_spot

.macro leave_and_halt
	testq	%rax, %rax
	jz	4f
3:	cli
	hlt
	jmp	3b
4:
.endm
	hypercall failure_halts, check=leave_and_halt

	/* A function of the kernel stops. */
.macro leave_for_panic
	testq	%rax, %rax
	jz	4f
	movq	%rax, %rdi
	call	panic
4:
.endm
	hypercall failure_panics, check=leave_for_panic

/* --- outputs --- */

.macro output_popped
	skip_without_output
	push_all	r15, r14, r13, r12, r11, r10
	popq	(%rdi)
	popq	8(%rdi)
	popq	16(%rdi)
	popq	24(%rdi)
	popq	32(%rdi)
	popq	40(%rdi)
2:
.endm
	hypercall outputs_popped, output=output_popped

.macro store_halves register, low
	movl	%\low, .Largs_\register(%rdi)
	movq	%\register, %rdx
	shrq	$32, %rdx
	movl	%edx, .Largs_\register+4(%rdi)
.endm
.macro output_in_halves
	testb	$1, %sil
	jz	2f
	store_halves r10, r10d
	store_halves r11, r11d
	store_halves r12, r12d
	store_halves r13, r13d
	store_halves r14, r14d
	store_halves r15, r15d
	movl	$0, %edx
2:
.endm
	hypercall outputs_in_halves, output=output_in_halves

.macro output_by_stos
	skip_without_output
	.irp	register, r10, r11, r12, r13, r14, r15
	movq	%\register, %rax
	stosq
	.endr
2:
.endm
	hypercall outputs_by_stos, output=output_by_stos

	/* Every field is stored, what it had where there is no output. */
.macro output_always
	testl	$.Lhas_output, %esi
	.irp	register, r11, r12, r13, r14, r15
	movq	.Largs_\register(%rdi), %rdx
	cmovnzq	%\register, %rdx
	movq	%rdx, .Largs_\register(%rdi)
	.endr
	movq	(%rdi), %rdx
	cmovnzq	%r10, %rdx
	movq	%rdx, (%rdi)
	cltd
.endm
	hypercall outputs_always, output=output_always

.macro output_exchanged
	btq	$0, %rsi
	jnc	2f
	movq	%r10, (%rdi)
	.irp	register, r11, r12, r13, r14, r15
	xchgq	%\register, .Largs_\register(%rdi)
	.endr
2:
.endm
	hypercall outputs_exchanged, output=output_exchanged

.macro output_from_end
	skip_without_output
	addq	$.Largs_r15, %rdi
	movq	%r15, (%rdi)
	movq	%r14, -8(%rdi)
	movq	%r13, -16(%rdi)
	movq	%r12, -24(%rdi)
	movq	%r11, -32(%rdi)
	movq	%r10, -40(%rdi)
2:
.endm
	hypercall outputs_from_end, output=output_from_end

/* --- scrub and result --- */

.macro return_by_exchange
	/* RAX is 0 here, so that R10 is clear afterwards. */
	xchgq	%r10, %rax
.endm
	hypercall result_by_exchange, status=return_by_exchange, clear="subl %r11d, %r11d"

.macro return_through_stack
	pushq	%r10
	popq	%rax
.endm
	hypercall result_through_stack, status=return_through_stack, clear="scrub r11d, r10d"

	/* Other values of the guest take the place of the host's. */
.macro overwrite_with_arguments
	movq	%rdi, %r10
	movl	%esi, %r11d
.endm
	hypercall scrub_by_overwriting, clear=overwrite_with_arguments

.macro clear_by_and
	andl	$0, %r10d
	movl	$0, %r11d
.endm
	hypercall scrub_by_and, clear=clear_by_and

.macro store_and_clear register, low
	movq	%\register, .Largs_\register(%rdi)
	xorl	%\low, %\low
.endm
	/* Each register is cleared as soon as it was stored. */
.macro output_and_clear
	testl	$.Lhas_output, %esi
	jz	2f
	store_and_clear r15, r15d
	store_and_clear r14, r14d
	store_and_clear r13, r13d
	store_and_clear r12, r12d
	store_and_clear r11, r11d
	movq	%r10, (%rdi)
2:
.endm
	hypercall scrub_while_storing, output=output_and_clear

.macro return_by_address
	leaq	(%r10), %rax
.endm
.macro clear_by_shift
	shlq	$32, %r10
	shlq	$32, %r10
	imulq	$0, %r11, %r11
	movl	%ecx, %r10d
	movl	%ecx, %r11d
.endm
	hypercall scrub_by_mask, status=return_by_address, clear=clear_by_shift

	.section .rodata
.Lmask_word:
	.short	.Lmask

	.section .note.GNU-stack, "", @progbits
