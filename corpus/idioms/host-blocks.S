/*
 * SEAMCALL with one block in and another out, which may be NULL.
 *
 * u64 host_call(u32 leaf, const struct { u64 rcx, rdx, r8, r9; } *in, struct { u64 rcx, rdx, r8, r9, r10, r11; } *out);
 */
#include "idiom.inc"
#include "../targets/seamcall.inc"

.macro host_call name, skips_stores
	begin_function \name
	movl	%edi, %eax
	movq	%rdx, %rdi
	movq	(%rsi), %rcx
	movq	8(%rsi), %rdx
	movq	16(%rsi), %r8
	movq	24(%rsi), %r9
10:	.byte	0x66, 0x0f, 0x01, 0xcf
	jc	12f
14:	testq	%rdi, %rdi
	jz	11f
	movq	%rcx, (%rdi)
	movq	%rdx, 8(%rdi)
	movq	%r8, 16(%rdi)
	movq	%r9, 24(%rdi)
	movq	%r10, 32(%rdi)
	movq	%r11, 40(%rdi)
11:	ret
12:	movabsq	$.Lvmfailinvalid, %rax
	.if	\skips_stores
	jmp	11b
	.else
	jmp	14b
	.endif
13:	movabsq	$.Lsw_error, %rcx
	orq	%rcx, %rax
	jmp	11b
	fixup_seamcall
	end_function \name
.endm

	.text
	host_call host_call, 1
	host_call host_call_storing, 0

	.section .note.GNU-stack, "", @progbits
