/* A packed block with fields of 1, 2, 4 and 8 bytes, most of them not aligned. */
#include "idiom.h"

struct __attribute__((packed)) port {
	u8 size;
	u16 port;
	s32 value;
	u32 answer;
	u64 next;
	u16 last;
};

u64 port_access(struct port *port)
{
	struct vmcall call = { .r11 = 30, .r12 = port->size, .r13 = port->next, .r14 = port->port,
			       .r15 = (u64)(s64)port->value };

	vmcall(&call);
	if (call.status)
		return call.status;
	port->answer = (u32)call.r11;
	port->last = (u16)call.r12;
	return call.r10;
}

struct __attribute__((packed)) port_wide {
	u8 size;
	u16 port;
	s32 value;
	u64 answer;
	u32 upper;
	u16 last;
};

/* Stores 8 bytes where the field has 4. */
u64 port_access_wide(struct port_wide *port)
{
	struct vmcall call = { .r11 = 30, .r12 = port->size, .r13 = ((struct port *)port)->next, .r14 = port->port,
			       .r15 = (u64)(s64)port->value };

	vmcall(&call);
	if (call.status)
		return call.status;
	port->answer = call.r11;
	port->last = (u16)call.r12;
	return call.r10;
}
