/**
 * `int seamcall_prerr(u64 fn, struct tdx_module_args *args)` and its forms with outputs, v6.8 and later (docs/abi/linux-seamcall.md,
 * sc_retry and sc_retry_prerr).
 */
import { statusHigh } from '../../abi/status.js';
import { type Expectation, low, type Reference, type Values } from '../../exchange/exchange.js';
import { type ErrnoMapName, errnoRow, resultOf } from './errno-maps.js';
import { ALL, FEW, outputsLabel, prefixed, reachedModule, stubStatus } from './seamcall.js';

const INT = 32;
/** Statuses after which a wrapper may try again; of RND_NO_ENTROPY the whole word counts, of the others the upper half. */
export const RETRIED = {
  'no-entropy': 'TDX_RND_NO_ENTROPY',
  'operand-busy': 'TDX_OPERAND_BUSY',
  'sys-busy': 'TDX_SYS_BUSY',
  interrupted: 'TDX_INTERRUPTED_RESUMABLE',
} as const;
export type RetriedStatus = keyof typeof RETRIED;

export interface RetryOptions {
  readonly errorMap: ErrnoMapName;
  /** SEAMCALLs at most. */
  readonly tries: number;
  /** Statuses after which it tries again. */
  readonly retryOn: readonly RetriedStatus[];
  /** What later tries set in an operand so that the module goes on where it was interrupted. */
  readonly resume?: { readonly register: (typeof ALL)[number]; readonly bits: bigint } | undefined;
  /** Registers that the stub stores into the arguments. */
  readonly outputs: 'none' | 'few' | 'all';
}

/** Registers that a form stores, and those that it loads. */
const STORED: Readonly<Record<RetryOptions['outputs'], readonly string[]>> = { none: [], few: FEW, all: ALL };
const LOADED: Readonly<Record<RetryOptions['outputs'], readonly string[]>> = { none: FEW, few: FEW, all: ALL };

/**
 * The arguments are one structure for all tries. What a try stored the next one may load, or the caller's own once more: where the
 * module returns nothing with such a status the two are the same.
 *
 * @param values `fn`, and `args.*` as they are before the call
 */
export function* retriedSeamcall(options: RetryOptions, values: Values): Reference {
  const { errorMap, tries, outputs } = options;
  const { fn } = values;
  const own = new Map(ALL.map((name) => [name, values[`args.${name}`]]));
  /** What each field may hold. */
  let args = new Map<string, Expectation>(own);
  let answer: Values = {};
  let status = 0n;
  for (let count = 0; count === 0 || (count < tries && isRetried(options, status)); count++) {
    if (count > 0) args = resumed(options, args, own);
    const loaded = Object.fromEntries(LOADED[outputs].map((name) => [name, expected(args, name)]));
    answer = yield { moment: 'SEAMCALL', values: { rax: fn, ...loaded }, about: [count === 0 ? 'frame' : 'retry'] };
    if (reachedModule(answer)) for (const name of STORED[outputs]) if (name in answer) args.set(name, answer[name]);
    status = stubStatus(answer);
  }
  const row = errnoRow(errorMap, status);
  // What comes first behind the last SEAMCALL stands where another one would.
  let about = ['retry'];
  if (row.prints === 'failure') {
    yield { moment: 'call print_failure', values: { leaf: fn, status }, about };
    about = [];
    if (outputs !== 'none') yield { moment: 'call print_outputs', values: expectedOf(args, FEW) };
  }
  yield {
    moment: 'return',
    values: { rax: low(INT, resultOf(row)), ...prefixed('args', expectedOf(args, ALL)) },
    about: [...about, outputsLabel(answer)],
  };
}

function isRetried({ retryOn }: RetryOptions, status: bigint): boolean {
  return retryOn.some((name) => {
    const upper = BigInt(statusHigh(RETRIED[name]));
    return name === 'no-entropy' ? status === upper << 32n : status >> 32n === upper;
  });
}

/** What a later try may find in each field: what is there, or what the caller gave; and it asks to go on. */
function resumed(
  { resume }: RetryOptions,
  args: ReadonlyMap<string, Expectation>,
  own: ReadonlyMap<string, bigint>,
): Map<string, Expectation> {
  return new Map(
    [...args].map(([name, before]): [string, Expectation] => {
      const bits = resume?.register === name ? resume.bits : 0n;
      const choices = [...valuesOf(before), own.get(name) ?? 0n].map((value) => value | bits);
      const different = [...new Set(choices)];
      return [name, different.length === 1 ? different[0] : { oneOf: different }];
    }),
  );
}

function valuesOf(expectation: Expectation): readonly bigint[] {
  if (typeof expectation === 'bigint') return [expectation];
  return 'oneOf' in expectation ? expectation.oneOf : [expectation.value];
}

function expected(args: ReadonlyMap<string, Expectation>, name: string): Expectation {
  return args.get(name) ?? 0n;
}

function expectedOf(args: ReadonlyMap<string, Expectation>, names: readonly string[]): Record<string, Expectation> {
  return Object.fromEntries(names.map((name) => [name, expected(args, name)]));
}
