/* Twelve parameters in System V, six of them on the stack: one for each register that the host may see. */
#include "idiom.inc"

/* Six registers and the return address lie below the first. */
#define ON_STACK(n)	(56 + 8 * (n))(%rsp)

.macro all name, fifth, sixth
	begin_function \name
	push_all rbx, r12, r13, r14, r15, rbp
	movq	%rdi, %r10
	movq	%rsi, %r11
	movq	%rdx, %r12
	movq	%rcx, %r13
	movq	%r8, %r14
	movq	%r9, %r15
	movq	ON_STACK(0), %rdx
	movq	ON_STACK(1), %rbx
	movq	ON_STACK(2), %rsi
	movq	ON_STACK(3), %rdi
	movq	ON_STACK(\fifth), %r8
	movq	ON_STACK(\sixth), %r9
	clear	eax
	movl	$0xffcc, %ecx
	tdcall
	testq	%rax, %rax
	jnz	.Lout_\@
	movq	%r10, %rax
.Lout_\@:
	clear	ecx, edx, esi, edi, r8d, r9d, r10d, r11d
	pop_all rbp, r15, r14, r13, r12, rbx
	ret
	end_function \name
.endm

	.text
	all	all_registers, 4, 5
	all	all_registers_swapped, 5, 4

	.section .note.GNU-stack, "", @progbits
