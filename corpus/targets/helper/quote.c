/* Calls with memory that the host sees, and the one vendor whose status is the control word. */
#include "parts.h"

/* The buffer is shared already; the host is told so by the bit in its GPA. */
u64 tdx_hcall_get_quote(u8 *buffer, u64 size)
{
	return _tdx_hypercall(TDVMCALL_GET_QUOTE, virt_to_phys(buffer) | tdx_shared_mask(), size, 0, 0);
}

u64 hv_tdx_hypercall(u64 control, u64 p1, u64 p2)
{
	struct tdx_module_args args = {
		.r10 = control,
		.rdx = p1,
		.r8 = p2,
	};

	__tdx_hypercall(&args);
	return args.r11;
}
