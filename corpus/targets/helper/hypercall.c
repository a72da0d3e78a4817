/* The way to the host: a TDVMCALL either came back or the guest stops. */
#include "tdx.h"

u64 __tdx_hypercall(struct tdx_module_args *args)
{
	args->rcx = TDVMCALL_EXPOSED;
	if (__tdcall_saved_ret(TDG_VP_VMCALL, args) != 0)
		__tdx_hypercall_failed();
	return args->r10;
}

u64 _tdx_hypercall(u64 function, u64 r12, u64 r13, u64 r14, u64 r15)
{
	struct tdx_module_args args = {
		.r11 = function,
		.r12 = r12,
		.r13 = r13,
		.r14 = r14,
		.r15 = r15,
	};

	return __tdx_hypercall(&args);
}

/* A vendor's call: the number stands where standard calls have 0. */
long tdx_kvm_hypercall(unsigned int number, u64 p1, u64 p2, u64 p3, u64 p4)
{
	struct tdx_module_args args = {
		.r10 = number,
		.r11 = p1,
		.r12 = p2,
		.r13 = p3,
		.r14 = p4,
	};

	return __tdx_hypercall(&args);
}
