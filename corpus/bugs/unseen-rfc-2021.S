/* Broken twins of the guest stubs of 2021 that pass where R10 is never changed: it decides a branch, and nothing else. */

#include "../targets/guest-rfc-2021.inc"

	.section .text, "ax", @progbits

	/* R10 stays in a register that the caller takes for free. */
.macro keep_in_r8
	movq	%r10, %r8
	scrub	r10d, r11d
.endm
	hypercall r10_kept_in_r8, clear=keep_in_r8

	/* Only what the host answers besides success stays. */
.macro clear_after_success
	xorl	%r11d, %r11d
	testq	%r10, %r10
	jnz	4f
	xorl	%r10d, %r10d
4:
.endm
	hypercall r10_kept_after_refusal, clear=clear_after_success

	/* A message for each status: the host picks the line. */
.macro look_up_status
	testq	%r10, %r10
	jz	5f
	movl	%r10d, %edx
	andl	$0x1f8, %edx
	leaq	.Lmessages(%rip), %rax
	movq	(%rax,%rdx), %rdx
	xorl	%edx, %edx
	jmp	2f
5:
.endm
	hypercall message_by_r10, refused=look_up_status

	/* A jump table over the lowest bits of the status. */
.macro jump_by_status
	testq	%r10, %r10
	jz	6f
	movl	%r10d, %edx
	andl	$1, %edx
	leaq	7f(%rip), %rax
	leaq	(%rax,%rdx,2), %rax
	xorl	%edx, %edx
	jmp	*%rax
7:	xchgw	%ax, %ax
	jmp	2f
6:
.endm
	hypercall jump_by_r10, refused=jump_by_status

	/* Success is told by the lowest bit. */
.macro skip_after_odd
	testb	$1, %r10b
	jnz	2f
.endm
	hypercall success_by_lowest_bit, refused=skip_after_odd

	/* Success is told by all bits but the highest. */
.macro skip_by_shift
	movq	%r10, %rdx
	shlq	$1, %rdx
	movl	$0, %edx
	jnz	2f
.endm
	hypercall success_without_sign, refused=skip_by_shift

	/* NULL is told by the low half of the pointer. */
.macro skip_by_low_half
	testl	%r9d, %r9d
	jz	2f
.endm
	hypercall null_by_low_half, given=skip_by_low_half

	.section .rodata
.Lmessages:
	.fill	64, 8, 0

	.section .note.GNU-stack, "", @progbits
