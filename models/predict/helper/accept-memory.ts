/**
 * TDG.MEM.PAGE.ACCEPT: RCX = the address, its level in bits 2:0. The largest page that is aligned and fits is tried
 * first; whatever the module objects to, a smaller one is tried (docs/abi/linux-helpers.md#tdx_accept_memory).
 */
import { TDCALL_LEAF } from '../../abi/tdcall-leaves.js';
import type { Reference, Values } from '../../exchange/exchange.js';
import { boolResult } from './numbers.js';
import type { HelperOptions } from './options.js';

const ABOUT = ['accept-memory'];

/** Largest first. */
const PAGES = [
  { level: 2n, bytes: 1n << 30n },
  { level: 1n, bytes: 1n << 21n },
  { level: 0n, bytes: 1n << 12n },
] as const;

/** `bool tdx_accept_memory(u64 start, u64 end)`: true when every page of the range is accepted. */
export function* acceptMemory(_options: HelperOptions, values: Values): Reference {
  const end = values['end'];
  let start = values['start'];
  while (start < end) {
    let accepted = 0n;
    for (const { level, bytes } of PAGES) {
      if (start % bytes !== 0n || end - start < bytes) continue;
      const rcx = start | level;
      const answer = yield {
        moment: 'TDCALL',
        values: { rax: BigInt(TDCALL_LEAF.MEM_PAGE_ACCEPT), rcx },
        about: ABOUT,
      };
      if (answer['status'] !== 0n) continue;
      accepted = bytes;
      break;
    }
    if (accepted === 0n) break;
    start += accepted;
  }
  yield { moment: 'return', values: { rax: boolResult(start >= end) }, about: ABOUT };
}
