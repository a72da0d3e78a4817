/* What kernels and firmware put around the call: landing pads, fences, cleared buffers, user access opened and closed, interrupts off. */

#include "../targets/function.inc"

.macro tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
.endm

	.section .rodata
	.balign	2
.Lselector:
	.word	0x18

	.text

/* u64 ask_fenced(u64 function, u64 argument) */
.macro ask_fenced name, close:vararg
	begin_function \name
	pushfq
	cli
	stac
	pushq	%r12
	movq	%rdi, %r11
	movq	%rsi, %r12
	clac
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$0x1c00, %ecx
	verw	.Lselector(%rip)
	lfence
	serialize
	tdcall
	lfence
	pause
	testq	%rax, %rax
	jnz	9f
	movq	%r10, %rax
	scrub	r10d, r11d
	popq	%r12
	\close
	ret
9:	ud2
	end_function \name
.endm

	ask_fenced ask_fenced, popfq
	/* Interrupts stay off. */
	ask_fenced ask_left_closed, addq $8, %rsp

	.section .note.GNU-stack, "", @progbits
