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

	.section .note.GNU-stack, "", @progbits
