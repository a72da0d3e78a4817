/* What an answer decides: outputs and results for some values alone, and branches whose arms have the same effects. */

#include "../targets/function.inc"

.macro tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
.endm

/* u64 map_some(struct { u64 start, size, failed; } *range): where it stopped is stored for RETRY alone. */
.macro map_some name, test, unless
	begin_function \name
	push_all r12, r13
	movq	(%rdi), %r12
	movq	8(%rdi), %r13
	movl	$0x10001, %r11d
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$0x3c00, %ecx
	tdcall
	testq	%rax, %rax
	jnz	9f
	\test
	\unless	1f
	movq	%r11, 16(%rdi)
1:	movq	%r10, %rax
	scrub	r10d, r11d
	pop_all r13, r12
	ret
9:	ud2
	end_function \name
.endm

	.text
	map_some map_some, "cmpq $1, %r10", jne
	map_some map_some_refused, "testq %r10, %r10", jz

/* u64 map_errno(u64 start, u64 size): 0, -EAGAIN for RETRY, -EIO for all else; a failed TDVMCALL is -ENXIO. */
.macro map_errno name, test:vararg
	begin_function \name
	push_all r12, r13
	movq	%rdi, %r12
	movq	%rsi, %r13
	movl	$0x10001, %r11d
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$0x3c00, %ecx
	tdcall
	testq	%rax, %rax
	jnz	3f
	testq	%r10, %r10
	jz	2f
	\test
	jne	1f
	movq	$-11, %rax
	jmp	2f
1:	movq	$-5, %rax
2:	scrub	r10d, r11d
	pop_all r13, r12
	ret
3:	movq	$-6, %rax
	jmp	2b
	end_function \name
.endm

	map_errno map_errno, cmpq $1, %r10
	map_errno map_errno_narrow, cmpl $1, %r10d

/* u64 ask_counted(u64 function): the host chooses an arm, and both do the same. */
.macro ask_counted name, arm:vararg
	begin_function \name
	movq	%rdi, %r11
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$0xc00, %ecx
	tdcall
	testq	%rax, %rax
	jnz	9f
	testq	%r10, %r10
	jz	1f
	scrub	r11d
	movq	%r10, %rax
	jmp	2f
1:	nop
	\arm
	movq	%r10, %rax
2:	xorl	%r10d, %r10d
	ret
9:	ud2
	end_function \name
.endm

	ask_counted ask_counted, scrub r11d
	ask_counted ask_unscrubbed, nop

/* u64 ask_signed(u64 function): a branch on the sign of R11. */
.macro ask_signed name, arm:vararg
	begin_function \name
	movq	%rdi, %r11
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$0xc00, %ecx
	tdcall
	testq	%rax, %rax
	jnz	9f
	testq	%r11, %r11
	js	1f
	movq	%r10, %rax
	jmp	2f
1:	\arm
2:	scrub	r10d, r11d
	ret
9:	ud2
	end_function \name
.endm

	ask_signed ask_signed, movq %r10, %rax
	/* The arms differ by what the host chose. */
	ask_signed ask_by_host, movq (%rsp, %r10), %rax

	.section .note.GNU-stack, "", @progbits
