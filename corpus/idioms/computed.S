/* Inputs that are computed of what the caller gave: joined, shifted, cut and extended. */

#include "../targets/function.inc"

.macro tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
.endm

/* u64 accept_page(u64 gpa, u64 level): RCX is both. */
.macro accept_page name, join:vararg
	begin_function \name
	movq	%rdi, %rcx
	\join
	movl	$6, %eax
	tdcall
	ret
	end_function \name
.endm

	.text
	accept_page accept_page, orq %rsi, %rcx
	accept_page accept_page_sum, addq %rsi, %rcx

/* u64 accept_frames(u64 frame, u64 offset): the frame number becomes an address. */
.macro accept_frame name, width, offset
	begin_function \name
	movq	%rdi, %rcx
	.if	\width == 64
	shlq	$12, %rcx
	.else
	shll	$12, %ecx
	.endif
	leaq	\offset(%rcx, %rsi), %rcx
	movl	$6, %eax
	tdcall
	ret
	end_function \name
.endm

	accept_frame accept_frame, 64, 0x1000
	accept_frame accept_frame_low, 32, 0x1000

/* u64 read_field(u64 leaf, u64 field): version 1 of the leaf. */
.macro read_field name, version
	begin_function \name
	movq	%rdi, %rax
	orq	$\version, %rax
	xorl	%ecx, %ecx
	movq	%rsi, %rdx
	tdcall
	ret
	end_function \name
.endm

	read_field read_field, 0x10000
	read_field read_field_reserved, 0x1000000

/* u64 port_out(u64 size, u64 port, u64 value): only the bits that a port, a size and a value have. */
.macro port_out name, port:vararg
	begin_function \name
	push_all r12, r13, r14, r15
	movzbl	%dil, %r12d
	movl	$1, %r13d
	\port
	movl	%edx, %r15d
	movl	$30, %r11d
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$0xfc00, %ecx
	tdcall
	testq	%rax, %rax
	jnz	9f
	movq	%r10, %rax
	scrub	r10d, r11d
	pop_all r15, r14, r13, r12
	ret
9:	ud2
	end_function \name
.endm

	port_out port_out, movzwl %si, %r14d
	port_out port_out_uncut, movq %rsi, %r14

/* u64 write_signed(u64 number, u64 value): a number of 32 bits, sign-extended, behind a mask. */
.macro write_signed name, extend:vararg
	begin_function \name
	pushq	%r12
	pushq	%r13
	\extend
	movq	%rsi, %r13
	shrq	$32, %r13
	andl	$0xff, %r13d
	movl	$32, %r11d
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$0x3c00, %ecx
	tdcall
	testq	%rax, %rax
	jnz	9f
	movq	%r10, %rax
	scrub	r10d, r11d
	popq	%r13
	popq	%r12
	ret
9:	ud2
	end_function \name
.endm

	write_signed write_signed, movslq %edi, %r12
	write_signed write_unsigned, movl %edi, %r12d

	.section .note.GNU-stack, "", @progbits
