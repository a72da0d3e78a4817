/*
 * Microsoft x64: a bool asks for STI. Only its 8 bits say something.
 *
 * u64 halt(struct registers *block, bool do_sti);
 */
#include "idiom.inc"

.macro halt name, test, flag
	begin_function \name
	push_all r12, rcx
	clear	eax, r10d, r11d
	movq	(%rcx), %r11
	movq	8(%rcx), %r12
	movl	$0x1c00, %ecx
	\test	%\flag, %\flag
	jz	.Lcall_\@
	sti
.Lcall_\@:
	tdcall
	popq	%rcx
	testq	%rax, %rax
	jnz	.Lfailed_\@
	movq	%r11, (%rcx)
	movq	%r12, 8(%rcx)
	movq	%r10, %rax
	clear	r10d, r11d
	popq	%r12
	ret
.Lfailed_\@:
	ud2
	end_function \name
.endm

	.text
	halt	halt, testb, dl
	halt	halt_whole, testl, edx

	.section .note.GNU-stack, "", @progbits
