/* #VE before there is an exception table: a console writes to its port, and nothing else is served. */
#include "parts.h"

/* Exit qualification of a port access. */
#define BYTES(qualification) ((int)((qualification) & 7) + 1)
#define IS_IN(qualification) ((qualification) & 8)
#define IS_STRING(qualification) ((qualification) & 16)
#define PORT(qualification) ((u16)((qualification) >> 16))

bool tdx_early_handle_ve(struct pt_regs *regs)
{
	struct tdx_module_args record = {};
	u64 qualification;
	bool done;

	if (__tdcall_ret(TDG_VP_VEINFO_GET, &record) != 0)
		panic("TDG.VP.VEINFO.GET failed: the TDX module is broken");
	qualification = record.rdx;
	if (record.rcx != TDVMCALL_IO || IS_STRING(qualification))
		return false;

	if (IS_IN(qualification))
		done = handle_in(regs, BYTES(qualification), PORT(qualification));
	else
		done = handle_out(regs, BYTES(qualification), PORT(qualification));
	if (done)
		regs->ip += (u32)record.r10;
	return done;
}
