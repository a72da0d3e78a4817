/* CPUID: only the leaves of the hypervisor are the host's to answer. */
#include "tdx.h"

#define FIRST_LEAF 0x40000000U
#define LAST_LEAF 0x4fffffffU

int handle_cpuid(struct pt_regs *regs, const struct ve_info *ve)
{
	u32 leaf = regs->ax;
	struct tdx_module_args args = {
		.r11 = TDVMCALL_CPUID,
		.r12 = leaf,
		.r13 = (u32)regs->cx,
	};

	if (leaf < FIRST_LEAF || leaf > LAST_LEAF) {
		regs->ax = regs->bx = regs->cx = regs->dx = 0;
		return ve->instr_len;
	}

	if (__tdx_hypercall(&args) != TDVMCALL_SUCCESS)
		return -EIO;
	regs->ax = (u32)args.r12;
	regs->bx = (u32)args.r13;
	regs->cx = (u32)args.r14;
	regs->dx = (u32)args.r15;
	return ve->instr_len;
}
