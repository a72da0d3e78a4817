# u64 guest_tdcall(u64 leaf, struct args *args): one TDCALL of the guest, no output but RAX.
# The contract linux-6.7/__tdcall is about just that, whatever the function is called.
	.text
	.globl	guest_tdcall
	.type	guest_tdcall, @function
guest_tdcall:
	mov	%rdi, %rax
	mov	(%rsi), %rcx
	mov	0x08(%rsi), %rdx
	mov	0x10(%rsi), %r8
	mov	0x18(%rsi), %r9
	mov	0x20(%rsi), %r10
	mov	0x28(%rsi), %r11
	tdcall
	ret
	.size	guest_tdcall, . - guest_tdcall

	.section .note.GNU-stack, "", @progbits
