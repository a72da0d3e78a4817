/**
 * HLT: R11 = 12, R12 = 1 when interrupts are blocked for good. A wake-up is lost when interrupts are on before TDCALL
 * and outside of a shadow of STI: the interrupt that should have ended the halt comes just before it
 * (docs/abi/linux-helpers.md#hlt, docs/abi/tdvmcall.md#hlt-disciplines).
 */
import { ERRNO } from '../../abi/errno.js';
import { TDVMCALL } from '../../abi/tdvmcall.js';
import type { Reference, Values } from '../../exchange/exchange.js';
import { type Arguments, hypercall, type Part } from './hypercall.js';
import { minus, truncate } from './numbers.js';
import type { HelperOptions } from './options.js';
import { done, type Handled, refused } from './virt-exception.js';

/** What its exchanges are about. */
export const HALT = ['halt'];
const FUNCTION = BigInt(TDVMCALL.HLT);
const BLOCKED = 1n;
const NOT_BLOCKED = 0n;
const IF_CLEAR = 0n;
const IF_SET = 1n;
const NO_STI = 0n;

/** `u64 __halt(bool irq_disabled)`: returns R10. Interrupts are as the caller left them. */
export function* halt({ form }: HelperOptions, values: Values): Reference {
  const blocked = truncate(1, values['irq_disabled']);
  const answer = yield* hypercall(form, { r11: FUNCTION, r12: blocked, if: values['if'], sti: NO_STI }, HALT);
  if (answer !== undefined) yield { moment: 'return', values: { rax: answer['r10'] }, about: HALT };
}

/** `void tdx_safe_halt(void)`: called with IF = 0, returns with IF = 1 whatever the host answers, where the contract says so. */
export function* safeHalt({ form, haltDiscipline }: HelperOptions): Reference {
  const shadow: Arguments = haltDiscipline === 'sti-shadow' ? { if: IF_SET, sti: 1n } : { if: IF_CLEAR, sti: NO_STI };
  const answer = yield* hypercall(form, { r11: FUNCTION, r12: NOT_BLOCKED, ...shadow }, HALT);
  const behind = haltDiscipline === 'if-open' ? { oneOf: [IF_CLEAR, IF_SET] } : IF_SET;
  if (answer !== undefined) yield { moment: 'return', values: { if: behind }, about: HALT };
}

/** The part of `handle_halt` before its return: HLT with interrupts on is refused, for its wake-up may be gone; older kernels told the host. */
export function* handleHaltPart({ form, haltWithInterrupts }: HelperOptions, values: Values): Part<Handled> {
  const interrupts = values['if'];
  if (interrupts !== IF_CLEAR && haltWithInterrupts === 'refused') return refused(minus(ERRNO.EIO));
  const r12 = interrupts === IF_CLEAR ? BLOCKED : NOT_BLOCKED;
  const answer = yield* hypercall(form, { r11: FUNCTION, r12, if: interrupts, sti: NO_STI }, HALT);
  if (answer === undefined) return undefined;
  return answer['r10'] === 0n ? done(values['ve.instr_len']) : refused(minus(ERRNO.EIO));
}

/** `int handle_halt(struct ve_info *ve)` */
export function* handleHalt(options: HelperOptions, values: Values): Reference {
  const handled = yield* handleHaltPart(options, values);
  if (handled !== undefined) yield { moment: 'return', values: { rax: handled.result }, about: HALT };
}
