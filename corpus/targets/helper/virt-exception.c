/* #VE: what happened, who emulates it, and where the guest goes on. */
#include "tdx.h"

void tdx_get_ve_info(struct ve_info *ve)
{
	struct tdx_module_args args = {};

	if (__tdcall_ret(TDG_VP_VEINFO_GET, &args) != 0)
		panic("TDG.VP.VEINFO.GET failed: the TDX module is broken");
	ve->exit_reason = args.rcx;
	ve->exit_qual = args.rdx;
	ve->gla = args.r8;
	ve->gpa = args.r9;
	ve->instr_len = (u32)args.r10;
	ve->instr_info = args.r10 >> 32;
}

static bool is_private(u64 gpa)
{
	return !(gpa & tdx_shared_mask());
}

/* A handler's length counts: for MMIO it is the decoded one, the reported one being undefined. */
static int emulate(struct pt_regs *regs, const struct ve_info *ve)
{
	switch (ve->exit_reason) {
	case TDVMCALL_HLT:
		return handle_halt(ve);
	case TDVMCALL_RDMSR:
		return read_msr(regs, ve);
	case TDVMCALL_WRMSR:
		return write_msr(regs, ve);
	case TDVMCALL_CPUID:
		return handle_cpuid(regs, ve);
	case TDVMCALL_IO:
		return handle_io(regs, ve);
	case TDVMCALL_MMIO:
		if (is_private(ve->gpa))
			panic("EPT violation on private memory");
		return handle_mmio(regs, ve);
	default:
		return -EIO;
	}
}

bool tdx_handle_virt_exception(struct pt_regs *regs, const struct ve_info *ve)
{
	int length = emulate(regs, ve);

	if (length < 0)
		return false;
	regs->ip += length;
	return true;
}
