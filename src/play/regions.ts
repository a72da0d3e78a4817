/** Where the memory of a program lies beside its image: a stack, and one area in which the world lays out structures. */
import type { Region } from '../harness/regions.js';

const PAGE = 0x1000;

/** Kernel stacks and heaps lie in the upper half (x86-64 canonical addresses). Unmapped pages lie around each. */
export const STACK: Region = { address: 0xffffc90000408000n, size: 4 * PAGE };
/** RSP at the entry of a function; what lies above belongs to its caller. */
export const STACK_ENTRY = STACK.address + BigInt(STACK.size) - 0x218n;
export const STRUCTURES: Region = { address: 0xffff888012340000n, size: 8 * PAGE };
/** Where a function is to return to: no code lies there. */
export const RETURN_ADDRESS = 0xffffffff9f001110n;

/** Patterns of what was never written: a value that leaks names where it came from. */
export const POISON = { stack: 0x57ac0000, structures: 0xb10c0000 | 0 } as const;
