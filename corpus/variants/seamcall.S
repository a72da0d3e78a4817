/* Sound variants of __seamcall and __seamcall_ret of Linux v6.7 to v7.3: how a SEAMCALL that fails is told, and what becomes of it. */

#include "../targets/seamcall-6.7.inc"

	.section .text, "ax", @progbits

/* CMOV takes the code of VMfailInvalid where CF is set. */
begin_function carry_by_cmov
	select_leaf
	load_few
10:	seamcall
	movabsq	$.Lvmfailinvalid, %rdi
	cmovcq	%rdi, %rax
11:	return_with_stop
	report_exception
	jmp	11b
end_function carry_by_cmov
	fixup_seamcall

/* SBB spreads the carry over a mask. */
begin_function carry_by_sbb
	movq	%rdi, %rax
	load_few
10:	seamcall
	sbbq	%rdi, %rdi
	jz	11f
	movabsq	$.Lvmfailinvalid, %rax
11:	xorl	%edi, %edi
	return_with_stop
	report_exception
	jmp	11b
end_function carry_by_sbb
	fixup_seamcall

/* The way of success is the one that is jumped. */
begin_function carry_falls_through
	select_leaf
	load	rcx, rdx, r8, r9, r10, r11
10:	seamcall
	jnc	11f
	movl	$0x8000ff00, %eax
	shlq	$32, %rax
	movl	$0xffff0000, %edi
	addq	%rdi, %rax
11:	return_with_stop
13:	btsq	$63, %rax
	movl	$0xff00, %edi
	shlq	$32, %rdi
	addq	%rdi, %rax
	jmp	11b
end_function carry_falls_through
	fixup_seamcall

/* Both codes lie in constant data. */
begin_function codes_in_data
	select_leaf
	load_few
10:	seamcall
	jc	12f
11:	return_with_stop
12:	movq	.Lcodes(%rip), %rax
	ret
13:	orq	.Lcodes+8(%rip), %rax
	ret
end_function codes_in_data
	fixup_seamcall

/* A frame pointer, and the arguments copied to the frame first. */
begin_function arguments_copied
	pushq	%rbp
	movq	%rsp, %rbp
	.irp	offset, 40, 32, 24, 16, 8, 0
	pushq	\offset(%rsi)
	.endr
	popq	%rcx
	popq	%rdx
	popq	%r8
	popq	%r9
	popq	%r10
	popq	%r11
	movq	%rdi, %rax
10:	seamcall
	jc	12f
11:	movq	%rbp, %rsp
	popq	%rbp
	return_with_stop
	report_vmfailinvalid
	jmp	11b
	report_exception
	jmp	11b
end_function arguments_copied
	fixup_seamcall

/* The outputs are pushed, and popped into the structure. */
begin_function outputs_popped_into
	pushq	%rbx
	movq	%rsi, %rbx
	select_leaf
	load_few
10:	seamcall
	jc	12f
	push_all	r11, r10, r9, r8, rdx, rcx
	popq	(%rbx)
	popq	8(%rbx)
	popq	16(%rbx)
	popq	24(%rbx)
	popq	32(%rbx)
	popq	40(%rbx)
11:	popq	%rbx
	return_with_stop
	report_vmfailinvalid
	jmp	11b
	report_exception
	jmp	11b
end_function outputs_popped_into
	fixup_seamcall

/* The carry is kept as a byte, and looked at when all is stored elsewhere. */
begin_function carry_as_byte
	select_leaf
	load_few
10:	seamcall
	setc	%dil
	testb	%dil, %dil
	jnz	12f
	movq	%rcx, (%rsi)
	leaq	8(%rsi), %rdi
	movq	%rdx, (%rdi)
	movq	%r8, 8(%rdi)
	movq	%r9, 16(%rdi)
	movq	%r10, 24(%rdi)
	movq	%r11, 32(%rdi)
11:	return_with_stop
	report_vmfailinvalid
	jmp	11b
	report_exception
	jmp	11b
end_function carry_as_byte
	fixup_seamcall

	.section .rodata
	.balign	8
.Lcodes:
	.quad	.Lvmfailinvalid
	.quad	.Lsw_error

	.section .note.GNU-stack, "", @progbits
