/**
 * What has to stand around a function for a program to be able to judge it. A program's reference speaks of calls and data by
 * name; code that knows none of these names is another function of the same name, and would be accused of all it does not do.
 */
import type { ProgramContract } from '../../contract/program-contract.js';
import { functionAround } from '../../harness/call-graph.js';
import type { Image } from '../../image/image.js';
import { findFunction } from '../../image/symbols.js';
import { shorten } from '../../text/escape.js';
import { externalModel } from '../../world/externals.js';

interface Needed {
  /** Functions that the image itself must have. */
  readonly defines?: readonly string[];
  /** External functions or data, of which at least one must be referred to; `host_*` stands for any that begins so. */
  readonly refersTo?: readonly string[];
}

/** The dispatcher is entered and completed by name, and asks the host by name (corpus/targets/dispatcher/tdx-host.h). */
const DISPATCHER: Needed = { defines: ['tdx_complete_userspace'], refersTo: ['host_*'] };

/** Without these nothing can be said at all. */
const ALWAYS: Readonly<Record<string, Needed>> = {
  'dispatcher-one-exit': DISPATCHER,
  'dispatcher-sequence': DISPATCHER,
  'round-trip': DISPATCHER,
};

/** Without these what is said is not to be defended: kernels as shipped have the same work inlined. */
const FOR_JUDGEMENT: Readonly<Record<string, Needed>> = {
  'helper-handle-mmio': { refersTo: ['decode_mmio'] },
  'helper-virt-exception': { refersTo: ['decode_mmio'] },
  'helper-map-gpa': { refersTo: ['tdx_shared_mask'] },
  'helper-accept-memory': { refersTo: ['tdx_shared_mask'] },
  'helper-get-report0': { refersTo: ['virt_to_phys'] },
  'helper-extend-rtmr': { refersTo: ['virt_to_phys'] },
  'seamcall-errno': { refersTo: ['print_failure'] },
  'seamcall-retry': { refersTo: ['print_failure'] },
};

/** Why the image is not what the program means, on one line; undefined if it is. */
export function unlike(image: Image, { program, symbol }: ProgramContract): string | undefined {
  const missing = missingOf(image, ALWAYS[program]);
  return missing && `${shorten(symbol)} is not the function that the contract means: the image ${missing}`;
}

/** As {@link unlike}, also for what is only wanted where nobody chose the contract. */
export function unlikeByItself(image: Image, contract: ProgramContract): string | undefined {
  const missing = missingOf(image, ALWAYS[contract.program]) ?? missingOf(image, FOR_JUDGEMENT[contract.program]);
  if (missing !== undefined) return `the image ${missing}`;
  const warns = reachesWarning(image, contract.symbol);
  return warns && `it reaches ${warns}, of which nothing here knows when it is called and that it comes back`;
}

/** The kernel's WARN, which goes on (docs/abi/linux-helpers.md#whole-kernels): no world here models it. */
const WARNINGS: readonly string[] = ['__WARN_trap', '__SCT__WARN_trap', '__warn_printk'];

/** Calls within calls that are looked at. */
const DEEPEST = 4;

/** The warning that a function reaches by direct calls and jumps, without what never comes back. */
function reachesWarning(image: Image, symbol: string): string | undefined {
  const names = new Map<bigint, string>();
  for (const { name, address } of [...image.symbols, ...image.externals])
    if (WARNINGS.includes(name) || externalModel(name).kind === 'noreturn') names.set(address, name);
  const seen = new Set<bigint>();
  let left = [findFunction(image, symbol).address];
  for (let depth = 0; depth <= DEEPEST && left.length > 0; depth++) {
    const targets: bigint[] = [];
    for (const address of left) {
      const code = functionAround(image, address);
      if (code === undefined || seen.has(code.address)) continue;
      seen.add(code.address);
      targets.push(...code.instructions.flatMap(({ target }) => target ?? []));
    }
    const warning = targets
      .map((target) => names.get(target))
      .find((name) => name !== undefined && WARNINGS.includes(name));
    if (warning !== undefined) return warning;
    left = targets.filter((target) => !names.has(target));
  }
  return undefined;
}

function missingOf(image: Image, needed: Needed = {}): string | undefined {
  const { defines = [], refersTo = [] } = needed;
  const undefinedHere = defines.filter((name) => !image.symbols.some((symbol) => symbol.name === name));
  const isReferred = refersTo.length === 0 || refersTo.some((name) => refers(image, name));
  const parts = [
    ...(undefinedHere.length > 0 ? [`has no ${undefinedHere.join(', ')}`] : []),
    ...(isReferred ? [] : [`calls no ${refersTo.join(', ')}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(' and ');
}

/** An external name, or one that was linked in. */
function refers({ externals, symbols }: Image, name: string): boolean {
  const matches = name.endsWith('*')
    ? (candidate: string): boolean => candidate.startsWith(name.slice(0, -1))
    : (candidate: string): boolean => candidate === name;
  return externals.some((external) => matches(external.name)) || symbols.some((symbol) => matches(symbol.name));
}
