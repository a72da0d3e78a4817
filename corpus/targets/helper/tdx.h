/*
 * What the guest's helpers share: the layouts that kernel and module agree on, and the surroundings, which are
 * declared here and never defined. Every helper reaches the host through __tdx_hypercall.
 */
#pragma once

#include "abi.h"

/* Registers at TDCALL and behind it. RCX of a TDVMCALL is the mask of what the host sees. */
struct tdx_module_args {
	u64 rcx, rdx, r8, r9, r10, r11, r12, r13, r14, r15, rbx, rdi, rsi;
};

/* What an exception saved; its return restores it. */
struct pt_regs {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	u64 orig_ax, ip, cs, flags, sp, ss;
};

/* Why #VE came. */
struct ve_info {
	u64 exit_reason, exit_qual, gla, gpa;
	u32 instr_len, instr_info;
};

/* RDX, RBX, RSI, RDI and R8-R15. */
#define TDVMCALL_EXPOSED 0xffccUL

#define PAGE_SIZE 0x1000UL
#define PAGE_MASK (~(PAGE_SIZE - 1))

/* Stubs: they return the status of TDCALL. */
u64 __tdcall(u64 leaf, struct tdx_module_args *args);
u64 __tdcall_ret(u64 leaf, struct tdx_module_args *args);
u64 __tdcall_saved_ret(u64 leaf, struct tdx_module_args *args);

/* TDCALL itself failed: the TD cannot go on. The world ends the run. */
_Noreturn void __tdx_hypercall_failed(void);
/* The guest cannot go on. The world ends the run. */
_Noreturn void panic(const char *message);
/* The bit that a GPA has when its page is shared. The world answers one bit, always the same. */
u64 tdx_shared_mask(void);

/* What the kernel's decoder finds at RIP. */
enum mmio_kind {
	MMIO_UNDECODABLE = 0,
	MMIO_WRITE = 1,
	MMIO_WRITE_IMMEDIATE = 2,
	MMIO_READ = 3,
	MMIO_READ_ZERO_EXTEND = 4,
	MMIO_READ_SIGN_EXTEND = 5,
	MMIO_MOVS = 6,
};

struct mmio_instruction {
	u64 kind;
	/* Bytes in memory. */
	u64 size;
	/* Bytes of the register operand. */
	u64 operand_size;
	/* Bytes of code. */
	u64 length;
	/* Number of the register operand, as the hardware counts. */
	u64 register_number;
	/* Sign-extended. */
	u64 immediate;
	/* The linear address that it accesses. */
	u64 address;
};

/* The world fills in every field. */
void decode_mmio(const struct pt_regs *regs, struct mmio_instruction *instruction);

/* hypercall.c */
u64 __tdx_hypercall(struct tdx_module_args *args);
u64 _tdx_hypercall(u64 function, u64 r12, u64 r13, u64 r14, u64 r15);
long tdx_kvm_hypercall(unsigned int number, u64 p1, u64 p2, u64 p3, u64 p4);
/* port-io.c */
u32 tdx_io_in(int size, u16 port);
void tdx_io_out(int size, u16 port, u32 value);
/* Handlers of #VE: the length of the instruction, or a negative error number. */
int handle_io(struct pt_regs *regs, const struct ve_info *ve);
int handle_mmio(struct pt_regs *regs, const struct ve_info *ve);
int read_msr(struct pt_regs *regs, const struct ve_info *ve);
int write_msr(struct pt_regs *regs, const struct ve_info *ve);
int handle_cpuid(struct pt_regs *regs, const struct ve_info *ve);
int handle_halt(const struct ve_info *ve);
/* halt.c */
u64 __halt(bool irq_disabled);
void tdx_safe_halt(void);
/* virt-exception.c */
void tdx_get_ve_info(struct ve_info *ve);
bool tdx_handle_virt_exception(struct pt_regs *regs, const struct ve_info *ve);
/* map-gpa.c */
bool tdx_map_gpa(u64 start, u64 end, bool enc);
/* accept-memory.c */
bool tdx_accept_memory(u64 start, u64 end);
/* fatal-error.c */
_Noreturn void tdx_panic(const char *message);
/* report.c */
int tdx_mcall_get_report0(u8 *reportdata, u8 *tdreport);
int tdx_mcall_extend_rtmr(u8 index, u8 *data);
