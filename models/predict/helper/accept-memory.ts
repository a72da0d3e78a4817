/**
 * TDG.MEM.PAGE.ACCEPT: RCX = the address, its level in bits 2:0. The largest page that is aligned and fits is tried
 * first; whatever the module objects to, a smaller one is tried if the options say nothing else (docs/abi/linux-helpers.md#tdx_accept_memory).
 */
import { TDCALL_LEAF } from '../../abi/tdcall-leaves.js';
import { statusHigh } from '../../abi/status.js';
import type { ExpectedExchange, Reference, Values } from '../../exchange/exchange.js';
import { boolResult, upperHalf } from './numbers.js';
import type { HelperOptions } from './options.js';

const ABOUT = ['accept-memory'];

/** Largest first. */
const PAGES = [
  { level: 2n, bytes: 1n << 30n },
  { level: 1n, bytes: 1n << 21n },
  { level: 0n, bytes: 1n << 12n },
] as const;

const BUSY = BigInt(statusHigh('TDX_OPERAND_BUSY'));
const MISMATCH = BigInt(statusHigh('TDX_PAGE_SIZE_MISMATCH'));

type Options = Pick<HelperOptions, 'acceptBusyTries' | 'acceptErrors'>;

/** `bool tdx_accept_memory(u64 start, u64 end)`: true when every page of the range is accepted. */
export function* acceptMemory(options: Options, values: Values): Reference {
  const end = values['end'];
  let start = values['start'];
  while (start < end) {
    let accepted = 0n;
    for (const { level, bytes } of PAGES) {
      if (start % bytes !== 0n || end - start < bytes) continue;
      const status = yield* acceptPage(options, start | level);
      if (status === 0n) {
        accepted = bytes;
        break;
      }
      if (options.acceptErrors === 'smaller' || upperHalf(status) === MISMATCH) continue;
      if (options.acceptErrors === 'fatal') {
        yield { moment: 'stop', values: {}, about: ABOUT };
        return;
      }
      break;
    }
    if (accepted === 0n) break;
    start += accepted;
  }
  yield { moment: 'return', values: { rax: boolResult(start >= end) }, about: ABOUT };
}

/** One page, as often as it is tried. @returns the last status */
function* acceptPage({ acceptBusyTries }: Options, rcx: bigint): Generator<ExpectedExchange, bigint, Values> {
  for (let tries = 1; ; tries++) {
    const values = { rax: BigInt(TDCALL_LEAF.MEM_PAGE_ACCEPT), rcx };
    const { status } = yield { moment: 'TDCALL', values, about: ABOUT };
    if (upperHalf(status) !== BUSY || tries >= acceptBusyTries) return status;
  }
}
