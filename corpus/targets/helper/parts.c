/* One access to a port or a device: whether the host made it. */
#include "parts.h"
#include "width.h"

enum {
	ACCESS_READ = 0,
	ACCESS_WRITE = 1,
};

bool handle_in(struct pt_regs *regs, int size, int port)
{
	struct tdx_module_args args = {
		.r11 = TDVMCALL_IO,
		.r12 = size,
		.r13 = ACCESS_READ,
		.r14 = (u16)port,
	};

	if (__tdx_hypercall(&args) != TDVMCALL_SUCCESS)
		return false;
	write_register(&regs->ax, size, args.r11);
	return true;
}

bool handle_out(struct pt_regs *regs, int size, int port)
{
	return _tdx_hypercall(TDVMCALL_IO, size, ACCESS_WRITE, (u16)port, low_bytes(size, regs->ax)) == TDVMCALL_SUCCESS;
}

/* The caller takes as many bytes as the access is wide. */
bool mmio_read(int size, u64 gpa, u64 *value)
{
	struct tdx_module_args args = {
		.r11 = TDVMCALL_MMIO,
		.r12 = size,
		.r13 = ACCESS_READ,
		.r14 = gpa,
	};

	if (__tdx_hypercall(&args) != TDVMCALL_SUCCESS)
		return false;
	*value = args.r11;
	return true;
}

bool mmio_write(int size, u64 gpa, u64 value)
{
	return _tdx_hypercall(TDVMCALL_MMIO, size, ACCESS_WRITE, gpa, low_bytes(size, value)) == TDVMCALL_SUCCESS;
}
