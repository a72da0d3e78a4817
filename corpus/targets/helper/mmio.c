/* MMIO of the kernel itself: the instruction is decoded, and its access made by the host. */
#include "width.h"

enum {
	MMIO_DIRECTION_READ = 0,
	MMIO_DIRECTION_WRITE = 1,
};

/* Offsets in struct pt_regs, in the order in which the hardware numbers registers. */
#define AT(field) __builtin_offsetof(struct pt_regs, field)
static const u8 register_offsets[] = {
	AT(ax), AT(cx), AT(dx), AT(bx), AT(sp), AT(bp), AT(si), AT(di),
	AT(r8), AT(r9), AT(r10), AT(r11), AT(r12), AT(r13), AT(r14), AT(r15),
};

static u64 *register_of(struct pt_regs *regs, u64 number)
{
	return (u64 *)((u8 *)regs + register_offsets[number & 15]);
}

static bool is_user_mode(const struct pt_regs *regs)
{
	return (regs->cs & 3) != 0;
}

static bool is_kernel_address(u64 address)
{
	return (long)address < 0;
}

static bool crosses_page(u64 address, u64 size)
{
	return ((address ^ (address + size - 1)) & PAGE_MASK) != 0;
}

static bool mmio_write(u64 size, u64 gpa, u64 value)
{
	return _tdx_hypercall(TDVMCALL_MMIO, size, MMIO_DIRECTION_WRITE, gpa, low_bytes(size, value)) == TDVMCALL_SUCCESS;
}

static bool mmio_read(u64 size, u64 gpa, u64 *value)
{
	struct tdx_module_args args = {
		.r11 = TDVMCALL_MMIO,
		.r12 = size,
		.r13 = MMIO_DIRECTION_READ,
		.r14 = gpa,
	};

	if (__tdx_hypercall(&args) != TDVMCALL_SUCCESS)
		return false;
	*value = args.r11;
	return true;
}

static u64 sign_extend(u64 size, u64 value)
{
	return size == 1 ? (u64)(s8)value : (u64)(s16)value;
}

static bool load(struct pt_regs *regs, const struct ve_info *ve, const struct mmio_instruction *instruction)
{
	u64 *reg = register_of(regs, instruction->register_number);
	u64 value;

	if (!mmio_read(instruction->size, ve->gpa, &value))
		return false;

	switch (instruction->kind) {
	case MMIO_READ_ZERO_EXTEND:
		write_register(reg, instruction->operand_size, low_bytes(instruction->size, value));
		break;
	case MMIO_READ_SIGN_EXTEND:
		write_register(reg, instruction->operand_size, sign_extend(instruction->size, value));
		break;
	default:
		write_register(reg, instruction->size, value);
	}
	return true;
}

int handle_mmio(struct pt_regs *regs, const struct ve_info *ve)
{
	struct mmio_instruction instruction;
	bool done;

	if (is_user_mode(regs))
		return -EFAULT;
	/* A user's address in the kernel's hands is no device of the kernel. */
	if (!is_kernel_address(ve->gla))
		return -EINVAL;

	decode_mmio(regs, &instruction);
	if (instruction.kind == MMIO_UNDECODABLE || instruction.kind == MMIO_MOVS)
		return -EINVAL;
	/* The first page may be memory: only the processor can do both. */
	if (crosses_page(instruction.address, instruction.size))
		return -EFAULT;

	if (instruction.kind == MMIO_WRITE)
		done = mmio_write(instruction.size, ve->gpa, *register_of(regs, instruction.register_number));
	else if (instruction.kind == MMIO_WRITE_IMMEDIATE)
		done = mmio_write(instruction.size, ve->gpa, instruction.immediate);
	else
		done = load(regs, ve, &instruction);
	return done ? (int)instruction.length : -EIO;
}
