/**
 * One TDVMCALL of a helper, and the wrappers that are no more than that. Every standard call has R10 = 0, the
 * sub-function in R11, and 0 in each exposed register that is no argument (docs/abi/linux-helpers.md#frame-of-a-helper).
 */
import { EXPOSED_REGISTERS, type ExposedRegister } from '../../abi/linux-constants.js';
import type { ExpectedExchange, Expectation, Reference, Values } from '../../exchange/exchange.js';
import type { HelperOptions, HypercallForm } from './options.js';

/** Arguments by register; the others must be 0. `if` and `sti`: how TDCALL must find RFLAGS.IF, and STI before it. */
export type Arguments = Readonly<Partial<Record<ExposedRegister | 'if' | 'sti', Expectation>>>;

/** Yields exchanges, and returns what the caller goes on with; undefined: the guest has stopped. */
export type Part<T> = Generator<ExpectedExchange, T | undefined, Values>;

const NO_ARGUMENTS = Object.fromEntries(EXPOSED_REGISTERS.map((register) => [register, 0n]));

/** The exchange itself. */
export function vmcall(mask: number, passed: Arguments, about: readonly string[]): ExpectedExchange {
  return { moment: 'TDVMCALL', values: { rax: 0n, rcx: BigInt(mask), ...NO_ARGUMENTS, ...passed }, about };
}

/**
 * A TDVMCALL that does not go on after a failed TDCALL: any RAX but 0 is a failure, whatever its bits
 * (docs/abi/linux-helpers.md#frame-of-a-helper: `__tdx_hypercall_failed` never returns).
 * @returns what the host answered, or undefined when the guest has stopped
 */
export function* hypercall(form: HypercallForm, passed: Arguments, about: readonly string[]): Part<Values> {
  const answer = yield vmcall(form.mask, passed, about);
  if (answer['status'] === 0n) return answer;
  yield { moment: form.failure, values: {}, about };
  return undefined;
}

/** `u64 _tdx_hypercall(u64 fn, u64 r12, u64 r13, u64 r14, u64 r15)`: returns R10 (docs/abi/linux-helpers.md#frame-of-a-helper). */
export function* standardHypercall({ form }: HelperOptions, values: Values): Reference {
  const { fn, r12, r13, r14, r15 } = values;
  const about = ['hypercall'];
  const answer = yield* hypercall(form, { r11: fn, r12, r13, r14, r15 }, about);
  if (answer !== undefined) yield { moment: 'return', values: { rax: answer['r10'] }, about };
}

/**
 * `long tdx_kvm_hypercall(unsigned int nr, unsigned long p1..p4)`: the number in R10, which is not 0, the arguments in
 * R11-R14 (docs/abi/linux-helpers.md#tdx_kvm_hypercall).
 */
export function* kvmHypercall({ form }: HelperOptions, values: Values): Reference {
  const { nr, p1, p2, p3, p4 } = values;
  const about = ['kvm-hypercall'];
  const answer = yield* hypercall(form, { r10: nr, r11: p1, r12: p2, r13: p3, r14: p4 }, about);
  if (answer !== undefined) yield { moment: 'return', values: { rax: answer['r10'] }, about };
}
