/**
 * RDMSR and WRMSR as #VE: R11 = 31 or 32, R12 = the index, which is ECX; the value is EDX:EAX, read in R11, written in
 * R13 (docs/abi/linux-helpers.md#msr). RDMSR clears the upper halves of RAX and RDX; upper halves of the sources do
 * not count (Intel SDM volume 2, RDMSR and WRMSR).
 */
import { TDVMCALL } from '../../abi/tdvmcall.js';
import type { Reference, Values } from '../../exchange/exchange.js';
import { hypercall, type Part } from './hypercall.js';
import { ANY_ERROR, truncate, upperHalf } from './numbers.js';
import type { HelperOptions } from './options.js';
import { done, type Handled, refused, returnWith, saved } from './virt-exception.js';

/** What its exchanges are about. */
export const MSR = ['msr'];
const HALF = 4;

/** The part of `read_msr` before its return. */
export function* readMsrPart({ form }: HelperOptions, values: Values): Part<Handled> {
  const passed = { r11: BigInt(TDVMCALL.RDMSR), r12: truncate(HALF, saved(values, 'cx')) };
  const answer = yield* hypercall(form, passed, MSR);
  if (answer === undefined) return undefined;
  if (answer['r10'] !== 0n) return refused(ANY_ERROR);
  const value = answer['r11'];
  return done(values['ve.instr_len'], { ax: truncate(HALF, value), dx: upperHalf(value) });
}

/** The part of `write_msr` before its return. */
export function* writeMsrPart({ form }: HelperOptions, values: Values): Part<Handled> {
  const value = (truncate(HALF, saved(values, 'dx')) << 32n) | truncate(HALF, saved(values, 'ax'));
  const passed = { r11: BigInt(TDVMCALL.WRMSR), r12: truncate(HALF, saved(values, 'cx')), r13: value };
  const answer = yield* hypercall(form, passed, MSR);
  if (answer === undefined) return undefined;
  return answer['r10'] === 0n ? done(values['ve.instr_len']) : refused(ANY_ERROR);
}

/** `int read_msr(struct pt_regs *regs, struct ve_info *ve)` */
export function* readMsr(options: HelperOptions, values: Values): Reference {
  const handled = yield* readMsrPart(options, values);
  if (handled !== undefined) yield returnWith(handled.result, values, handled, MSR);
}

/** `int write_msr(struct pt_regs *regs, struct ve_info *ve)` */
export function* writeMsr(options: HelperOptions, values: Values): Reference {
  const handled = yield* writeMsrPart(options, values);
  if (handled !== undefined) yield returnWith(handled.result, values, handled, MSR);
}
