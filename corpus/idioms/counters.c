/* A function that counts its calls and remembers the last answer. */
#include "idiom.h"

u64 calls;
u32 answers[2];
u64 last;

u64 counted(u64 code)
{
	struct vmcall call = { .r11 = 0x10003, .r12 = code };

	calls++;
	vmcall(&call);
	answers[1] = (u32)call.r10;
	return call.r10;
}

/* Writes to what the contract does not name. */
u64 counted_last(u64 code)
{
	struct vmcall call = { .r11 = 0x10003, .r12 = code };

	calls++;
	vmcall(&call);
	last = calls;
	return call.r10;
}
