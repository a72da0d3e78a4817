/* The idle loop's halt of v5.19 to v6.2: the stub itself executes STI, right before TDCALL. */
#include "abi.h"

struct tdx_hypercall_args {
	u64 r10, r11, r12, r13, r14, r15;
};

#define TDX_HCALL_ISSUE_STI 2UL

/* The stub of that time: it stops by itself when TDCALL fails. */
u64 __tdx_hypercall(struct tdx_hypercall_args *args, unsigned long flags);

/* Called with interrupts off, left with interrupts on. */
void tdx_safe_halt(void)
{
	struct tdx_hypercall_args args = {
		.r11 = TDVMCALL_HLT,
	};

	__tdx_hypercall(&args, TDX_HCALL_ISSUE_STI);
}
