/* Port I/O on the stub of 2021, one function a width. */
#include "abi.h"

struct tdx_hypercall_output {
	u64 r11, r12, r13, r14, r15;
};

/* The stub of that time: it stops by itself when TDCALL fails, and writes the output only when the host agrees. */
u64 __tdx_hypercall(u64 function, u64 r12, u64 r13, u64 r14, u64 r15, struct tdx_hypercall_output *out);

enum {
	PORT_READ = 0,
	PORT_WRITE = 1,
};

/* Nobody there reads as all ones. */
static u64 port_read(u64 bytes, u16 port)
{
	struct tdx_hypercall_output out;

	if (__tdx_hypercall(TDVMCALL_IO, bytes, PORT_READ, port, 0, &out) != TDVMCALL_SUCCESS)
		return ~0UL;
	return out.r11;
}

static void port_write(u64 bytes, u16 port, u64 value)
{
	__tdx_hypercall(TDVMCALL_IO, bytes, PORT_WRITE, port, value, 0);
}

u8 tdx_inb(u16 port)
{
	return port_read(1, port);
}

u16 tdx_inw(u16 port)
{
	return port_read(2, port);
}

u32 tdx_inl(u16 port)
{
	return port_read(4, port);
}

void tdx_outb(u8 value, u16 port)
{
	port_write(1, port, value);
}

void tdx_outw(u16 value, u16 port)
{
	port_write(2, port, value);
}

void tdx_outl(u32 value, u16 port)
{
	port_write(4, port, value);
}
