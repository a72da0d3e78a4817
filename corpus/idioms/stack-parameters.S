/*
 * Microsoft x64, six parameters: four in registers, the others on the stack above the shadow space. The result goes through
 * a pointer that may be NULL.
 *
 * u64 vmcall_six(u64 function, u64 a, u64 b, u64 c, u64 d, u64 *value);
 */

/* Eight registers and the return address lie below the shadow space. */
#define SHADOW		(8 * 8 + 8)
#define FIFTH		(SHADOW + 32)
#define SIXTH		(FIFTH + 8)

.macro vmcall_six name, tests_pointer
	.balign	16, 0xcc
	.globl	\name
	.type	\name, @function
\name:
	pushq	%rbp
	pushq	%rbx
	pushq	%rsi
	pushq	%rdi
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15

	movq	%rcx, %r11
	movq	%rdx, %r12
	movq	%r8, %r13
	movq	%r9, %r14
	movq	FIFTH(%rsp), %r15
	.irp	register, eax, r10d, ebx, edx, esi, edi, r8d, r9d
	xorl	%\register, %\register
	.endr
	movl	$0xffcc, %ecx
	.byte	0x66, 0x0f, 0x01, 0xcc

	testq	%rax, %rax
	jnz	.Lout_\@
	movq	SIXTH(%rsp), %rcx
	.if	\tests_pointer
	testq	%rcx, %rcx
	jz	.Lresult_\@
	.endif
	movq	%r11, (%rcx)
.Lresult_\@:
	movq	%r10, %rax
.Lout_\@:
	.irp	register, ecx, edx, r8d, r9d, r10d, r11d
	xorl	%\register, %\register
	.endr
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rdi
	popq	%rsi
	popq	%rbx
	popq	%rbp
	ret
	.size	\name, . - \name
.endm

	.text
	vmcall_six vmcall_six, 1
	vmcall_six vmcall_six_untested, 0

	.section .note.GNU-stack, "", @progbits
