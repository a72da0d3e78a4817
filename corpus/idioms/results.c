/* Results that are no status: half of R11, a bool, an int, a constant, none. */
#include "idiom.h"

/* The low half of R11. */
u32 msr_low(u32 index)
{
	struct vmcall call = { .r11 = 31, .r12 = index };

	vmcall(&call);
	if (call.status)
		__builtin_trap();
	return (u32)call.r11;
}

u32 msr_low_status(u32 index)
{
	struct vmcall call = { .r11 = 31, .r12 = index };

	vmcall(&call);
	if (call.status)
		__builtin_trap();
	return (u32)call.r10;
}

/* Whether the host did it. */
_Bool shared(u64 address, u64 size)
{
	struct vmcall call = { .r11 = 0x10001, .r12 = address, .r13 = size };

	vmcall(&call);
	return call.status == 0 && call.r10 == 0;
}

_Bool shared_unchecked(u64 address, u64 size)
{
	struct vmcall call = { .r11 = 0x10001, .r12 = address, .r13 = size };

	vmcall(&call);
	return call.r10 == 0;
}

/* 1 for a failure, an int. */
int halted(u64 blocked)
{
	struct vmcall call = { .r11 = 12, .r12 = blocked };

	vmcall(&call);
	return (call.status | call.r10) != 0;
}

int halted_low(u64 blocked)
{
	struct vmcall call = { .r11 = 12, .r12 = blocked };

	vmcall(&call);
	return ((u32)call.status | (u32)call.r10) != 0;
}

/* Always 0. */
int report(u64 code)
{
	struct vmcall call = { .r11 = 0x10003, .r12 = code };

	vmcall(&call);
	return 0;
}

int report_status(u64 code)
{
	struct vmcall call = { .r11 = 0x10003, .r12 = code };

	vmcall(&call);
	return (int)call.r10;
}

/* The status of the instruction, or R11. */
u64 read_or_status(u32 index)
{
	struct vmcall call = { .r11 = 31, .r12 = index };

	vmcall(&call);
	return call.status ? call.status : call.r11;
}

u64 read_or_half(u32 index)
{
	struct vmcall call = { .r11 = 31, .r12 = index };

	vmcall(&call);
	return (u32)call.status ? call.status : call.r11;
}
