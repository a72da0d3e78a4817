/** Which contracts of the library an image is judged by, function by function, and what is to be said of the others. */
import type { CodeShape } from '../../code/code-shape.js';
import { readShape } from '../../code/read-shape.js';
import type { Contract, ContractSet } from '../../contract/contract.js';
import { UsageError } from '../../errors.js';
import type { Image } from '../../image/image.js';
import { shorten } from '../../text/escape.js';
import { chooseProgramsOf, type NamedProgram, type Refusal } from './program-recognition.js';
import { bindingText, candidatesText, fitText, idOf } from './say.js';
import { type Candidate, candidatesFor, decide, type Decision } from './stub-recognition.js';

export interface RecognisedStub {
  readonly symbol: string;
  readonly set: string;
  /** The library's, also where the symbol is another. */
  readonly contract: Contract;
}

export interface Recognition {
  readonly stubs: readonly RecognisedStub[];
  readonly programs: readonly NamedProgram[];
  /** Why each fits, and what is near to others: nothing of it changes a verdict. */
  readonly notes: readonly string[];
  /** Functions with the name of a contract that are judged by none, one line each with the reason: there is no verdict of them. */
  readonly unjudged: readonly string[];
}

/** A function, and how well each contract fits it. */
interface Ranked {
  readonly symbol: string;
  readonly shape: CodeShape;
  readonly candidates: readonly Candidate[];
}

/** No image of today has so many; those with the name of a contract come first. */
const MOST_FUNCTIONS = 256;
/** A candidate that is less near says nothing of a set. */
const SUPPORTING = 0.85;

/**
 * @param wrapped names of the functions that contain TDCALL or SEAMCALL
 */
export function recognise(
  image: Image,
  wrapped: readonly string[],
  sets: readonly ContractSet[],
  hasFunction: (symbol: string) => boolean,
): Recognition {
  const named = sets.flatMap(({ contracts }) => Object.keys(contracts)).filter(hasFunction);
  const notes: string[] = [];
  const symbols = [...new Set([...named, ...wrapped])];
  if (symbols.length > MOST_FUNCTIONS)
    notes.push(`only ${MOST_FUNCTIONS} of ${symbols.length} functions around TDCALL or SEAMCALL were looked at`);
  const looked = symbols.slice(0, MOST_FUNCTIONS).sort((a, b) => (a < b ? -1 : 1));
  const ranked = looked.flatMap((symbol) => rank(image, symbol, sets, notes));
  const decided = ranked.map((one) => ({
    one,
    decision: decide(one.symbol, one.candidates, supportOf(one, ranked, sets, hasFunction)),
  }));
  const stubs = decided.flatMap(({ one: { symbol }, decision }) =>
    decision.kind === 'bound' ? [{ symbol, set: decision.best.set, contract: decision.best.contract }] : [],
  );
  const unjudged = decided.flatMap(({ one, decision }) => unjudgedText(one, decision) ?? []);
  notes.push(...boundTexts(decided), ...decided.flatMap(({ one, decision }) => noteText(one, decision) ?? []));
  const stubSets = new Set(stubs.flatMap(({ contract }) => setsWith(sets, contract)));
  const chosen = chooseProgramsOf(image, sets, hasFunction, stubSets);
  notes.push(...refusedTexts(chosen.refused));
  unjudged.push(...alikeTexts(chosen.alike));
  return { stubs, programs: chosen.bound, notes, unjudged };
}

/** @returns nothing for a name that stands for no one function; said in a note */
function rank(image: Image, symbol: string, sets: readonly ContractSet[], notes: string[]): Ranked[] {
  try {
    const shape = readShape(image, symbol);
    return [{ symbol, shape, candidates: candidatesFor(shape, sets) }];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    notes.push(`not read: ${error.message}`);
    return [];
  }
}

/** How many other functions of the image a set is the best for, less what it has and the image has not. */
function supportOf(
  one: Ranked,
  ranked: readonly Ranked[],
  sets: readonly ContractSet[],
  hasFunction: (symbol: string) => boolean,
): (set: string) => number {
  const counts = new Map<string, number>();
  for (const other of ranked) {
    if (other === one) continue;
    const best = other.candidates.filter(
      ({ fit }) => fit.share >= SUPPORTING && fit.share === other.candidates[0].fit.share,
    );
    for (const set of new Set(best.map((candidate) => candidate.set))) counts.set(set, (counts.get(set) ?? 0) + 1);
  }
  const absent = new Map(
    sets.map(({ name, contracts }) => [name, Object.keys(contracts).filter((symbol) => !hasFunction(symbol)).length]),
  );
  // Of a function alone nothing says which others there should be.
  if (counts.size === 0) return () => 0;
  // One function that is there says more than one that is not: objects hold parts of what a set has.
  return (set) => (counts.get(set) ?? 0) - (absent.get(set) ?? 0) / 16;
}

/** The sets that have this contract, word for word. */
function setsWith(sets: readonly ContractSet[], contract: Contract): string[] {
  const text = JSON.stringify(contract);
  return sets
    .filter(({ contracts }) => Object.values(contracts).some((other) => JSON.stringify(other) === text))
    .map(({ name }) => name);
}

interface Decided {
  readonly one: Ranked;
  readonly decision: Decision;
}

/** One line for all functions of a set that fit to the last detail, and one for each that does not. */
function boundTexts(decided: readonly Decided[]): string[] {
  const exact = new Map<string, string[]>();
  const others: string[] = [];
  for (const { one, decision } of decided) {
    if (decision.kind !== 'bound') continue;
    const { best } = decision;
    const name = shorten(one.symbol);
    const isNamed = best.contract.symbol === one.symbol;
    if (best.fit.isExact && isNamed) exact.set(best.set, [...(exact.get(best.set) ?? []), name]);
    else if (isNamed) others.push(`${name} is taken for ${idOf(best)}: ${gapText(one)}${fitText(best)}`);
    else others.push(`${name} has the shape of ${idOf(best)} in every detail, and is judged by it`);
  }
  return [...[...exact].map(([set, names]) => `${set} fits ${names.join(', ')} in every detail`), ...others];
}

function gapText({ shape }: Ranked): string {
  return shape.gap === undefined ? '' : `not all of its code was read (${shape.gap}); `;
}

function noteText({ symbol }: Ranked, decision: Decision): string | undefined {
  if (decision.kind === 'none' && decision.like !== undefined)
    return `${shorten(symbol)} is like ${candidatesText([decision.like])}, and written to another contract`;
  if (decision.kind !== 'proposed' || decision.isNamed) return undefined;
  const { near } = decision;
  return `${shorten(symbol)} has nearly the shape of ${candidatesText(near)}; judge it by that with ${bindingText(symbol, near[0])}`;
}

function unjudgedText(one: Ranked, decision: Decision): string | undefined {
  const name = shorten(one.symbol);
  if (decision.kind === 'proposed' && decision.isNamed)
    return `${name} fits ${candidatesText(decision.near)} alike; say which with ${bindingText(one.symbol, decision.near[0])}`;
  if (decision.kind !== 'other') return undefined;
  const { nearest } = decision;
  if (one.shape.sites.length === 0)
    return `${name} has the name of ${idOf(nearest)} and reaches no TDCALL and no SEAMCALL here; give the object with what it calls as well`;
  return `${name} has the name of ${idOf(nearest)} and another shape (${gapText(one)}${fitText(nearest)}); judge it all the same with ${bindingText(one.symbol, nearest)}`;
}

/** One line for each reason: sets of several generations may have the same. */
function refusedTexts(refused: readonly Refusal[]): string[] {
  const byReason = new Map<string, { sets: Set<string>; symbols: Set<string> }>();
  for (const { named, reason } of refused) {
    const one = byReason.get(reason) ?? { sets: new Set(), symbols: new Set() };
    one.sets.add(named.set.name);
    one.symbols.add(shorten(named.program.symbol));
    byReason.set(reason, one);
  }
  return [...byReason].map(
    ([reason, { sets, symbols }]) => `no contract fits ${[...symbols].join(', ')} (${[...sets].join(', ')}: ${reason})`,
  );
}

function alikeTexts(alike: readonly { symbol: string; named: readonly NamedProgram[] }[]): string[] {
  return alike.map(({ symbol, named }) => {
    const names = [...new Set(named.map(({ set }) => set.name))];
    return `${shorten(symbol)} fits ${names.slice(0, -1).join(', ')} and ${names.at(-1)} alike; say which with --contract`;
  });
}
