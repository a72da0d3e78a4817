/*
 * The wrappers of v6.8 and later, written from the facts of their ABI: a module without entropy is asked again, a bounded
 * number of times and with the same arguments, and then the status becomes an error number.
 */
#include "seamcall.h"

struct tdx_module_args {
	u64 rcx, rdx, r8, r9, r10, r11, r12, r13, r14, r15, rbx, rdi, rsi;
};

/* Stubs: they differ in what they load and store. */
typedef u64 stub_function(u64 fn, struct tdx_module_args *args);
stub_function __seamcall, __seamcall_ret, __seamcall_saved_ret;

/* For the log. The world takes it. */
void print_failure(u64 leaf, u64 status);

#define ENTROPY_TRIES 10

/* Inlined, so that the stub is called directly. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

static ALWAYS_INLINE u64 call_with_entropy(stub_function *stub, u64 fn, struct tdx_module_args *args)
{
	for (int tries = 1;; tries++) {
		u64 status = stub(fn, args);

		if (status != SEAMCALL_NO_ENTROPY || tries == ENTROPY_TRIES)
			return status;
	}
}

static ALWAYS_INLINE int error_of(u64 status)
{
	switch (status) {
	case SEAMCALL_SUCCESS:
		return 0;
	case SEAMCALL_VMFAILINVALID:
		return -ENODEV;
	case SEAMCALL_GP:
		return -EOPNOTSUPP;
	case SEAMCALL_UD:
		return -EACCES;
	default:
		return -EIO;
	}
}

int seamcall_prerr(u64 fn, struct tdx_module_args *args)
{
	u64 status = call_with_entropy(__seamcall, fn, args);
	int error = error_of(status);

	if (error == -EIO)
		print_failure(fn, status);
	return error;
}

static ALWAYS_INLINE int call_for_outputs(stub_function *stub, u64 fn, struct tdx_module_args *args)
{
	u64 status = call_with_entropy(stub, fn, args);
	int error = error_of(status);

	if (error == -EIO) {
		print_failure(fn, status);
		print_outputs(args->rcx, args->rdx, args->r8, args->r9, args->r10, args->r11);
	}
	return error;
}

int seamcall_prerr_ret(u64 fn, struct tdx_module_args *args)
{
	return call_for_outputs(__seamcall_ret, fn, args);
}

int seamcall_prerr_saved_ret(u64 fn, struct tdx_module_args *args)
{
	return call_for_outputs(__seamcall_saved_ret, fn, args);
}
