/*
 * Broken twins of the guest stubs of 2021. Each is the clean function with one step replaced; manifest.json says what
 * must be found in it and where.
 */

#include "../targets/guest-rfc-2021.inc"

	.section .text, "ax", @progbits

/* --- arguments --- */

	/* The mask takes RCX before the third argument has left it. */
.macro move_after_mask
	movl	$.Lmask, %ecx
	move_arguments
.endm
	hypercall mask_over_argument, move=move_after_mask

	/* Only the low half of fn reaches R11. */
.macro move_function_half
	movl	%edi, %r11d
	movq	%rsi, %r12
	movq	%rdx, %r13
	movq	%rcx, %r14
	movq	%r8, %r15
.endm
	hypercall function_half, move=move_function_half

	/* The magic number is cut to 32 bits. */
	hypercall vendor_half, vendor="movl $0x2e584454, %r10d"

	/* The standard form speaks to the vendor. */
	hypercall vendor_always, vendor=select_vendor_kvm

/* --- outputs --- */

	/* Results are stored although the host refused. */
	hypercall outputs_after_refusal, refused=nothing

	/* Only the low half of R10 is tested: every error with bit 63 alone counts as success. */
.macro skip_by_low_half
	testl	%r10d, %r10d
	jnz	2f
.endm
	hypercall refusal_by_low_half, refused=skip_by_low_half

	/* out is not tested for NULL. */
	hypercall null_output, given=nothing

	/* The fields are numbered from R10, as in the later block. */
.macro store_shifted
	movq	%r11, 8(%r9)
	movq	%r12, 16(%r9)
	movq	%r13, 24(%r9)
	movq	%r14, 32(%r9)
	movq	%r15, 40(%r9)
.endm
	hypercall outputs_shifted, output=store_shifted

/* --- after the call --- */

	/* R11 is stored, and forgotten in its register. */
	hypercall missing_scrub_r11, clear="scrub r10d"

	/* A failed TDVMCALL is not noticed. */
	hypercall failure_not_tested, check=nothing

	/* R10 has gone to RAX, and stays in its register as well. */
	hypercall missing_scrub_r10, vendor=select_vendor_kvm, clear="scrub r11d"

	/* What the host refused is returned at once, and R10 is forgotten in its register there. */
.macro leave_after_refusal
	testq	%r10, %r10
	jz	1f
	return_status
	scrub	r11d
	restore_registers
	return_with_stop
1:
.endm
	hypercall refusal_left_in_r10, refused=leave_after_refusal

	/* The kind of refusal is looked up in a table, with an index that the host chose. */
.macro look_refusal_up
	testq	%r10, %r10
	jz	1f
	movl	%r10d, %eax
	andl	$7, %eax
	leaq	.Lrefusals(%rip), %r11
	movq	(%r11,%rax,8), %r11
	jmp	2f
1:
.endm
	hypercall refusal_as_index, refused=look_refusal_up

	/* The way on after a refusal is computed from R10. */
.macro jump_by_refusal
	testq	%r10, %r10
	jz	1f
	movl	%r10d, %eax
	andl	$1, %eax
	leaq	3f(%rip), %r11
	addq	%rax, %r11
	jmp	*%r11
3:	nop
	jmp	2f
1:
.endm
	hypercall refusal_as_jump, refused=jump_by_refusal

	.section .rodata, "a", @progbits
	.balign	8
.Lrefusals:
	.quad	0, 1, 2, 3, 4, 5, 6, 7

	.section .note.GNU-stack, "", @progbits
