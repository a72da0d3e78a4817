/* What every generation of the guest's helpers shares: types, and the numbers of errors, TDCALL and TDVMCALL. */
#pragma once

typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef signed short s16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef _Bool bool;
#define true 1
#define false 0

enum {
	EIO = 5,
	ENXIO = 6,
	EFAULT = 14,
	EBUSY = 16,
	EINVAL = 22,
};

/* Leaves of TDCALL. */
enum {
	TDG_VP_VMCALL = 0,
	TDG_MR_RTMR_EXTEND = 2,
	TDG_VP_VEINFO_GET = 3,
	TDG_MR_REPORT = 4,
	TDG_MEM_PAGE_ACCEPT = 6,
};

/* Sub-functions of TDVMCALL; those of instructions are exit reasons as well. */
enum {
	TDVMCALL_CPUID = 10,
	TDVMCALL_HLT = 12,
	TDVMCALL_IO = 30,
	TDVMCALL_RDMSR = 31,
	TDVMCALL_WRMSR = 32,
	TDVMCALL_MMIO = 48,
	TDVMCALL_MAP_GPA = 0x10001,
	TDVMCALL_REPORT_FATAL_ERROR = 0x10003,
};

/* R10 behind a TDVMCALL. */
enum {
	TDVMCALL_SUCCESS = 0,
	TDVMCALL_RETRY = 1,
};

/* The GPA of kernel memory. The world answers the address less the base of its direct map. */
u64 virt_to_phys(const void *pointer);
