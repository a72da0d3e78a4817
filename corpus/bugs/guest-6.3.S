/*
 * Broken twins of the guest stubs of Linux v6.3. Each is the clean function with one step replaced;
 * manifest.json says what must be found in it and where.
 */

#include "../targets/guest-6.3.inc"

	.section .noinstr.text, "ax", @progbits

/* --- scrubbing --- */

	/* R8 is forgotten. */
	hypercall missing_scrub_r8, clear="scrub edx, esi, edi, r9d, r10d, r11d"

	/* RDI is forgotten. */
	hypercall missing_scrub_rdi, clear="scrub edx, esi, r8d, r9d, r10d, r11d"

	/* An 8-bit XOR keeps 56 bits of RDX. */
.macro scrub_rdx_as_byte
	xorb	%dl, %dl
	scrub	esi, edi, r8d, r9d, r10d, r11d
.endm
	hypercall scrub_rdx_low_byte, clear=scrub_rdx_as_byte

/* --- frame and arguments of TDCALL --- */

	/* RBP (bit 5) is in the mask. */
	hypercall mask_with_rbp, select="select_vmcall 0xffec"

	/* RDX is not in the mask. */
	hypercall mask_without_rdx, select="select_vmcall 0xffc8"

	/* Only AL is cleared: the rest of RAX is the caller's. */
.macro select_by_byte
	movl	$.Lmask, %ecx
	movb	$0, %al
.endm
	hypercall leaf_upper_bits_stale, select=select_by_byte

	/* RDX is exposed, but never loaded. */
	hypercall rdx_not_loaded, load="load rbx, rsi, r8, r9, r10, r11, r12, r13, r14, r15, rdi"

	/* RSI and RDI change places on the way in. */
.macro load_swapped
	load	rbx, rdx, r8, r9, r10, r11, r12, r13, r14, r15
	movq	.Largs_rdi(%rdi), %rsi
	movq	.Largs_rsi(%rdi), %rdi
.endm
	hypercall load_rsi_rdi_swapped, load=load_swapped

	/* The stub answers RETRY itself, with a second TDCALL. */
.macro issue_twice
	tdcall
	cmpq	$1, %r10
	jne	1f
	tdcall
1:
.endm
	hypercall tdcall_twice, issue=issue_twice

/* --- outputs --- */

	/* The outputs are stored whatever the flag says. */
	hypercall outputs_without_flag, output="store rbx, rdx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15"

	/* The flag means the opposite. */
.macro store_inverted
	testl	$.Lhas_output, %eax
	jnz	2f
	store	rbx, rdx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
2:
.endm
	hypercall outputs_inverted, output=store_inverted

/* --- failure --- */

	/* RAX is not tested at all. */
	hypercall failure_not_tested, check=nothing

	/* A failed TDCALL is repeated until it succeeds. */
.macro issue_until_success
1:	xorl	%eax, %eax
	tdcall
	testq	%rax, %rax
	jnz	1b
.endm
	hypercall retry_forever, issue=issue_until_success, check=nothing

	/* The processor spins where it should stop. */
.macro spin
9:	pause
	jmp	9b
.endm
	hypercall failure_spins, stop=spin

/* --- host values --- */

	/* args waits in RSI, which the host writes; the stores go where the host says. */
.macro keep_args_in_rsi
	pushq	%rsi
	movq	%rdi, %rsi
.endm
.macro take_args_from_rsi
	popq	%rax
	movq	%rsi, %rcx
.endm
	hypercall args_in_exposed_register, keep=keep_args_in_rsi, take=take_args_from_rsi, \
		load="load rbx, rdx, r8, r9, r10, r11, r12, r13, r14, r15, rdi"

	/* R10 indexes a table without a bound. */
.macro return_listed_status
	movq	%r10, %rax
	leaq	listed_statuses(%rip), %rcx
	testb	$1, (%rcx, %r10)
.endm
	hypercall table_indexed_by_r10, status=return_listed_status

	/* R11 is taken for a pointer. */
.macro return_status_through_r11
	movq	%r10, %rax
	movq	(%r11), %r11
.endm
	hypercall load_through_r11, status=return_status_through_r11

/* --- registers, flags and vector state of the caller --- */

	/* RBP keeps the flags, and nobody kept RBP. */
.macro keep_flags_in_rbp
	movq	%rsi, %rbp
	pushq	%rdi
.endm
.macro take_flags_from_rbp
	popq	%rcx
	movq	%rbp, %rax
.endm
	hypercall rbp_keeps_flags, open=nothing, keep=keep_flags_in_rbp, take=take_flags_from_rbp, close=nothing

	/* The saved RBX is dropped from the stack. */
.macro restore_without_rbx
	pop_all	r15, r14, r13, r12
	leaq	8(%rsp), %rsp
.endm
	hypercall rbx_not_restored, restore=restore_without_rbx

	/* XMM0 keeps args across TDCALL. */
.macro keep_args_in_xmm0
	movq	%rdi, %xmm0
	pushq	%rsi
.endm
.macro take_args_from_xmm0
	popq	%rax
	movq	%xmm0, %rcx
.endm
	hypercall args_in_xmm0, keep=keep_args_in_xmm0, take=take_args_from_xmm0

	/* MXCSR is set to flush denormals and stays so. */
.macro select_and_set_mxcsr
	pushq	$0x9fc0
	ldmxcsr	(%rsp)
	leaq	8(%rsp), %rsp
	select_vmcall
.endm
	hypercall mxcsr_changed, select=select_and_set_mxcsr

	/* AC is set to reach the block and stays set. */
.macro open_with_ac
	pushfq
	orl	$0x40000, (%rsp)
	popfq
	open_frame
.endm
	hypercall ac_left_set, open=open_with_ac

	.section .rodata, "a", @progbits

	.type	listed_statuses, @object
listed_statuses:
	.byte	1, 1, 0, 0, 0, 0, 0, 0
	.size	listed_statuses, . - listed_statuses

	.section .note.GNU-stack, "", @progbits
