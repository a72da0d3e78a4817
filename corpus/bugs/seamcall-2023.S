/*
 * Broken twins of the host stub of the patch series of 2023. Each is the clean function with one step replaced;
 * manifest.json says what must be found in it and where.
 */

#include "../targets/seamcall-2023.inc"

	.section .text, "ax", @progbits

/* --- SEAMCALL fails with CF = 1 --- */

	/* The error code is set, and then the registers are stored as if they were outputs. */
.macro set_vmfailinvalid_and_go_on
	jnc	14f
	movabsq	$.Lvmfailinvalid, %rax
14:
.endm
	seamcall_2023 stores_on_vmfailinvalid, check=set_vmfailinvalid_and_go_on, carry=nothing, drop=nothing, leave=nothing

	/* RAX is looked at first, which clears CF. */
.macro test_status_first
	testq	%rax, %rax
	jc	12f
.endm
	seamcall_2023 carry_lost, check=test_status_first

	/* Only the lower half of the error code is loaded. */
.macro report_vmfailinvalid_half
12:	movl	$0xffff0000, %eax
.endm
	seamcall_2023 vmfailinvalid_half, carry=report_vmfailinvalid_half

	/* The way out of CF = 1 forgets `out` on the stack. */
	seamcall_2023 missing_pop_on_carry, drop=nothing

/* --- SEAMCALL raises #GP or #UD --- */

	/* Nothing takes the exceptions. */
	seamcall_2023 no_fixup, table=nothing

	/* The entry is of the type that leaves RAX alone, so that the leaf number passes for the trap number. */
.macro fixup_of_default_type
	fixup	10b, 13b, .Lex_type_default
.endm
	seamcall_2023 fixup_without_trap_number, table=fixup_of_default_type

	/* The entry leads to the way out of CF = 1. */
.macro fixup_to_carry
	fixup	10b, 12b
.endm
	seamcall_2023 fixup_to_vmfailinvalid, table=fixup_to_carry

	/* The trap number alone is returned: a positive number that no caller takes for an error. */
.macro report_trap_number
13:
.endm
	seamcall_2023 trap_number_alone, trap=report_trap_number

	/* The error bit is set, and the class of software errors is not. */
.macro report_exception_without_class
13:	movabsq	$0x8000000000000000, %r12
	orq	%r12, %rax
.endm
	seamcall_2023 error_without_class, trap=report_exception_without_class

	/* An OR takes an immediate of 32 bits at most: the sign extends over the class. */
.macro report_exception_by_immediate
13:	orq	$-0x80000000, %rax
.endm
	seamcall_2023 or_of_an_immediate, trap=report_exception_by_immediate

	/* The way from the fixup leads through the stores. */
.macro report_exception_and_store
13:	movabsq	$.Lsw_error, %r12
	orq	%r12, %rax
	movq	(%rsp), %r12
	testq	%r12, %r12
	jz	14f
	store_all
14:
.endm
	seamcall_2023 stores_on_exceptions, trap=report_exception_and_store

/* --- frame and outputs --- */

	/* A status of TDX_RND_NO_ENTROPY is answered by a second SEAMCALL in the stub itself. */
.macro retry_without_entropy
	jc	12f
	movabsq	$0x8000020300000000, %r12
	cmpq	%r12, %rax
	jne	14f
	movq	%rdi, %rax
	seamcall
14:
.endm
	seamcall_2023 retries_by_itself, check=retry_without_entropy

	/* `out` waits in R11, which is an output of some leaves. */
.macro save_out_in_r11
	push_all	r12, r9
	movq	%r9, %r11
.endm
.macro store_through_r11
	testq	%r12, %r12
	jz	11f
	movq	%r11, %r12
	store_all
.endm
	seamcall_2023 out_in_output_register, save=save_out_in_r11, output=store_through_r11

	.section .note.GNU-stack, "", @progbits
