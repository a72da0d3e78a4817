/* The parts of #VE handlers as functions of their own, #VE before there is an exception table, and calls with shared memory. */
#pragma once

#include "tdx.h"

enum {
	TDVMCALL_GET_QUOTE = 0x10002,
};

/* parts.c */
bool handle_in(struct pt_regs *regs, int size, int port);
bool handle_out(struct pt_regs *regs, int size, int port);
bool mmio_read(int size, u64 gpa, u64 *value);
bool mmio_write(int size, u64 gpa, u64 value);
/* early.c */
bool tdx_early_handle_ve(struct pt_regs *regs);
/* quote.c */
u64 tdx_hcall_get_quote(u8 *buffer, u64 size);
u64 hv_tdx_hypercall(u64 control, u64 p1, u64 p2);
