/*
 * Broken twins of the guest stubs of Linux v6.4 to v6.6. Each is the clean function with one step replaced;
 * manifest.json says what must be found in it and where.
 */

#include "../targets/guest-6.4.inc"

	.section .noinstr.text, "ax", @progbits

/* --- scrubbing --- */

	/* RSI is forgotten: CVE-2023-52874, upstream 5d092b66119d. */
	hypercall missing_scrub_rsi, output=store_outputs, clear="scrub r11d, r10d, r9d, r8d, edi, edx"

	/* The same in the function that stores nothing. */
	hypercall missing_scrub_rsi_plain, clear="scrub r11d, r10d, r9d, r8d, edi, edx"

	/* R9 is forgotten. */
	hypercall missing_scrub_r9, clear="scrub r11d, r10d, r8d, edi, esi, edx"

	/* RDX is forgotten. */
	hypercall missing_scrub_rdx, clear="scrub r11d, r10d, r9d, r8d, edi, esi"

	/* A 16-bit XOR keeps 48 bits of RDI. */
.macro scrub_rdi_as_word
	scrub	r11d, r10d, r9d, r8d, esi, edx
	xorw	%di, %di
.endm
	hypercall scrub_rdi_low_word, clear=scrub_rdi_as_word

	/* R8 leaves as the complement of the host's R8. */
.macro complement_r8
	scrub	r11d, r10d, r9d, edi, esi, edx
	notq	%r8
.endm
	hypercall derived_r8, clear=complement_r8

	/* The values are scrubbed, then R9 is filled again from the block that the host answered into. */
.macro scrub_and_reload_r9
	scrub_host_values
	movq	.Largs_r9(%rcx), %r9
.endm
	hypercall reloaded_r9, output=store_outputs, clear=scrub_and_reload_r9

/* --- frame and arguments of TDCALL --- */

	/* RBX is exposed, but never loaded: the host reads a callee-saved register of the caller. */
	hypercall rbx_not_loaded, load="load r15, r14, r13, r12, r11, r10, r9, r8, rsi, rdx, rdi"

	/* R15 is not in the mask. */
	hypercall mask_without_r15, output=store_outputs, select="select_vmcall 0x7fcc"

	/* Only the low half of R14 is loaded. */
.macro load_half
	load	r15
	movl	.Largs_r14(%rdi), %r14d
	load	r13, r12, r11, r10, r9, r8, rsi, rdx, rbx, rdi
.endm
	hypercall load_r14_half, load=load_half

	/* STI returns before TDCALL, where no flag asks for it any more. */
.macro sti_and_tdcall
	sti
	tdcall
.endm
	hypercall sti_unasked, issue=sti_and_tdcall

/* --- outputs --- */

	/* The function that stores nothing stores. */
	hypercall outputs_unasked, output=store_outputs

	/* RDI and RSI change places on the way out. */
.macro store_swapped
	store	r15, r14, r13, r12, r11, r10, r9, r8, rdx, rbx
	movq	%rsi, .Largs_rdi(%rcx)
	movq	%rdi, .Largs_rsi(%rcx)
.endm
	hypercall store_rdi_rsi_swapped, output=store_swapped

	/* RAX is stored behind the block. */
.macro store_thirteen
	store_outputs
	movq	%rax, .Largs_end(%rcx)
.endm
	hypercall store_beyond_block, output=store_thirteen

	/* RBX is not stored. */
	hypercall store_rbx_missing, output="store r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rdx"

/* --- status and failure --- */

	/* R11 is returned. */
	hypercall status_from_r11, status="movq %r11, %rax"

	/* Only the low half of RAX is tested. */
.macro test_low_half
	testl	%eax, %eax
	jnz	9f
.endm
	hypercall failure_by_low_half, output=store_outputs, check=test_low_half

/* --- host values --- */

	/* R11 is jumped to. */
.macro return_through_r11
	movq	%r10, %rax
	jmp	*%r11
.endm
	hypercall jump_through_r11, status=return_through_r11

	/* The result goes where the host's R12 points. */
.macro store_through_r12
	movq	%r10, %rax
	movq	%rax, (%r12)
.endm
	hypercall store_through_r12, status=store_through_r12

/* --- registers, stack and flags of the caller --- */

	/* RBX and R12 change places on the way back. */
	hypercall pops_swapped, restore="pop_all r12, rbx, r13, r14, r15"

	/* args stays on the stack: every pop takes its neighbour's value, and the return goes astray. */
	hypercall missing_pop, output=store_outputs, take="movq (%rsp), %rcx"

	/* Interrupts are switched off for the call and never on again. */
.macro select_without_interrupts
	cli
	select_vmcall
.endm
	hypercall interrupts_left_off, select=select_without_interrupts

	.section .note.GNU-stack, "", @progbits
