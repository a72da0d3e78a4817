/*
 * The wrapper of the patch series of 2023, written from the facts of its ABI: a status becomes an error number, and each
 * kind of failure is told once, with the CPU that it happened on.
 */
#include "seamcall.h"

struct tdx_module_output {
	u64 rcx, rdx, r8, r9, r10, r11;
};

/* The stub. */
u64 __seamcall(u64 fn, u64 rcx, u64 rdx, u64 r8, u64 r9, struct tdx_module_output *out);

/* Keeps the caller on its CPU. The world answers the CPU's number. */
int get_cpu(void);
/* Lets the caller move again. */
void put_cpu(void);

/* For the log. The world takes them. */
void print_not_enabled(void);
void print_not_loaded(void);
void print_not_in_vmx(int cpu);
void print_failure(int cpu, u64 leaf, u64 status);

enum message {
	NOT_ENABLED,
	NOT_LOADED,
	NOT_IN_VMX,
	FAILURE,
	OUTPUTS,
	MESSAGES,
};

static bool printed[MESSAGES];

/* Whether nobody has printed it yet: from now on somebody has. */
static bool is_new(enum message message)
{
	bool was_printed = printed[message];

	printed[message] = true;
	return !was_printed;
}

static int explain(u64 status, int cpu, u64 leaf, const struct tdx_module_output *out)
{
	switch (status) {
	case SEAMCALL_SUCCESS:
		return 0;
	case SEAMCALL_VMFAILINVALID:
		if (is_new(NOT_LOADED))
			print_not_loaded();
		return -ENODEV;
	case SEAMCALL_GP:
		if (is_new(NOT_ENABLED))
			print_not_enabled();
		return -ENODEV;
	case SEAMCALL_UD:
		if (is_new(NOT_IN_VMX))
			print_not_in_vmx(cpu);
		return -EINVAL;
	default:
		if (is_new(FAILURE))
			print_failure(cpu, leaf, status);
		if (out != NULL && is_new(OUTPUTS))
			print_outputs(out->rcx, out->rdx, out->r8, out->r9, out->r10, out->r11);
		return -EIO;
	}
}

int seamcall(u64 fn, u64 rcx, u64 rdx, u64 r8, u64 r9, u64 *seamcall_ret, struct tdx_module_output *out)
{
	int cpu = get_cpu();
	u64 status = __seamcall(fn, rcx, rdx, r8, r9, out);
	int error;

	if (seamcall_ret != NULL)
		*seamcall_ret = status;
	error = explain(status, cpu, fn, out);
	put_cpu();
	return error;
}
