/**
 * `int seamcall_prerr(u64 fn, struct tdx_module_args *args)` and its forms with outputs, v6.8 and later (docs/abi/linux-seamcall.md,
 * sc_retry and sc_retry_prerr).
 */
import { statusHigh } from '../../abi/status.js';
import { low, type Reference, type Values } from '../../exchange/exchange.js';
import { type ErrnoMapName, errnoRow, resultOf } from './errno-maps.js';
import { ALL, FEW, outputsLabel, prefixed, reachedModule, received, stubStatus } from './seamcall.js';

const INT = 32;
/** The whole word, details included: anything else is an answer. */
const NO_ENTROPY = BigInt(statusHigh('TDX_RND_NO_ENTROPY')) << 32n;

export interface RetryOptions {
  readonly errorMap: ErrnoMapName;
  /** SEAMCALLs at most. */
  readonly tries: number;
  /** Registers that the stub stores into the arguments. */
  readonly outputs: 'none' | 'few' | 'all';
}

/** Registers that a form stores, and those that it loads. */
const STORED: Readonly<Record<RetryOptions['outputs'], readonly string[]>> = { none: [], few: FEW, all: ALL };
const LOADED: Readonly<Record<RetryOptions['outputs'], readonly string[]>> = { none: FEW, few: FEW, all: ALL };

/**
 * The arguments are one structure for all tries: what a try stored, the next one loads.
 *
 * @param values `fn`, and `args.*` as they are before the call
 */
export function* retriedSeamcall({ errorMap, tries, outputs }: RetryOptions, values: Values): Reference {
  const { fn } = values;
  let args: Record<string, bigint> = Object.fromEntries(ALL.map((name) => [name, values[`args.${name}`]]));
  let answer: Values = {};
  let status = NO_ENTROPY;
  for (let count = 0; count < tries && status === NO_ENTROPY; count++) {
    const loaded = Object.fromEntries(LOADED[outputs].map((name) => [name, args[name]]));
    answer = yield { moment: 'SEAMCALL', values: { rax: fn, ...loaded }, about: [count === 0 ? 'frame' : 'retry'] };
    if (reachedModule(answer)) args = { ...args, ...received(STORED[outputs], answer, args) };
    status = stubStatus(answer);
  }
  const row = errnoRow(errorMap, status);
  // What comes first behind the last SEAMCALL stands where another one would.
  let about = ['retry'];
  if (row.prints === 'failure') {
    yield { moment: 'call print_failure', values: { leaf: fn, status }, about };
    about = [];
    if (outputs !== 'none') yield { moment: 'call print_outputs', values: received(FEW, {}, args) };
  }
  yield {
    moment: 'return',
    values: { rax: low(INT, resultOf(row)), ...prefixed('args', args) },
    about: [...about, outputsLabel(answer)],
  };
}
