/*
 * Broken twins of the guest stubs of Linux v6.7 to v7.3. Each is the clean function with one step replaced;
 * manifest.json says what must be found in it and where.
 */

#include "../targets/guest-6.7.inc"

	.section .noinstr.text, "ax", @progbits

/* --- scrubbing --- */

	/* RDX is forgotten. */
	tdcall_many missing_scrub_rdx, clear="scrub ecx, ebx, edi, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d"

	/* RDI is forgotten. */
	tdcall_many missing_scrub_rdi, clear="scrub ecx, edx, ebx, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d"

	/* An 8-bit XOR keeps 56 bits of R8. */
.macro scrub_r8_as_byte
	scrub	ecx, edx, ebx, edi, r9d, r10d, r11d, r12d, r13d, r14d, r15d
	xorb	%r8b, %r8b
.endm
	tdcall_many scrub_r8_low_byte, clear=scrub_r8_as_byte

/* --- frame and arguments of TDCALL --- */

	/* The mask is a constant: args->rcx is not loaded. */
.macro load_few_own_mask
	load	r11, r10, r9, r8, rdx
	movl	$0xffcc, %ecx
.endm
	tdcall_many mask_not_from_args, few=load_few_own_mask

	/* Only the low half of the leaf's RCX operand is loaded. */
.macro load_few_half_rcx
	load	r11, r10, r9, r8, rdx
	movl	.Largs_rcx(%rsi), %ecx
.endm
	tdcall_few load_rcx_half, load=load_few_half_rcx, output=store_few

	/* R12 and R13 change places on the way in. */
.macro load_many_swapped
	pushq	%rsi
	load	r15, r14
	movq	.Largs_r12(%rsi), %r13
	movq	.Largs_r13(%rsi), %r12
	load	rbx, rdi, rsi
.endm
	tdcall_many load_r12_r13_swapped, many=load_many_swapped

	/* RSI keeps args instead of its own argument: the host learns a guest pointer. */
.macro load_many_without_rsi
	pushq	%rsi
	load	r15, r14, r13, r12, rbx, rdi
.endm
	tdcall_many rsi_not_loaded, many=load_many_without_rsi

/* --- outputs --- */

	/* RBX and RDI change places on the way out. */
.macro store_many_swapped
	store	r15, r14, r13, r12
	movq	%rdi, .Largs_rbx(%rsi)
	movq	%rbx, .Largs_rdi(%rsi)
.endm
	tdcall_many store_rbx_rdi_swapped, output=store_many_swapped

	/* args itself is stored as the output RSI. */
.macro store_args_as_rsi
	addq	$8, %rsp
	movq	%rsi, .Largs_rsi(%rsi)
.endm
	tdcall_many rsi_output_is_args, rsi=store_args_as_rsi

	/* A fourteenth slot is stored behind the block. */
.macro store_many_and_status
	store_many
	movq	%rax, .Largs_end(%rsi)
.endm
	tdcall_many store_beyond_block, output=store_many_and_status

	/* Outputs are stored on success only; a failed leaf has outputs too. */
.macro store_few_on_success
	testq	%rax, %rax
	jnz	1f
	store_few
1:
.endm
	tdcall_few outputs_on_success_only, output=store_few_on_success

/* --- status --- */

	/* R10 is returned, as the older functions did. */
.macro scrub_and_return_r10
	movq	%r10, %rax
	scrub_host_values
.endm
	tdcall_many status_from_r10, clear=scrub_and_return_r10

	/* Only the low half of the status is returned. */
	tdcall_few status_half, output="movl %eax, %eax"

/* --- host values --- */

	/* args is not taken back: the stores go where the host's RSI points. */
	tdcall_many stores_through_host_rsi, take=nothing, rsi="movq %rsi, .Largs_rsi(%rsi)"

/* --- registers and stack of the caller --- */

	/* R14 and R15 change places on the way back. */
	tdcall_many pops_swapped, restore="pop_all r14, r15, r13, r12, rbx"

	/* args stays on the stack: the return goes astray. */
	tdcall_many missing_pop, drop=nothing

	/* The way out of a failed TDCALL forgets args on the stack. */
.macro leave_on_failure
	testq	%rax, %rax
	jnz	7f
.endm
.macro restore_after_failure
7:	restore_registers
.endm
	tdcall_many missing_pop_on_failure, check=leave_on_failure, restore=restore_after_failure

	/* RBX is scratch, but belongs to the caller. */
.macro select_leaf_by_rbx
	movq	%rdi, %rbx
	movq	%rbx, %rax
.endm
	tdcall_few rbx_is_scratch, select=select_leaf_by_rbx

	/* args is parked below RSP. */
.macro select_leaf_and_park_args
	movq	%rsi, -8(%rsp)
	movq	%rdi, %rax
.endm
	tdcall_few red_zone, select=select_leaf_and_park_args, output=store_few

	.section .note.GNU-stack, "", @progbits
