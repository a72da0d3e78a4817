/**
 * CPUID as #VE: the host answers the leaves 0x40000000 to 0x4FFFFFFF, R11 = 10, R12 = EAX, R13 = ECX, the results in
 * R12-R15; every other leaf reads as zero without a call (docs/abi/linux-helpers.md#handle_cpuid). The leaf is EAX and the
 * sub-leaf ECX, whatever the upper halves hold; all four results clear the upper halves (Intel SDM volume 2, CPUID).
 */
import { TDVMCALL } from '../../abi/tdvmcall.js';
import type { Reference, Values } from '../../exchange/exchange.js';
import { hypercall, type Part } from './hypercall.js';
import { ANY_ERROR, truncate } from './numbers.js';
import type { HelperOptions } from './options.js';
import { done, type Handled, refused, returnWith, saved } from './virt-exception.js';

/** What its exchanges are about. */
export const CPUID = ['cpuid'];
const HALF = 4;
/** Leaves that are the hypervisor's. */
const FIRST_LEAF = 0x40000000n;
const LAST_LEAF = 0x4fffffffn;

/** The part of `handle_cpuid` before its return. */
export function* handleCpuidPart({ form }: HelperOptions, values: Values): Part<Handled> {
  const leaf = truncate(HALF, saved(values, 'ax'));
  const length = values['ve.instr_len'];
  if (leaf < FIRST_LEAF || leaf > LAST_LEAF) return done(length, { ax: 0n, bx: 0n, cx: 0n, dx: 0n });
  const passed = { r11: BigInt(TDVMCALL.CPUID), r12: leaf, r13: truncate(HALF, saved(values, 'cx')) };
  const answer = yield* hypercall(form, passed, CPUID);
  if (answer === undefined) return undefined;
  if (answer['r10'] !== 0n) return refused(ANY_ERROR);
  return done(length, {
    ax: truncate(HALF, answer['r12']),
    bx: truncate(HALF, answer['r13']),
    cx: truncate(HALF, answer['r14']),
    dx: truncate(HALF, answer['r15']),
  });
}

/** `int handle_cpuid(struct pt_regs *regs, struct ve_info *ve)` */
export function* handleCpuid(options: HelperOptions, values: Values): Reference {
  const handled = yield* handleCpuidPart(options, values);
  if (handled !== undefined) yield returnWith(handled.result, values, handled, CPUID);
}
