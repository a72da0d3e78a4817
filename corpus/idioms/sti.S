/* STI in other forms than a flag that asks for it: a flag that forbids it, any value but 0, and a function that restores IF. */

#include "../targets/function.inc"

.macro tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
.endm

.macro ask_to_halt blocked
	pushq	%r12
	movq	\blocked, %r12
	movl	$12, %r11d
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$0x1c00, %ecx
.endm

.macro answer
	testq	%rax, %rax
	jnz	9f
	movq	%r10, %rax
	scrub	r10d, r11d
	popq	%r12
	ret
9:	ud2
.endm

/* u64 halt(u64 blocked, u64 flags): bit 0 of the flags keeps interrupts off. */
.macro halt_unless name, jump
	begin_function \name
	ask_to_halt %rdi
	testl	$1, %esi
	\jump	1f
	sti
	tdcall
	jmp	2f
1:	tdcall
2:	answer
	end_function \name
.endm

	.text
	halt_unless halt_unless, jnz
	halt_unless halt_if, jz

/* u64 halt_when(u64 blocked, u64 do_sti): any value but 0 asks for STI. */
.macro halt_when name, test:vararg
	begin_function \name
	ask_to_halt %rdi
	\test
	jz	1f
	sti
	tdcall
	jmp	2f
1:	tdcall
2:	answer
	end_function \name
.endm

	halt_when halt_when, testq %rsi, %rsi
	halt_when halt_when_narrow, testl %esi, %esi

/* u64 halt_inside(u64 blocked): interrupts are on while it waits, and afterwards as they were. */
.macro halt_inside name, restore
	begin_function \name
	pushfq
	ask_to_halt %rdi
	sti
	tdcall
	testq	%rax, %rax
	jnz	9f
	movq	%r10, %rax
	scrub	r10d, r11d
	popq	%r12
	.if	\restore
	popfq
	.else
	addq	$8, %rsp
	.endif
	ret
9:	ud2
	end_function \name
.endm

	halt_inside halt_inside, 1
	halt_inside halt_left_open, 0

/* u64 halt_and_close(u64 blocked): interrupts are off afterwards, whatever they were. */
.macro halt_and_close name, close:vararg
	begin_function \name
	ask_to_halt %rdi
	sti
	tdcall
	\close
	answer
	end_function \name
.endm

	halt_and_close halt_and_close, cli
	halt_and_close halt_not_closed, nop

	.section .note.GNU-stack, "", @progbits
