/*
 * Guest stubs of 2021, written from the facts of their ABI.
 * Forms: no endbr64, no frame, `ret; int3`; a failed TDVMCALL stops at UD2.
 */

#include "guest-rfc-2021.inc"

	.section .text, "ax", @progbits

hypercall	__tdx_hypercall

hypercall	__tdx_hypercall_vendor_kvm, vendor=select_vendor_kvm

	.section .note.GNU-stack, "", @progbits
