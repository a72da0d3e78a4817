/**
 * MMIO, which reaches a TD as #VE with exit reason EPT violation: R11 = 48, R12 = size, R13 = 0 read or 1 write, R14 =
 * the GPA, R15 = the data of a write and 0 for a read; the data read comes back in R11
 * (docs/abi/linux-helpers.md#handle_mmio). Which instruction it was the kernel's decoder says: `insn.*` of the story.
 */
import { ERRNO } from '../../abi/errno.js';
import { PT_REGS_BY_NUMBER, type PtRegister } from '../../abi/linux-structs.js';
import { TDVMCALL } from '../../abi/tdvmcall.js';
import type { Expectation, Reference, Values } from '../../exchange/exchange.js';
import { hypercall, type Part } from './hypercall.js';
import { ANY_ERROR, minus, signExtend, truncate, writePart } from './numbers.js';
import type { HelperOptions } from './options.js';
import { cameFromUser, done, type Handled, isKernel, refused, returnWith, saved } from './virt-exception.js';

/** What its exchanges are about. */
export const MMIO = ['mmio'];
const READ = 0n;
const WRITE = 1n;
const PAGE_SHIFT = 12n;
const KERNEL_HALF = 1n << 63n;

/** `insn.kind`: what the decoder found. */
export const MMIO_INSTRUCTION = {
  /** No access to memory that the decoder knows. */
  undecodable: 0n,
  /** MOV of a register to memory. */
  write: 1n,
  /** MOV of an immediate to memory. */
  writeImmediate: 2n,
  /** MOV of memory to a register. */
  read: 3n,
  /** MOVZX. */
  readZeroExtend: 4n,
  /** MOVSX. */
  readSignExtend: 5n,
  /** MOVS. */
  string: 6n,
} as const;

/** Why an access may not be emulated. With several reasons at once any of their errors will do. */
function objections(values: Values): bigint[] {
  const found: bigint[] = [];
  const kind = values['insn.kind'];
  if (cameFromUser(values)) found.push(ERRNO.EFAULT);
  if (kind === MMIO_INSTRUCTION.undecodable || kind === MMIO_INSTRUCTION.string) found.push(ERRNO.EINVAL);
  // MOVS has two addresses: which of them a decoder looks at, and finds across pages, is its own business.
  if (kind === MMIO_INSTRUCTION.string && isKernel(values)) found.push(ERRNO.EFAULT);
  if ((values['ve.gla'] & KERNEL_HALF) === 0n) found.push(ERRNO.EINVAL);
  // The address of the instruction counts: of an access across pages, the GLA may be the second page's.
  const last = BigInt.asUintN(64, values['insn.address'] + values['insn.size'] - 1n);
  if (values['insn.address'] >> PAGE_SHIFT !== last >> PAGE_SHIFT) found.push(ERRNO.EFAULT);
  return found;
}

/** What goes to the host in R15: the bytes that are written. Of an immediate its sign may come along. */
function written(values: Values, bytes: number, register: PtRegister): Expectation {
  if (values['insn.kind'] === MMIO_INSTRUCTION.write) return truncate(bytes, saved(values, register));
  const immediate = values['insn.immediate'];
  return { oneOf: [truncate(bytes, immediate), immediate] };
}

/** The destination after a read of `bytes`. */
function loaded(values: Values, bytes: number, old: bigint, data: bigint): bigint {
  const operand = Number(values['insn.opnd_bytes']);
  if (values['insn.kind'] === MMIO_INSTRUCTION.readZeroExtend) return writePart(operand, old, truncate(bytes, data));
  if (values['insn.kind'] === MMIO_INSTRUCTION.readSignExtend) return writePart(operand, old, signExtend(bytes, data));
  return writePart(bytes, old, data);
}

/** The part of `handle_mmio` before its return. */
export function* handleMmioPart(options: HelperOptions, values: Values): Part<Handled> {
  const reasons = objections(values);
  const register = PT_REGS_BY_NUMBER[Number(values['insn.register'])];
  if (reasons.length > 0)
    return { ...refused(new Set(reasons).size === 1 ? minus(reasons[0]) : ANY_ERROR), operand: register };
  const kind = values['insn.kind'];
  const bytes = Number(values['insn.size']);
  const writes = kind === MMIO_INSTRUCTION.write || kind === MMIO_INSTRUCTION.writeImmediate;
  const passed = {
    r11: BigInt(TDVMCALL.RequestMMIO),
    r12: BigInt(bytes),
    r13: writes ? WRITE : READ,
    r14: values['ve.gpa'],
    r15: writes ? written(values, bytes, register) : 0n,
  };
  const answer = yield* hypercall(options.form, passed, MMIO);
  if (answer === undefined) return undefined;
  if (answer['r10'] !== 0n) return { ...refused(ANY_ERROR), operand: register };
  const old = saved(values, register);
  const after = writes ? old : loaded(values, bytes, old, answer['r11']);
  return { ...done(values['insn.length'], { [register]: after }), operand: register };
}

/** `int handle_mmio(struct pt_regs *regs, struct ve_info *ve)`: returns the decoded length. */
export function* handleMmio(options: HelperOptions, values: Values): Reference {
  const handled = yield* handleMmioPart(options, values);
  if (handled !== undefined) yield returnWith(handled.result, values, handled, MMIO);
}
