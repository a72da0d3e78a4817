/* What the wrappers around SEAMCALL share: types, statuses that mean something to them, error numbers, messages. */
#pragma once

typedef unsigned long u64;
typedef _Bool bool;
#define true 1
#define NULL ((void *)0)

/* What the stubs return where the module was not reached. */
#define SEAMCALL_VMFAILINVALID 0x8000ff00ffff0000UL
#define SEAMCALL_GP 0x8000ff000000000dUL
#define SEAMCALL_UD 0x8000ff0000000006UL
/* What the module returns. */
#define SEAMCALL_SUCCESS 0UL
#define SEAMCALL_NO_ENTROPY 0x8000020300000000UL

enum {
	EIO = 5,
	EACCES = 13,
	ENODEV = 19,
	EINVAL = 22,
	EOPNOTSUPP = 95,
};

/* Additional outputs of a leaf that failed, for the log. The world takes them. */
void print_outputs(u64 rcx, u64 rdx, u64 r8, u64 r9, u64 r10, u64 r11);
