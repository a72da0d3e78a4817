/*
 * Sound variants of TdVmCall of EDK2, in Microsoft x64:
 *
 *	UINT64 TdVmCall (UINT64 Leaf, UINT64 P1, UINT64 P2, UINT64 P3, UINT64 P4, UINT64 *Val)
 *	                 RCX          RDX        R8         R9         40(RSP)    48(RSP)
 */

#include "../targets/function.inc"

.macro tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
.endm

	.set	.Lsaved, 7 * 8

.macro nothing
.endm

.macro save
	push_all	rbx, rsi, rdi, r12, r13, r14, r15
.endm
.macro restore
	pop_all	r15, r14, r13, r12, rdi, rsi, rbx
.endm
.macro take
	movq	%rcx, %r11
	movq	%rdx, %r12
	movq	%r8, %r13
	movq	%r9, %r14
	movq	40+.Lsaved(%rsp), %r15
	scrub	r10d, edx, ebx, esi, edi, r8d, r9d
.endm
.macro frame
	movl	$0xffcc, %ecx
	xorl	%eax, %eax
.endm
.macro answer
	testq	%rax, %rax
	jnz	3f
	movq	48+.Lsaved(%rsp), %r9
	testq	%r9, %r9
	jz	2f
	movq	%r11, (%r9)
2:	movq	%r10, %rax
3:
.endm
.macro clear
	scrub	r8d, r9d, r10d, r11d, edx
.endm

.macro td_vm_call name, save=save, take=take, frame=frame, answer=answer, clear=clear, restore=restore
begin_function \name, endbr=no
	\save
	\take
	\frame
	tdcall
	\answer
	\clear
	\restore
	return_with_stop
end_function \name
.endm

	.text

	td_vm_call plain

	/* The registers wait in the shadow space of the caller and in a frame. */
.macro save_in_shadow
	subq	$.Lsaved, %rsp
	movq	%rbx, 8+.Lsaved(%rsp)
	movq	%rsi, 16+.Lsaved(%rsp)
	movq	%rdi, 24+.Lsaved(%rsp)
	movq	%r12, 32+.Lsaved(%rsp)
	movq	%r13, (%rsp)
	movq	%r14, 8(%rsp)
	movq	%r15, 16(%rsp)
.endm
.macro restore_from_shadow
	movq	8+.Lsaved(%rsp), %rbx
	movq	16+.Lsaved(%rsp), %rsi
	movq	24+.Lsaved(%rsp), %rdi
	movq	32+.Lsaved(%rsp), %r12
	movq	(%rsp), %r13
	movq	8(%rsp), %r14
	movq	16(%rsp), %r15
	addq	$.Lsaved, %rsp
.endm
	td_vm_call in_shadow_space, save=save_in_shadow, restore=restore_from_shadow

	/* The parameters go through the shadow space, as unoptimised code does it. */
.macro take_through_shadow
	movq	%rcx, 8+.Lsaved(%rsp)
	movq	%rdx, 16+.Lsaved(%rsp)
	movq	%r8, 24+.Lsaved(%rsp)
	movq	%r9, 32+.Lsaved(%rsp)
	movq	8+.Lsaved(%rsp), %r11
	movq	16+.Lsaved(%rsp), %r12
	movq	24+.Lsaved(%rsp), %r13
	movq	32+.Lsaved(%rsp), %r14
	movq	40+.Lsaved(%rsp), %r15
	movl	$0, %r10d
	movl	$0, %edx
	movl	$0, %ebx
	movl	$0, %esi
	movl	$0, %edi
	movl	$0, %r8d
	movl	$0, %r9d
.endm
	td_vm_call through_shadow_space, take=take_through_shadow

	/* One register is cleared, and copied to the others. */
.macro take_and_copy_zero
	xchgq	%rcx, %r11
	movq	%rdx, %r12
	xorl	%edx, %edx
	movq	%r8, %r13
	movq	%rdx, %r8
	movq	%r9, %r14
	movq	%rdx, %r9
	movq	40+.Lsaved(%rsp), %r15
	movq	%rdx, %r10
	movq	%rdx, %rbx
	movq	%rdx, %rsi
	movq	%rdx, %rdi
.endm
.macro frame_from_zero
	leal	0xffcc(%rdx), %ecx
	movl	%edx, %eax
.endm
	td_vm_call zero_copied, take=take_and_copy_zero, frame=frame_from_zero

	/* CMOV picks status or R10. */
.macro answer_by_cmov
	movq	48+.Lsaved(%rsp), %r9
	testq	%r9, %r9
	jz	2f
	testq	%rax, %rax
	jnz	2f
	movq	%r11, (%r9)
2:	testq	%rax, %rax
	cmovzq	%r10, %rax
.endm
	td_vm_call answer_by_cmov, answer=answer_by_cmov

	/* RBP is the frame, which the mask does not name. */
.macro save_with_frame
	pushq	%rbp
	movq	%rsp, %rbp
	push_all	rbx, rsi, rdi, r12, r13, r14
	subq	$8, %rsp
	movq	%r15, (%rsp)
.endm
.macro take_by_frame
	movq	48(%rbp), %r15
	movq	%r9, %r14
	movq	%r8, %r13
	movq	%rdx, %r12
	movq	%rcx, %r11
	scrub	r9d, r8d, edi, esi, ebx, edx, r10d
.endm
.macro answer_by_frame
	testq	%rax, %rax
	jnz	3f
	movq	%r10, %rax
	cmpq	$0, 56(%rbp)
	je	3f
	movq	56(%rbp), %rdx
	movq	%r11, (%rdx)
3:
.endm
.macro restore_by_frame
	popq	%r15
	pop_all	r14, r13, r12, rdi, rsi, rbx, rbp
.endm
	td_vm_call by_frame_pointer, save=save_with_frame, take=take_by_frame, answer=answer_by_frame, restore=restore_by_frame

	.section .note.GNU-stack, "", @progbits
