/* A retry inside of the function, with a bound: on a status, on what the host returns, with the arguments in registers or in a block. */

#include "../targets/function.inc"
#include "../targets/seamcall.inc"

.macro tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
.endm

/* u64 accept_patiently(u64 gpa): OPERAND_BUSY, whatever the operand, is tried five times; the last status is returned. */
.macro accept_patiently name, tries
	begin_function \name
	movl	$\tries, %esi
1:	movq	%rdi, %rcx
	movl	$6, %eax
	tdcall
	movq	%rax, %rdx
	shrq	$32, %rdx
	cmpl	$0x80000200, %edx
	jne	2f
	pause
	decl	%esi
	jnz	1b
2:	xorl	%edx, %edx
	ret
	end_function \name
.endm

	.text
	accept_patiently accept_patiently, 5
	accept_patiently accept_too_patiently, 6

/* u64 accept_exactly(u64 gpa): the same, and it compares the status with its operand. */
	begin_function accept_by_operand
	movl	$5, %esi
1:	movq	%rdi, %rcx
	movl	$6, %eax
	tdcall
	movabsq	$0x8000020000000001, %rdx
	cmpq	%rdx, %rax
	jne	2f
	pause
	decl	%esi
	jnz	1b
2:	xorl	%edx, %edx
	ret
	end_function accept_by_operand

/* u64 map_gpa(u64 start, u64 size): RETRY is tried four times with the same range, and then it is -EAGAIN. */
.macro map_gpa name, again
	begin_function \name
	push_all r12, r13, rbx
	movl	$4, %ebx
1:	movq	%rdi, %r12
2:	movq	%rsi, %r13
	movl	$0x10001, %r11d
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$0x3c00, %ecx
	tdcall
	testq	%rax, %rax
	jnz	9f
	cmpq	$1, %r10
	jne	3f
	decl	%ebx
	jnz	\again
	movq	$-11, %rax
	jmp	4f
3:	movq	%r10, %rax
4:	scrub	r10d, r11d
	pop_all rbx, r13, r12
	ret
9:	ud2
	end_function \name
.endm

	map_gpa map_gpa, 1b
	/* What the host left in R12 is taken for the start of the range. */
	map_gpa map_gpa_from_answer, 2b

/* u64 td_call(u64 leaf, struct { u64 rcx, rdx, r8; } *args): the next try loads what the one before has stored. */
.macro td_call name, second
	begin_function \name
	movl	$3, %r9d
1:	movq	%rdi, %rax
	movq	(%rsi), %rcx
	movq	\second(%rsi), %rdx
	movq	16(%rsi), %r8
	tdcall
	movq	%rcx, (%rsi)
	movq	%rdx, 8(%rsi)
	movq	%r8, 16(%rsi)
	movq	%rax, %rdx
	shrq	$32, %rdx
	cmpl	$0x80000200, %edx
	jne	2f
	decl	%r9d
	jnz	1b
2:	xorl	%edx, %edx
	ret
	end_function \name
.endm

	td_call td_call_stored, 8
	td_call td_call_shifted, 16

/* u64 seamcall_patiently(u64 leaf, u64 rcx, u64 rdx): RND_NO_ENTROPY is tried ten times. */
.macro seamcall_patiently name, compared
	begin_function \name
	movl	$10, %r9d
	movq	%rdx, %r8
1:	movq	%rdi, %rax
	movq	%rsi, %rcx
	movq	%r8, %rdx
10:	.byte	0x66, 0x0f, 0x01, 0xcf
	jc	12f
	\compared
	jne	11f
	decl	%r9d
	jnz	1b
11:	ret
12:	movabsq	$.Lvmfailinvalid, %rax
	jmp	11b
13:	movabsq	$.Lsw_error, %rdx
	orq	%rdx, %rax
	jmp	11b
	fixup_seamcall
	end_function \name
.endm

.macro is_no_entropy
	movabsq	$0x8000020300000000, %rdx
	cmpq	%rdx, %rax
.endm
/* Every recoverable error is taken for a lack of entropy. */
.macro is_recoverable
	movq	%rax, %rdx
	shrq	$40, %rdx
	cmpl	$0x800002, %edx
.endm

	seamcall_patiently seamcall_patiently, is_no_entropy
	seamcall_patiently seamcall_too_often, is_recoverable

	.section .note.GNU-stack, "", @progbits
