/* Functions for many leaves, or for one that reads no register. */

#include "../targets/function.inc"

.macro tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
.endm

/* u64 module_call(u64 leaf, u64 rcx, u64 rdx, u64 r8, u64 r9): any leaf but those that have results in other registers. */
.macro module_call name, move:vararg
	begin_function \name
	\move
	movq	%rsi, %r10
	movq	%rcx, %r11
	movq	%r10, %rcx
	xchgq	%r11, %r8
	movq	%r11, %r9
	tdcall
	ret
	end_function \name
.endm

	.text
	module_call module_call, movq %rdi, %rax
	module_call module_call_narrow, movl %edi, %eax

/* u64 td_info(struct { u64 width, attributes, cpus, index; } *out): TDG.VP.INFO reads no register, and RCX is what it was. */
.macro td_info name, second, third
	begin_function \name
	movl	$1, %eax
	tdcall
	testq	%rax, %rax
	jnz	1f
	movq	%rcx, (%rdi)
	movq	%\second, 8(%rdi)
	movq	%\third, 16(%rdi)
	movq	%r9, 24(%rdi)
1:	ret
	end_function \name
.endm

	td_info td_info, rdx, r8
	td_info td_info_swapped, r8, rdx

	.section .note.GNU-stack, "", @progbits
