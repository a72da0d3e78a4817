/** Hypercalls that are no more than their arguments: a quote, and Hyper-V's (docs/abi/linux-helpers.md#tdx_hcall_get_quote, #hv_tdx_hypercall). */
import { TDVMCALL } from '../../abi/tdvmcall.js';
import type { Reference, Values } from '../../exchange/exchange.js';
import { hypercall } from './hypercall.js';
import type { HelperOptions } from './options.js';

const QUOTE = ['quote'];
const HYPER_V = ['hyper-v'];

/** `u64 tdx_hcall_get_quote(u8 *buf, size_t size)`: the GPA of the buffer has the shared bit. Returns R10. */
export function* getQuote({ form }: HelperOptions, values: Values): Reference {
  const gpa = BigInt.asUintN(64, values['buffer'] - values['direct_map']) | values['shared_mask'];
  const answer = yield* hypercall(form, { r11: BigInt(TDVMCALL.GetQuote), r12: gpa, r13: values['size'] }, QUOTE);
  if (answer !== undefined) yield { moment: 'return', values: { rax: answer['r10'] }, about: QUOTE };
}

/** `u64 hv_tdx_hypercall(u64 control, u64 p1, u64 p2)`: R10 is no status but the control word, and the result is in R11. */
export function* hyperVHypercall({ form }: HelperOptions, values: Values): Reference {
  const { control, p1, p2 } = values;
  const answer = yield* hypercall(form, { r10: control, rdx: p1, r8: p2 }, HYPER_V);
  if (answer !== undefined) yield { moment: 'return', values: { rax: answer['r11'] }, about: HYPER_V };
}
