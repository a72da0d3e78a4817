/* Ways in which a function never comes back: on what the host answers, on a named status, or always; and what a stop looks like. */

#include "../targets/function.inc"

.macro tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
.endm

/* u64 vmcall_or_die(u64 function, u64 argument): the host has to answer 0, and a TDVMCALL may not fail. */
.macro open_hypercall
	pushq	%r12
	movq	%rdi, %r11
	movq	%rsi, %r12
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$0x1c00, %ecx
	tdcall
.endm

.macro close_hypercall
	movq	%r10, %rax
	scrub	r10d, r11d
	popq	%r12
	ret
.endm

.macro vmcall_or_die name, test
	begin_function \name
	open_hypercall
	testq	%rax, %rax
	jnz	1f
	\test
	jnz	1f
	close_hypercall
1:	ud2
	end_function \name
.endm

	.text
	vmcall_or_die vmcall_or_die, "testq %r10, %r10"
	/* Refusals have bit 63 set and nothing below: they read as success. */
	vmcall_or_die vmcall_or_die_narrow, "testl %r10d, %r10d"

/* u64 accept_or_die(u64 gpa): a status of the class OPERAND_INVALID is a mistake of the kernel, and it stops. */
.macro accept_or_die name, shift
	begin_function \name
	movq	%rdi, %rcx
	movl	$6, %eax
	tdcall
	movq	%rax, %rdx
	shrq	$\shift, %rdx
	cmpl	$(0xc0000100 >> (\shift - 32)), %edx
	je	1f
	xorl	%edx, %edx
	ret
1:	cli
	hlt
	jmp	1b
	end_function \name
.endm

	accept_or_die accept_or_die, 32
	/* Two statuses of other classes begin with the same bits. */
	accept_or_die accept_or_die_coarse, 48

/* void report_fatal(u64 code): TDVMCALL<ReportFatalError> is not meant to come back, and a host may let it. */
.macro report_fatal name, stop:vararg
	begin_function \name
	pushq	%r12
	movl	$0x10003, %r11d
	movq	%rdi, %r12
	xorl	%r10d, %r10d
	xorl	%eax, %eax
	movl	$0x1c00, %ecx
	tdcall
	\stop
	popq	%r12
	ret
	end_function \name
.endm

.macro stop_by_trap
	ud2
.endm
.macro stop_by_jump
1:	jmp	1b
.endm
.macro stop_by_hlt
	cli
1:	hlt
	jmp	1b
.endm
.macro stop_by_pause
1:	pause
	jmp	1b
.endm
/* An interrupt wakes it, and it goes on to its caller. */
.macro halt_once
	sti
	hlt
	cli
.endm
.macro no_stop
.endm
/* As long as the loop is, it ends. */
.macro wait_a_while
	movl	$300, %ecx
1:	pause
	decl	%ecx
	jnz	1b
.endm

	report_fatal report_fatal, stop_by_trap
	report_fatal report_fatal_returning, no_stop
	report_fatal report_fatal_hlt, stop_by_hlt
	report_fatal report_fatal_hlt_once, halt_once
	report_fatal report_fatal_pause, stop_by_pause
	report_fatal report_fatal_waiting, wait_a_while
	report_fatal report_fatal_jump, stop_by_jump

	.section .note.GNU-stack, "", @progbits
