/*
 * Sound variants of
 *
 *	u64 map_gpa(u64 gpa, u64 size)		RDI, RSI
 *
 * R11 = 0x10001, R12 = gpa, R13 = size, with the mask 0x3c00. Returns R10, stops where TDCALL fails, leaves no value of the
 * host behind. map-gpa.json has its contract, and what some of these need besides.
 */

#include "../targets/function.inc"

	.set	.Lmask, 0x3c00

.macro tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
.endm

.macro nothing
.endm

.macro ask
	movq	%rdi, %r12
	movq	%rsi, %r13
	movl	$0x10001, %r11d
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$.Lmask, %ecx
.endm

.macro call_module
	tdcall
.endm

.macro check
	testq	%rax, %rax
	jnz	9f
.endm

.macro answer
	movq	%r10, %rax
.endm

.macro clear
	scrub	r10d, r11d
.endm

.macro map_gpa name, open=nothing, ask=ask, call=call_module, check=check, answer=answer, clear=clear, close=nothing, stop=ud2, endbr=no
begin_function \name, endbr=\endbr
	\open
	push_all	r12, r13
	\ask
	\call
	\check
	\answer
	\clear
	pop_all	r13, r12
	\close
	return_with_stop
9:	\stop
end_function \name
.endm

	.text

/* --- dead stack is zeroed --- */

	/* What the pushes left below RSP. */
.macro zero_two_words
	movq	$0, -8(%rsp)
	movq	$0, -16(%rsp)
.endm
	map_gpa dead_words, close=zero_two_words

	/* The frame is given back first, and then cleared by a loop. */
.macro zero_by_loop
	movl	$8, %ecx
5:	movq	$0, -72(%rsp,%rcx,8)
	loop	5b
.endm
	map_gpa dead_frame_by_loop, close=zero_by_loop

.macro zero_by_stos
	movq	%rax, %rdx
	leaq	-64(%rsp), %rdi
	xorl	%eax, %eax
	movl	$8, %ecx
	rep stosq
	movq	%rdx, %rax
	xorl	%edx, %edx
.endm
	map_gpa dead_frame_by_stos, close=zero_by_stos

	/* Byte by byte. */
.macro zero_by_bytes
	leaq	-24(%rsp), %rdx
6:	movb	$0, (%rdx)
	incq	%rdx
	cmpq	%rsp, %rdx
	jb	6b
.endm
	map_gpa dead_frame_by_bytes, close=zero_by_bytes

	/* RSP goes down once more, over what was cleared, and nobody looks. */
.macro zero_and_push
	movl	$0, -8(%rsp)
	movl	$0, -4(%rsp)
	pushq	%rax
	popq	%rax
.endm
	map_gpa dead_word_pushed_over, close=zero_and_push

/* --- memory of a user is opened and closed again --- */

.macro open_and_close_user
	stac
	clac
.endm
	map_gpa user_access_before, open=open_and_close_user

.macro user_access_behind
	stac
	nop
	clac
.endm
	map_gpa user_access_behind, close=user_access_behind

	/* CLAC whatever it was: kernels never have AC = 1. */
.macro only_clac
	clac
	cld
.endm
	map_gpa clears_ac, open=only_clac

.macro ac_by_popf
	pushfq
	orl	$0x40000, (%rsp)
	popfq
	pushfq
	andl	$~0x40000, (%rsp)
	popfq
.endm
	map_gpa user_access_by_popf, close=ac_by_popf

/* --- the CPU's buffers are cleared --- */

.macro clear_buffers
	verw	.Ldata_selector(%rip)
.endm
	map_gpa buffers_at_end, close=clear_buffers
	map_gpa buffers_at_start, open=clear_buffers
.macro clear_buffers_by_register
	movl	$0x18, %edx
	verw	%dx
.endm
	map_gpa buffers_by_register, open=clear_buffers_by_register
.macro fence_behind
	tdcall
	lfence
.endm
	map_gpa fenced_call, call=fence_behind

/* --- stops --- */

	map_gpa stops_by_int3, stop=int3
.macro halt_for_ever
	cli
8:	hlt
	jmp	8b
.endm
	map_gpa stops_by_halt, stop=halt_for_ever
.macro halt_once
	cli
	hlt
	ud2
.endm
	map_gpa stops_by_halt_once, stop=halt_once
.macro panic_there
	call	panic
.endm
	map_gpa stops_by_panic, stop=panic_there
.macro panic_by_jump
	movq	%rax, %rsi
	jmp	panic
.endm
	map_gpa stops_by_tail_call, stop=panic_by_jump
.macro pop_first
	pop_all	r13, r12
	ud2
.endm
	map_gpa stops_with_clean_stack, stop=pop_first

/* --- dead loops, for a contract that takes them for a stop --- */

.macro jump_to_itself
	jmp	.
.endm
	map_gpa dead_loop, stop=jump_to_itself
.macro pause_for_ever
8:	pause
	jmp	8b
.endm
	map_gpa dead_loop_with_pause, stop=pause_for_ever
.macro jump_by_flag
	xorl	%edx, %edx
8:	testl	%edx, %edx
	jz	8b
.endm
	map_gpa dead_loop_with_test, stop=jump_by_flag
.macro two_jumps
8:	nop
	jmp	7f
	ud2
7:	jmp	8b
.endm
	map_gpa dead_loop_of_two, stop=two_jumps

/* --- interrupts are closed around the call, for a contract that says so --- */

.macro close_interrupts
	pushfq
	cli
.endm
.macro restore_interrupts
	popfq
.endm
	map_gpa closed_by_pushf, open=close_interrupts, close=restore_interrupts

	/* RBX keeps the flags, and POPF only comes where they were open. */
.macro close_and_remember
	pushfq
	movq	(%rsp), %rdx
	movq	%rdx, %r8
	cli
.endm
.macro restore_by_copy
	addq	$8, %rsp
	pushq	%r8
	popfq
	xorl	%r8d, %r8d
.endm
	map_gpa closed_by_copy, open=close_and_remember, close=restore_by_copy

.macro close_around_call
	pushfq
	pushfq
	andl	$~0x200, (%rsp)
	popfq
	tdcall
	popfq
.endm
	map_gpa closed_by_popf, call=close_around_call

	/* The flags wait in a register of the callee. */
.macro close_with_saved
	pushq	%rbx
	pushfq
	popq	%rbx
	cli
.endm
.macro restore_saved
	pushq	%rbx
	popfq
	popq	%rbx
.endm
	map_gpa closed_with_saved, open=close_with_saved, close=restore_saved

/* --- addresses that depend on the arguments, for a contract that says so --- */

.macro count_by_class
	movl	%edi, %edx
	andl	$7, %edx
	leaq	.Lclasses(%rip), %rcx
	movzbl	(%rcx,%rdx), %edx
.endm
	map_gpa looks_up_argument, open=count_by_class

.macro look_up_saved
	movzbl	%bl, %edx
	leaq	.Lclasses(%rip), %rcx
	testb	$1, (%rcx,%rdx)
.endm
	map_gpa looks_up_saved_register, open=look_up_saved

.macro look_up_on_stack
	movl	%ebp, %edx
	andl	$1, %edx
	subq	$16, %rsp
	movq	$0, (%rsp)
	movq	$0, 8(%rsp)
	movq	(%rsp,%rdx,8), %rax
	addq	$16, %rsp
.endm
	map_gpa looks_up_on_stack, open=look_up_on_stack

/* --- branches on what the host returns, with equal effects --- */

.macro answer_by_branch
	testq	%r10, %r10
	jnz	4f
	xorl	%eax, %eax
	jmp	5f
4:	movq	%r10, %rax
5:
.endm
	map_gpa branch_for_success, answer=answer_by_branch

.macro answer_by_compare
	cmpq	$1, %r10
	je	4f
	movq	%r10, %rax
	jmp	5f
4:	movl	$1, %eax
5:
.endm
	map_gpa branch_for_retry, answer=answer_by_compare

.macro answer_and_pause
	cmpq	$1, %r10
	jne	4f
	pause
4:	testq	%r10, %r10
	jz	5f
	nop
5:	movq	%r10, %rax
.endm
	map_gpa branch_for_pause, answer=answer_and_pause

.macro clear_by_branch
	testq	%r10, %r10
	jz	4f
	subl	%r10d, %r10d
4:	subl	%r11d, %r11d
.endm
	map_gpa branch_for_scrub, clear=clear_by_branch

/* --- counters --- */

.macro count_calls
	incq	map_gpa_calls(%rip)
.endm
	map_gpa counts_calls, open=count_calls

.macro count_locked
	lock addl $1, map_gpa_calls(%rip)
.endm
	map_gpa counts_locked, close=count_locked

.macro remember_arguments
	movq	%rdi, map_gpa_last(%rip)
	movq	%rsi, map_gpa_last+8(%rip)
.endm
	map_gpa remembers_arguments, open=remember_arguments

.macro count_answers
	xorl	%edx, %edx
	testq	%rax, %rax
	setnz	%dl
	leaq	map_gpa_last(%rip), %rcx
	addq	%rdx, 8(%rcx)
	incq	map_gpa_calls(%rip)
	xorl	%edx, %edx
.endm
	map_gpa counts_refusals, close=count_answers

/* --- the way to the first instruction and back --- */

	map_gpa with_landing_pad, endbr=yes
.macro open_by_frame
	open_frame
.endm
.macro close_by_frame
	close_frame
.endm
	map_gpa with_frame_pointer, open=open_by_frame, close=close_by_frame
.macro make_room
	subq	$72, %rsp
	movq	%rdi, 64(%rsp)
.endm
.macro give_room
	leaq	72(%rsp), %rsp
.endm
	map_gpa with_spill, open=make_room, close=give_room
.macro via_helper
	call	11f
	jmp	12f
11:	movq	%rdi, %r12
	movq	%rsi, %r13
	movl	$0x10001, %r11d
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$.Lmask, %ecx
	ret
12:
.endm
	map_gpa with_inner_call, ask=via_helper
	/* Spinning that no value decides. */
.macro wait_a_little
	movl	$20, %edx
13:	pause
	decl	%edx
	jnz	13b
.endm
	map_gpa with_delay, open=wait_a_little
.macro serialise
	mfence
	lfence
.endm
	map_gpa with_fences, open=serialise

	.section .rodata
.Ldata_selector:
	.short	0x18
.Lclasses:
	.fill	256, 1, 3

	.bss
	.balign	8
	.globl	map_gpa_calls, map_gpa_last
	.type	map_gpa_calls, @object
	.size	map_gpa_calls, 8
map_gpa_calls:
	.zero	8
	.type	map_gpa_last, @object
	.size	map_gpa_last, 16
map_gpa_last:
	.zero	16

	.section .note.GNU-stack, "", @progbits
