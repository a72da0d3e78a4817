/* RDMSR and WRMSR: the index is ECX, the value EDX:EAX. */
#include "tdx.h"

int read_msr(struct pt_regs *regs, const struct ve_info *ve)
{
	struct tdx_module_args args = {
		.r11 = TDVMCALL_RDMSR,
		.r12 = (u32)regs->cx,
	};

	if (__tdx_hypercall(&args) != TDVMCALL_SUCCESS)
		return -EIO;
	regs->ax = (u32)args.r11;
	regs->dx = args.r11 >> 32;
	return ve->instr_len;
}

int write_msr(struct pt_regs *regs, const struct ve_info *ve)
{
	u64 value = regs->dx << 32 | (u32)regs->ax;

	if (_tdx_hypercall(TDVMCALL_WRMSR, (u32)regs->cx, value, 0, 0) != TDVMCALL_SUCCESS)
		return -EIO;
	return ve->instr_len;
}
