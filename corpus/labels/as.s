# The same with plain as: no .type, no .size, labels that do not begin with .L. as -mx86-used-note=no -o as.o as.s
	.text
	.globl	Alias_of_tdcall, __tdcall, __tdcall_ret, another

.macro load_some
	movq	%rdi, %rax
	movq	(%rsi), %rcx
	movq	8(%rsi), %rdx
	movq	16(%rsi), %r8
.endm

Alias_of_tdcall:
__tdcall:
	load_some
load:
	movq	16(%rsi), %r9		# the mistake: the field of R8
	movq	32(%rsi), %r10
	movq	40(%rsi), %r11
	tdcall
done:
	ret

	.balign	16, 0x90
__tdcall_ret:
	load_some
	movq	24(%rsi), %r9
	movq	32(%rsi), %r10
	movq	40(%rsi), %r11
loaded:
	tdcall
	jmp	store_some

	.balign	16, 0x90
another:
	ret

store_some:
	movq	%rcx, (%rsi)
	movq	%rdx, 8(%rsi)
middle:
	movq	%r8, 16(%rsi)
	movq	%r8, 24(%rsi)		# the mistake: R9 is to be stored
	movq	%r10, 32(%rsi)
	movq	%r11, 40(%rsi)
	ret

	.section .note.GNU-stack, "", @progbits
