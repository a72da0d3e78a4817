/*
 * Broken twins of the guest stubs of Linux v5.19 to v6.2 that once passed: flags at TDCALL, carries of addresses, addresses that
 * depend on secrets, arguments that are tested in part.
 */

#include "../targets/guest-5.19.inc"

	.section .text, "ax", @progbits

/* --- flags at TDCALL --- */

.macro set_in_flags bits
	pushfq
	orq	$\bits, (%rsp)
	popfq
.endm

.macro clear_in_flags bits
	pushfq
	andq	$~\bits, (%rsp)
	popfq
.endm

	/* DF is set while the host runs. */
.macro issue_backward
	issue_vmcall_behind std
	cld
.endm
.macro issue_vmcall_behind instruction
	\instruction
	testl	$.Lissue_sti, %esi
	jz	1f
	sti
1:	tdcall
.endm
	hypercall direction_set_at_call, issue=issue_backward

	/* NT is set while the host runs, and then what it was. */
.macro issue_nested
	pushfq
	pushfq
	orq	$0x4000, (%rsp)
	popfq
	testl	$.Lissue_sti, %esi
	jz	1f
	orq	$0x200, (%rsp)
	sti
1:	tdcall
	popfq
.endm
	hypercall nested_task_at_call, issue=issue_nested

	/* AC is set while the host runs: nobody takes it back before. */
.macro issue_with_user_access
	stac
	testl	$.Lissue_sti, %esi
	jz	1f
	sti
1:	tdcall
	clac
.endm
	hypercall user_access_at_call, issue=issue_with_user_access

	/* Interrupts are open at every call, and afterwards what they were. */
.macro issue_interruptible
	testl	$.Lissue_sti, %esi
	jz	1f
	sti
	tdcall
	jmp	2f
1:	pushfq
	pushfq
	orq	$0x200, (%rsp)
	popfq
	tdcall
	popfq
2:
.endm
	hypercall interrupts_open_at_call, issue=issue_interruptible

	/* POPF opens interrupts; the STI behind it has no shadow any more. */
.macro issue_opened_before
	testl	$.Lissue_sti, %esi
	jz	1f
	set_in_flags 0x200
	sti
1:	tdcall
.endm
	hypercall popf_before_sti, issue=issue_opened_before

	/* POPF in place of STI: no shadow. */
.macro issue_by_popf
	testl	$.Lissue_sti, %esi
	jz	1f
	set_in_flags 0x200
1:	tdcall
.endm
	hypercall popf_for_sti, issue=issue_by_popf

	/* Interrupts are closed where the caller asked for STI, and open again behind the call. */
.macro issue_closed
	testl	$.Lissue_sti, %esi
	jz	1f
	sti
	cli
1:	tdcall
	testl	$.Lissue_sti, %esi
	jz	1f
	set_in_flags 0x200
1:
.endm
	hypercall sti_taken_back, issue=issue_closed

/* --- undefined bits of the flags --- */

	/* Only 1 and 3 are known as calls with an output. */
.macro store_for_known_flags
	cmpl	$1, %esi
	je	3f
	cmpl	$3, %esi
	jne	2f
3:	store	r10, r11, r12, r13, r14, r15
2:
.endm
	hypercall flags_compared_whole, output=store_for_known_flags

	/* Everything above 2 is taken for a call with STI and an output. */
.macro issue_above_one
	cmpl	$2, %esi
	jb	1f
	sti
1:	tdcall
.endm
	hypercall flags_compared_by_order, issue=issue_above_one

/* --- carries --- */

	/* The pointer goes through the block by additions to its low word. */
.macro load_by_steps
	movq	(%rdi), %r10
	addw	$8, %di
	movq	(%rdi), %r11
	addw	$8, %di
	movq	(%rdi), %r12
	addw	$8, %di
	movq	(%rdi), %r13
	addw	$8, %di
	movq	(%rdi), %r14
	addw	$8, %di
	movq	(%rdi), %r15
	subw	$40, %di
.endm
	hypercall block_stepped_by_words, load=load_by_steps

	/* The address of the outputs is computed in the low half; the high half comes from the pointer. */
.macro store_by_halves
	skip_without_output
	movq	%rdi, %rdx
	shrq	$32, %rdx
	shlq	$32, %rdx
	leal	.Largs_r13(%rdi), %eax
	orq	%rdx, %rax
	store	r10, r11, r12
	movq	%r13, (%rax)
	movq	%r14, 8(%rax)
	movq	%r15, 16(%rax)
2:
.endm
	hypercall outputs_without_carry, output=store_by_halves

	/* Room on the stack is made in SP alone. */
.macro save_in_sp
	subw	$32, %sp
	movq	%r12, (%rsp)
	movq	%r13, 8(%rsp)
	movq	%r14, 16(%rsp)
	movq	%r15, 24(%rsp)
.endm
.macro restore_in_sp
	movq	(%rsp), %r12
	movq	8(%rsp), %r13
	movq	16(%rsp), %r14
	movq	24(%rsp), %r15
	addw	$32, %sp
.endm
	/* Both wrap alike: the frame lies 64 KiB too high, where nobody gave memory. */
	hypercall frame_in_sp, save=save_in_sp, restore=restore_in_sp

/* --- addresses that depend on secrets --- */

	/* A byte of RBX picks a line of a table before the host runs. */
.macro load_with_table
	load_arguments
	movzbl	%bl, %edx
	leaq	.Ltable(%rip), %rax
	movzbl	(%rax,%rdx), %edx
.endm
	hypercall table_indexed_by_secret, load=load_with_table

	/* The flags' upper bits, which nobody defined, pick a word of the stack. */
.macro load_with_frame
	load_arguments
	movq	%rbp, %rdx
	andl	$3, %edx
	movq	(%rsp,%rdx,8), %rax
.endm
	hypercall frame_indexed_by_secret, load=load_with_frame

	/* Which cache line is fetched depends on R12 as the caller had it. */
.macro save_and_prefetch
	save_registers
	movl	%r12d, %edx
	andl	$0xc0, %edx
	leaq	.Ltable(%rip), %rax
	testb	$1, (%rax,%rdx)
.endm
	hypercall line_chosen_by_secret, save=save_and_prefetch

	.section .rodata
.Ltable:
	.fill	256, 1, 0x5a

	.section .note.GNU-stack, "", @progbits
