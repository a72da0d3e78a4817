/* Microsoft x64: the callee ignores all bits above a parameter's type. */
#include "idiom.h"

__attribute__((ms_abi)) u64 adjust(u8 kind, s16 step, s32 amount, u64 unused, u32 last)
{
	struct vmcall call = { .r11 = 0x10001, .r12 = kind, .r13 = (u64)(s64)step, .r14 = (u64)(s64)amount, .r15 = last };

	(void)unused;
	vmcall(&call);
	return call.status ? call.status : call.r10;
}

/* Takes a step that was extended to 32 bits, which callers of System V do. */
__attribute__((ms_abi)) u64 adjust_extended(u8 kind, s32 step, s32 amount, u64 unused, u32 last)
{
	struct vmcall call = { .r11 = 0x10001, .r12 = kind, .r13 = (u64)(s64)step, .r14 = (u64)(s64)amount, .r15 = last };

	(void)unused;
	vmcall(&call);
	return call.status ? call.status : call.r10;
}
