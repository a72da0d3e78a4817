/*
 * Sound variants of
 *
 *	u64 halt(u64 blocked, u64 open)		RDI, RSI
 *
 * R11 = 12 (HLT), R12 = blocked, with the mask 0x1c00. Anything but 0 in `open` asks for STI. halts.json has its contract.
 */

#include "../targets/function.inc"

.macro tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
.endm

.macro halt name, call
begin_function \name, endbr=no
	pushq	%r12
	movq	%rdi, %r12
	movl	$12, %r11d
	xorl	%r10d, %r10d
	movl	$0x1c00, %ecx
	xorl	%eax, %eax
	\call
	testq	%rax, %rax
	jnz	9f
	movq	%r10, %rax
	scrub	r10d, r11d
	popq	%r12
	return_with_stop
9:	ud2
end_function \name
.endm

	.text

.macro open_by_test
	testq	%rsi, %rsi
	jz	1f
	sti
1:	tdcall
.endm
	halt open_by_test, open_by_test

.macro open_by_compare
	cmpq	$1, %rsi
	jb	1f
	sti
1:	tdcall
.endm
	halt open_by_compare, open_by_compare

.macro open_by_negation
	movq	%rsi, %rdx
	negq	%rdx
	jnc	1f
	sti
1:	tdcall
.endm
	halt open_by_negation, open_by_negation

.macro open_by_scan
	bsrq	%rsi, %rdx
	jz	1f
	sti
1:	tdcall
.endm
	halt open_by_scan, open_by_scan

.macro open_by_halves
	movq	%rsi, %rdx
	shrq	$32, %rdx
	orl	%esi, %edx
	jz	1f
	sti
1:	tdcall
.endm
	halt open_by_halves, open_by_halves

.macro open_by_loop
	movq	%rcx, %r8
	movq	%rsi, %rcx
	jrcxz	3f
	movq	%r8, %rcx
	sti
	tdcall
	jmp	4f
3:	movq	%r8, %rcx
	tdcall
4:
.endm
	halt open_by_jrcxz, open_by_loop

.macro open_by_count
	popcntq	%rsi, %rdx
	cmpb	$0, %dl
	je	1f
	sti
1:	tdcall
.endm
	halt open_by_count, open_by_count

	.section .note.GNU-stack, "", @progbits
