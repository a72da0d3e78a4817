/* Port I/O: 1, 2 or 4 bytes go out, and no more come in. */
#include "width.h"

enum {
	PORT_READ = 0,
	PORT_WRITE = 1,
};

/* Exit qualification of a port access. */
#define QUALIFICATION_BYTES(qualification) (((qualification) & 7) + 1)
#define QUALIFICATION_IN 8UL
#define QUALIFICATION_STRING 16UL
#define QUALIFICATION_PORT(qualification) ((u16)((qualification) >> 16))

static bool port_read(unsigned int bytes, u16 port, u64 *value)
{
	struct tdx_module_args args = {
		.r11 = TDVMCALL_IO,
		.r12 = bytes,
		.r13 = PORT_READ,
		.r14 = port,
	};

	if (__tdx_hypercall(&args) != TDVMCALL_SUCCESS)
		return false;
	*value = low_bytes(bytes, args.r11);
	return true;
}

static bool port_write(unsigned int bytes, u16 port, u64 value)
{
	return _tdx_hypercall(TDVMCALL_IO, bytes, PORT_WRITE, port, low_bytes(bytes, value)) == TDVMCALL_SUCCESS;
}

/* Nobody there reads as all ones. */
u32 tdx_io_in(int size, u16 port)
{
	u64 value;

	return port_read(size, port, &value) ? value : 0xffffffff;
}

void tdx_io_out(int size, u16 port, u32 value)
{
	port_write(size, port, value);
}

int handle_io(struct pt_regs *regs, const struct ve_info *ve)
{
	unsigned int bytes = QUALIFICATION_BYTES(ve->exit_qual);
	u16 port = QUALIFICATION_PORT(ve->exit_qual);
	u64 value;

	if (ve->exit_qual & QUALIFICATION_STRING)
		return -EIO;

	if (ve->exit_qual & QUALIFICATION_IN) {
		if (!port_read(bytes, port, &value))
			return -EIO;
		write_register(&regs->ax, bytes, value);
	} else if (!port_write(bytes, port, regs->ax)) {
		return -EIO;
	}
	return ve->instr_len;
}
