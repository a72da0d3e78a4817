/* void notify(u64 vector): nobody looks at RAX, but what the host chose is not left in it either. */
#include "idiom.inc"

.macro notify name, scrubs
	begin_function \name
	push_all r12, r13, r14, r15
	movq	%rdi, %r12
	movl	$0x10004, %r11d
	clear	eax, r10d, r13d, r14d, r15d
	movl	$0xfc00, %ecx
	tdcall
	testq	%rax, %rax
	jnz	.Lfailed_\@
	.if	\scrubs
	movl	$0x5a5a, %eax
	.else
	movq	%r10, %rax
	.endif
	clear	r10d, r11d
	pop_all r15, r14, r13, r12
	ret
.Lfailed_\@:
	ud2
	end_function \name
.endm

	.text
	notify	notify, 1
	notify	notify_leaky, 0

	.section .note.GNU-stack, "", @progbits
