/*
 * Broken twins of the guest stubs of Linux v5.19 to v6.2. Each is the clean function with one step replaced;
 * manifest.json says what must be found in it and where.
 */

#include "../targets/guest-5.19.inc"

	.section .text, "ax", @progbits

/* --- scrubbing --- */

	/* R10 is taken for a result and stays. */
	hypercall missing_scrub_r10, clear="scrub r11d"

	/* R11 is forgotten. */
	hypercall missing_scrub_r11, clear="scrub r10d"

	/* A 16-bit XOR keeps 48 bits of R11. */
.macro scrub_r11_as_word
	xorl	%r10d, %r10d
	xorw	%r11w, %r11w
.endm
	hypercall scrub_r11_low_word, clear=scrub_r11_as_word

	/* An 8-bit XOR keeps 56 bits of R10. */
.macro scrub_r10_as_byte
	xorb	%r10b, %r10b
	xorl	%r11d, %r11d
.endm
	hypercall scrub_r10_low_byte, clear=scrub_r10_as_byte

	/* R11 leaves as the host's R12 plus one. */
.macro derive_r11
	xorl	%r10d, %r10d
	leaq	1(%r12), %r11
.endm
	hypercall derived_r11, clear=derive_r11

	/* The wrong source: R10 leaves as R10 XOR R11. */
.macro xor_r10_with_r11
	xorl	%r11d, %r10d
	xorl	%r11d, %r11d
.endm
	hypercall derived_r10, clear=xor_r10_with_r11

/* --- STI --- */

	/* One instruction stands between STI and TDCALL. */
.macro select_after_sti
	movl	$.Lmask, %ecx
	testl	$.Lissue_sti, %esi
	jz	1f
	sti
1:	xorl	%eax, %eax
.endm
	hypercall sti_too_early, select=select_after_sti, issue=tdcall

	/* STI whatever the flag says. */
.macro always_sti
	sti
	tdcall
.endm
	hypercall sti_without_flag, issue=always_sti

	/* The flag is ignored. */
	hypercall sti_missing, issue=tdcall

/* --- frame and arguments of TDCALL --- */

	/* R15 is not in the mask. */
	hypercall mask_without_r15, select="select_vmcall 0x7c00"

	/* RBP (bit 5) is in the mask. */
	hypercall mask_with_rbp, select="select_vmcall 0xfc20"

	/* R12 and R13 change places on the way in. */
.macro load_swapped
	load	r10, r11, r14, r15
	movq	.Largs_r13(%rdi), %r12
	movq	.Largs_r12(%rdi), %r13
.endm
	hypercall load_r12_r13_swapped, load=load_swapped

	/* Only the low half of R11 is loaded. */
.macro load_half
	load	r10
	movl	.Largs_r11(%rdi), %r11d
	load	r12, r13, r14, r15
.endm
	hypercall load_r11_half, load=load_half

/* --- outputs --- */

	/* R10 is stored before the flag is looked at. */
.macro store_r10_always
	store	r10
	skip_without_output
	store	r11, r12, r13, r14, r15
2:
.endm
	hypercall store_r10_without_flag, output=store_r10_always

	/* R14 and R15 change places on the way out. */
.macro store_swapped
	skip_without_output
	store	r10, r11, r12, r13
	movq	%r15, .Largs_r14(%rdi)
	movq	%r14, .Largs_r15(%rdi)
2:
.endm
	hypercall store_r14_r15_swapped, output=store_swapped

	/* R11 is not stored. */
.macro store_without_r11
	skip_without_output
	store	r10, r12, r13, r14, r15
2:
.endm
	hypercall store_r11_missing, output=store_without_r11

	/* Only the low half of R11 is stored. */
.macro store_half
	skip_without_output
	store	r10
	movl	%r11d, .Largs_r11(%rdi)
	store	r12, r13, r14, r15
2:
.endm
	hypercall store_r11_half, output=store_half

	/* A seventh slot is stored behind the block. */
.macro store_seven
	skip_without_output
	store	r10, r11, r12, r13, r14, r15
	movq	%rcx, .Largs_end(%rdi)
2:
.endm
	hypercall store_beyond_block, output=store_seven

/* --- status --- */

	/* RAX is returned as TDCALL left it. */
	hypercall status_from_rax, status=nothing

	/* R11 is returned. */
	hypercall status_from_r11, status="movq %r11, %rax"

	/* Only the low half of R10 is returned. */
	hypercall status_half, status="movl %r10d, %eax"

/* --- failure --- */

	/* A failed TDCALL goes to the ordinary way out. */
.macro return_on_failure
	testq	%rax, %rax
	jnz	8f
.endm
.macro restore_after_failure
8:	restore_registers
.endm
	hypercall failure_returns, check=return_on_failure, restore=restore_after_failure

	/* Only the low half of RAX is tested. */
.macro test_low_half
	testl	%eax, %eax
	jnz	9f
.endm
	hypercall failure_by_low_half, check=test_low_half

	/* Only bit 63 of RAX is tested. */
.macro test_sign
	testq	%rax, %rax
	js	9f
.endm
	hypercall failure_by_sign, check=test_sign

/* --- registers, stack and flags of the caller --- */

	/* R12 and R13 change places on the way back. */
	hypercall pops_swapped, restore="pop_all r15, r14, r12, r13"

	/* The flags are parked below RSP, which is anybody's in the kernel. */
.macro save_below_stack
	save_registers
	movq	%rsi, -8(%rsp)
.endm
	hypercall red_zone, save=save_below_stack

	/* The local slot for the flags lies above the return address. */
.macro save_in_caller_frame
	save_registers
	movq	%rsi, 40(%rsp)
.endm
	hypercall stray_caller_frame, save=save_in_caller_frame

	/* The return takes eight bytes of the caller along. */
.macro return_and_pop
	ret	$8
	int3
.endm
	hypercall return_pops_caller, leave=return_and_pop

	/* DF is set for a copy and stays set. */
.macro save_backwards
	std
	save_registers
.endm
	hypercall direction_left_set, save=save_backwards

/* --- __tdx_module_call --- */

	/* The output pointer is not tested for NULL. */
.macro take_without_test
	popq	%rdi
	store_leaf_outputs	rcx, rdx, r8, r9, r10, r11
.endm
	module_call null_output, take=take_without_test

	/* Without outputs the frame stays on the stack. */
.macro take_or_leave
	popq	%rdi
	testq	%rdi, %rdi
	jz	4f
	store_leaf_outputs	rcx, rdx, r8, r9, r10, r11
.endm
.macro close_with_outputs
	close_frame
4:
.endm
	module_call missing_pop_without_output, take=take_or_leave, close=close_with_outputs

	/* R9 receives the third operand instead of the fourth. */
.macro marshal_r9_from_r8
	pushq	%r9
	movq	%rcx, %r8
	movq	%rcx, %r9
	movq	%rsi, %rcx
	movq	%rdi, %rax
.endm
	module_call operand_r9_wrong, marshal=marshal_r9_from_r8

	.section .note.GNU-stack, "", @progbits
