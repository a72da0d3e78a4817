/* How narrow values leave a register, and how they enter one. */
#pragma once

#include "tdx.h"

static inline u64 low_bytes(unsigned int bytes, u64 value)
{
	return bytes < 8 ? value & ((1UL << (8 * bytes)) - 1) : value;
}

/* 1 and 2 bytes leave the rest of the register alone; 4 bytes clear its upper half. */
static inline void write_register(u64 *reg, unsigned int bytes, u64 value)
{
	switch (bytes) {
	case 1:
		*reg = (*reg & ~0xffUL) | (u8)value;
		break;
	case 2:
		*reg = (*reg & ~0xffffUL) | (u16)value;
		break;
	case 4:
		*reg = (u32)value;
		break;
	default:
		*reg = value;
	}
}
