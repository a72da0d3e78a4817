/**
 * MapGPA: R11 = 0x10001, R12 = the first address, R13 = bytes; both ends of a range that becomes shared have the shared
 * bit. RETRY comes with the first address not done in R11: the rest is asked for again (docs/abi/linux-helpers.md#tdx_map_gpa).
 */
import { TDVMCALL, TDVMCALL_STATUS } from '../../abi/tdvmcall.js';
import type { Reference, Values } from '../../exchange/exchange.js';
import { hypercall } from './hypercall.js';
import { boolResult, truncate } from './numbers.js';
import type { HelperOptions } from './options.js';

const ABOUT = ['map-gpa'];
const PAGE_MASK = 0xfffn;

/**
 * `bool tdx_map_gpa(u64 start, u64 end, bool enc)`: true when the host says that all of it is done. RETRY must name a
 * page of what was asked for, and soon a later one: a host that promises for ever is not believed for ever.
 */
export function* mapGpa({ form, mapGpaStalls }: HelperOptions, values: Values): Reference {
  const shared = truncate(1, values['enc']) === 0n ? values['shared_mask'] : 0n;
  let start = values['start'] | shared;
  const end = values['end'] | shared;
  let stalls = 0;
  for (;;) {
    const passed = { r11: BigInt(TDVMCALL.MapGPA), r12: start, r13: end - start };
    const answer = yield* hypercall(form, passed, ABOUT);
    if (answer === undefined) return;
    const next = answer['r11'];
    const isTried = mapGpaStalls > 0;
    const goesOn =
      isTried && answer['r10'] === TDVMCALL_STATUS.RETRY && next >= start && next < end && (next & PAGE_MASK) === 0n;
    stalls = next === start ? stalls + 1 : 0;
    if (!goesOn || stalls === mapGpaStalls) {
      yield { moment: 'return', values: { rax: boolResult(answer['r10'] === TDVMCALL_STATUS.SUCCESS) }, about: ABOUT };
      return;
    }
    start = next;
  }
}
