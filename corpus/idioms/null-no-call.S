/*
 * Microsoft x64: with NULL for a block the function does nothing. Of one form RAX is then nobody's, another returns an error.
 *
 * u64 exchange(struct registers *block); u64 exchange_or_error(struct registers *block);
 */
#include "idiom.inc"

.macro exchange name, tests_pointer, error=none
	begin_function \name
	.if	\tests_pointer
	.ifnc	\error, none
	movq	$\error, %rax
	.endif
	testq	%rcx, %rcx
	jz	.Lnothing_\@
	.endif
	push_all r12, r13, rcx
	clear	eax, r10d, r11d, r12d, r13d
	testq	%rcx, %rcx
	jz	.Lcall_\@
	movq	(%rcx), %r11
	movq	8(%rcx), %r12
	movq	16(%rcx), %r13
.Lcall_\@:
	movl	$0x3c00, %ecx
	tdcall
	popq	%rcx
	testq	%rax, %rax
	jnz	.Lfailed_\@
	testq	%rcx, %rcx
	jz	.Lresult_\@
	movq	%r11, (%rcx)
	movq	%r12, 8(%rcx)
	movq	%r13, 16(%rcx)
.Lresult_\@:
	movq	%r10, %rax
	clear	r10d, r11d
	pop_all r13, r12
.Lnothing_\@:
	ret
.Lfailed_\@:
	ud2
	end_function \name
.endm

	.text
	exchange exchange, 1
	exchange exchange_always, 0
	exchange exchange_or_error, 1, -22
	exchange exchange_or_zero, 1, 0

	.section .note.GNU-stack, "", @progbits
