/** What the handlers of #VE have in common: saved registers in, saved registers out, and how far RIP goes. */
import type { ExpectedExchange, Expectation, Values } from '../../exchange/exchange.js';
import { PT_REGS_NAMES, type PtRegister } from '../../abi/linux-structs.js';
import type { Part } from './hypercall.js';
import { intResult } from './numbers.js';
import type { HelperOptions } from './options.js';

/** How a handler ends that comes back. */
export interface Handled {
  /** The int that it returns: the length of the instruction, or an error. */
  readonly result: Expectation;
  /** Bytes by which RIP is to advance; undefined: it is an error, and RIP stays. */
  readonly length: bigint | undefined;
  /** Saved registers that need not be as they were. */
  readonly registers: SavedRegisters;
  /** The register that the instruction names, when it is the instruction that says which. */
  readonly operand?: PtRegister;
}

export type SavedRegisters = Readonly<Partial<Record<PtRegister, Expectation>>>;

/** A handler of #VE: undefined when the guest has stopped. */
export type Handler = (options: HelperOptions, values: Values) => Part<Handled>;

/** The instruction is done; `length` is 32 bits wide. */
export function done(length: bigint, registers: SavedRegisters = {}): Handled {
  return { result: intResult(length), length: BigInt.asUintN(32, length), registers };
}

export function refused(result: Expectation, registers: SavedRegisters = {}): Handled {
  return { result, length: undefined, registers };
}

/** Register -> how a story names what was saved of it. */
const SAVED = Object.fromEntries(PT_REGS_NAMES.map((name) => [name, `regs.${name}`])) as Record<PtRegister, string>;

/**
 * Set to 1 among the values of a story where the code under test is a kernel as shipped: it decodes the instruction itself, and
 * serves user mode apart (docs/abi/linux-helpers.md#whole-kernels).
 */
export const KERNEL_FACT = 'kernel';

export function isKernel(values: Values): boolean {
  return values[KERNEL_FACT] === 1n;
}

/** Bits of a selector that say the privilege level (Intel SDM volume 3, 3.4.2). */
const PRIVILEGE = 3n;

/** Whether the exception came in user mode. */
export function cameFromUser(values: Values): boolean {
  return (saved(values, 'cs') & PRIVILEGE) !== 0n;
}

/** A saved register as the story has it. */
export function saved(values: Values, register: PtRegister): bigint {
  return values[SAVED[register]];
}

/**
 * A return that leaves every saved register as it was, but for the ones named. The register that the instruction names
 * is `operand`, so that one mistake has one name.
 */
export function returnWith(
  rax: Expectation,
  values: Values,
  { registers, operand }: Pick<Handled, 'registers' | 'operand'>,
  about: readonly string[],
): ExpectedExchange {
  const all: Record<string, Expectation> = { rax };
  for (const name of PT_REGS_NAMES)
    all[name === operand ? 'operand' : SAVED[name]] = registers[name] ?? saved(values, name);
  return { moment: 'return', values: all, about };
}
