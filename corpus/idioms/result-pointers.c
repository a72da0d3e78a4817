/* Several pointers to single values, of different types, each of which may be NULL. */
#include "idiom.h"

u64 identify(u32 leaf, u64 *whole, u32 *half, u8 *byte)
{
	struct vmcall call = { .r11 = 10, .r12 = leaf };

	vmcall(&call);
	if (call.status)
		return call.status;
	if (whole)
		*whole = call.r12;
	if (half)
		*half = (u32)call.r13;
	if (byte)
		*byte = (u8)call.r14;
	return call.r10;
}

/* The first pointer stands for all of them. */
u64 identify_untested(u32 leaf, u64 *whole, u32 *half, u8 *byte)
{
	struct vmcall call = { .r11 = 10, .r12 = leaf };

	vmcall(&call);
	if (call.status)
		return call.status;
	if (whole) {
		*whole = call.r12;
		*half = (u32)call.r13;
	}
	if (byte)
		*byte = (u8)call.r14;
	return call.r10;
}
