/** Judges the code of functions by rules that no run can see, and says by what right: who promised the rule. */
import type { Image, ImageSymbol } from '../image/image.js';
import { ABSOLUTE } from '../image/image.js';
import { segmentAt } from '../image/segments.js';
import { CODE_RULES, type Judgement } from './code-rules.js';
import { type Listing, listingOf } from './listing.js';
import { type HardeningFinding, PROMISED, type PromisedRule } from './rules.js';
import { constantMask, misplacedFixups, speculativeHostValues } from './way-rules.js';

/** A rule is promised where nine of ten functions that it applies to keep it, and there are so many. */
const SHARE = 0.9;
const FEWEST = 10;
/** Functions of a large image that are looked at: evenly taken from all. */
const MOST_FUNCTIONS = 300;

/** How many functions of an image a rule applies to, and how many of them keep it. */
export interface Promise {
  readonly kept: number;
  readonly of: number;
}

export type Promises = Readonly<Record<PromisedRule, Promise>>;

const PROMISES = new WeakMap<Image, Promises>();

export function promisesOf(image: Image): Promises {
  let promises = PROMISES.get(image);
  if (promises === undefined) PROMISES.set(image, (promises = countPromises(image)));
  return promises;
}

function countPromises(image: Image): Promises {
  const counts = Object.fromEntries(PROMISED.map((rule) => [rule, { kept: 0, of: 0 }])) as Record<
    PromisedRule,
    { kept: number; of: number }
  >;
  for (const symbol of sample(functionsOf(image))) {
    const code = listingOf(image, symbol);
    for (const rule of PROMISED) {
      const judgement = judge(image, code, rule);
      if (judgement === undefined) continue;
      counts[rule].of++;
      if (judgement.length === 0) counts[rule].kept++;
    }
  }
  return counts;
}

/** Functions of code, each address once. */
function functionsOf({ symbols, segments }: Image): ImageSymbol[] {
  const found = new Map<bigint, ImageSymbol>();
  for (const symbol of symbols) {
    const { kind, global, segment, address, indirect } = symbol;
    if (kind === 'object' || (kind === 'untyped' && !global) || segment === ABSOLUTE || indirect === true) continue;
    const known = found.get(address);
    if (known !== undefined && (known.global || !global)) continue;
    if (segmentAt(segments, address)?.execute === true) found.set(address, symbol);
  }
  return [...found.values()];
}

function sample<T>(all: readonly T[]): T[] {
  const step = Math.max(1, all.length / MOST_FUNCTIONS);
  return Array.from({ length: Math.min(all.length, MOST_FUNCTIONS) }, (_, index) => all[Math.floor(index * step)]);
}

function judge(image: Image, code: Listing, rule: PromisedRule): Judgement {
  if (rule !== 'constant-mask') return CODE_RULES[rule](image, code);
  return code.operations.some(({ text }) => text === 'tdcall') ? constantMask(image, code.address) : undefined;
}

/** What is wrong with the code of one function. Rules that somebody has to promise apply where the image does. */
export function judgeHardening(image: Image, symbol: ImageSymbol): HardeningFinding[] {
  const code = listingOf(image, symbol);
  const promises = promisesOf(image);
  const promised = PROMISED.flatMap((rule) => {
    const { kept, of } = promises[rule];
    if (of < FEWEST || kept < SHARE * of) return [];
    const why = `${kept} of ${of} functions of ${image.name} keep to that`;
    return (judge(image, code, rule) ?? []).map((finding) => ({ ...finding, found: `${finding.found} (${why})` }));
  });
  return [
    ...promised,
    ...misplacedFixups(image, code.operations, code.end),
    ...(code.operations.some(({ text }) => text === 'tdcall') ? speculativeHostValues(image, code.address) : []),
  ];
}
