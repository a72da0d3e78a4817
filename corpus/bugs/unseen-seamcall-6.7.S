/* Broken twins of the host stubs of Linux v6.7 to v7.3 that once passed: flags at SEAMCALL, carries of addresses. */

#include "../targets/seamcall-6.7.inc"

	.section .text, "ax", @progbits

	/* The module runs with DF set. */
.macro select_backward
	select_leaf
	std
.endm
.macro leave_forward
	cld
	jc	12f
.endm
.macro trap_forward
13:	cld
	movabsq	$.Lsw_error, %rdi
	orq	%rdi, %rax
.endm
begin_function seam_direction_set
	select_backward
	load_few
10:	seamcall
	leave_forward
11:	return_with_stop
	report_vmfailinvalid
	leave
	trap_forward
	leave
end_function seam_direction_set
	fixup_seamcall

	/* Interrupts are closed for good where the caller asked for nothing of the kind, and what they were afterwards. */
begin_function seam_interrupts_closed
	pushfq
	cli
	select_leaf
	load_few
10:	seamcall
	jc	12f
11:	popfq
	return_with_stop
	report_vmfailinvalid
	leave
	report_exception
	leave
end_function seam_interrupts_closed
	fixup_seamcall

	/* The last argument is loaded behind an addition of 16 bits. */
begin_function seam_argument_by_word
	select_leaf
	load	r11, r10, r9, r8, rdx
	addw	$.Largs_r10, %si
	movq	-.Largs_r10(%rsi), %rcx
10:	seamcall
	jc	12f
11:	return_with_stop
	report_vmfailinvalid
	leave
	report_exception
	leave
end_function seam_argument_by_word
	fixup_seamcall

	.section .note.GNU-stack, "", @progbits
