/*
 * Broken twins of the host stubs of Linux v6.7 to v7.3. Each is the clean function with one step replaced;
 * manifest.json says what must be found in it and where.
 */

#include "../targets/seamcall-6.7.inc"

	.section .noinstr.text, "ax", @progbits

/* --- SEAMCALL does not reach the module --- */

	/* The way from the fixup leads through the stores, with RDI as its scratch register. */
.macro take_args_after_all
14:	take_args
.endm
	seamcall_many seam_stores_on_exceptions, take=take_args_after_all, trap_drop="jmp 14b"

	/* The way out of CF = 1 forgets args on the stack. */
	seamcall_many seam_missing_pop_on_carry, carry_drop=nothing

	/* The way from the fixup forgets args on the stack. */
	seamcall_many seam_missing_pop_on_exception, trap_drop=nothing

	/* The entry speaks of the instruction behind SEAMCALL. */
.macro fixup_one_too_late
	fixup	10b + 4, 13b
.endm
	seamcall_few seam_fixup_one_too_late, output=store_few, table=fixup_one_too_late

	/* The test of CF comes behind room for args on the stack, made by a subtraction. */
.macro make_room_before_test
	subq	$8, %rsp
	jc	14f
	addq	$8, %rsp
	jmp	15f
14:	addq	$8, %rsp
	jmp	12f
15:
.endm
	seamcall_few seam_carry_of_subtraction, check=make_room_before_test

/* --- TDH.VP.ENTER: anything may come back --- */

	/* RDX is forgotten. */
	seamcall_many seam_missing_scrub_rdx, clear="scrub ecx, ebx, edi, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d"

	/* Only the low byte of RDI is cleared. */
.macro scrub_rdi_as_byte
	scrub	ecx, edx, ebx, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d
	movb	$0, %dil
.endm
	seamcall_many seam_scrub_rdi_low_byte, clear=scrub_rdi_as_byte

	/* R13 is loaded, and nobody saved the caller's. */
	seamcall_many seam_r13_not_saved, save="push_all rbx, r12, r14, r15", restore="pop_all r15, r14, r12, rbx"

	/* The scrub comes behind the pops, and clears the caller's registers. */
	seamcall_many seam_scrub_after_restore, clear=nothing, late=scrub_host_values

	/* args is not taken back: the stores go where the RSI of the TD points. */
	seamcall_many seam_stores_through_td_rsi, take=nothing, rsi="movq %rsi, .Largs_rsi(%rsi)"

/* --- arguments, outputs and status --- */

	/* R10 and R11 change places on the way in. */
.macro load_few_swapped
	movq	.Largs_r11(%rsi), %r10
	movq	.Largs_r10(%rsi), %r11
	load	r9, r8, rdx, rcx
.endm
	seamcall_many seam_load_r10_r11_swapped, few=load_few_swapped

	/* RDI is scratch for the error code, and its output is forgotten. */
	seamcall_many seam_rdi_not_stored, output="store r15, r14, r13, r12, rbx"

	/* The RSI of the TD is dropped instead of stored. */
	seamcall_many seam_rsi_not_stored, rsi="addq $8, %rsp"

	/* The scrub takes the status along: every call reads as a success. */
	seamcall_many seam_status_scrubbed, clear="scrub eax, ecx, edx, ebx, edi, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d"

	/* Outputs are stored on success only; a failed leaf has outputs too. */
.macro store_few_on_success
	testq	%rax, %rax
	jnz	14f
	store_few
14:
.endm
	seamcall_few seam_outputs_on_success_only, output=store_few_on_success

	/* A busy operand is asked for again, for ever. */
.macro retry_while_busy
	jc	12f
	movabsq	$0x8000020000000000, %rdx
	cmpq	%rdx, %rax
	jne	14f
	movq	%rdi, %rax
	jmp	10b
14:
.endm
	seamcall_few seam_spins_while_busy, check=retry_while_busy

	/* The leaf loses its upper half, and with it the bit that selects the P-SEAMLDR. */
	seamcall_many seam_leaf_half, select="movl %edi, %eax"

	.section .note.GNU-stack, "", @progbits
