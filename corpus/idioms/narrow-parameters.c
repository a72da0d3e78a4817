/* Parameters of 1, 2 and 4 bytes, as compilers of System V take them: each is extended before it goes into a register. */
#include "idiom.h"

u64 port_write(u8 size, u16 port, u32 value)
{
	struct vmcall call = { .r11 = 30, .r12 = size, .r13 = 1, .r14 = port, .r15 = value };

	vmcall(&call);
	if (call.status)
		__builtin_trap();
	return call.r10;
}

/* What the caller left above the value goes to the host. */
u64 port_write_wide(u8 size, u16 port, u64 value)
{
	struct vmcall call = { .r11 = 30, .r12 = size, .r13 = 1, .r14 = port, .r15 = value };

	vmcall(&call);
	if (call.status)
		__builtin_trap();
	return call.r10;
}
