/* u64 module_call(u32 leaf, u64 operand, struct { u64 rcx, rdx, r8; } *out): the leaf has 32 bits, and no more go to RAX. */
#include "idiom.inc"

.macro module_call name, move, leaf, rax
	begin_function \name
	\move	%\leaf, %\rax
	movq	%rdx, %rdi
	movq	%rsi, %rcx
	tdcall
	testq	%rdi, %rdi
	jz	.Lout_\@
	movq	%rcx, (%rdi)
	movq	%rdx, 8(%rdi)
	movq	%r8, 16(%rdi)
.Lout_\@:
	ret
	end_function \name
.endm

	.text
	module_call module_call, movl, edi, eax
	module_call module_call_whole, movq, rdi, rax

	.section .note.GNU-stack, "", @progbits
