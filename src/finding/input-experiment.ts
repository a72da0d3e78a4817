/**
 * Which inputs matter, found by experiment: of a failing case one value is changed at a time, and the case is run again.
 * What is tried is fixed beforehand, so that the same case always says the same:
 *
 *  1. the neutral value, then every value there is where few bits mean anything;
 *  2. otherwise edges, random values, other values of the case, constants worth trying;
 *  3. each bit flipped by itself; then the bits that decided held as they are, and all others random;
 *  4. of the bits that decided and that differ from neutral each flipped once more in front of that random background: one
 *     of them need not be set where others are. A bit that differs in any failing value is not needed as it is.
 *
 * A neutral value that fails with everything of 2 is asked no further.
 */
import { Dice } from '../case/dice.js';
import { type BitFlips, bitNote } from './input-bits.js';

/** One value of a failing case, and what else it may be. */
export interface InputValue {
  readonly name: string;
  readonly value: bigint;
  readonly neutral: bigint;
  /** The bits that mean anything; no other is changed. */
  readonly bits: bigint;
  /** Constants worth trying. */
  readonly known: readonly bigint[];
  /** Whether it is a value that the code may be given, so that a failure is the code's own. */
  isFair(value: bigint): boolean;
}

/** What the experiment said of one value. The words are those of the result (src/campaign/records/result.ts). */
export interface InputExperiment {
  name: string;
  /** `0x...` */
  value: string;
  verdict: 'anything' | 'must differ' | 'must be this' | 'some values';
  /** Other values tried, the neutral one among them, and how many of them fail in the same way. */
  tried: number;
  failed: number;
  note?: string;
}

/** Runs of one value, of one case. */
const MOST_OF_VALUE = 120;
const MOST_OF_CASE = 2000;
/** So few bits have few values: all of them are tried. */
const FEW_BITS = 5;
const RANDOM_VALUES = 8;
const BACKGROUNDS = 5;
const MOST_KNOWN = 12;
const MOST_PEERS = 4;
/** Where every random number of the experiments comes from. */
const SEED = [0x1a9f, 0x7d3, 0x52c1, 0x9e37] as const;
const WORD = (1n << 64n) - 1n;

/**
 * @param inputs those that matter most first: the budget of the case may end before the last ones, which are then left out
 * @param fails whether the case fails in the same way with this value in place of its own
 */
export function examineInputs<T extends InputValue>(
  inputs: readonly T[],
  fails: (input: T, value: bigint) => boolean,
): InputExperiment[] {
  const experiments: InputExperiment[] = [];
  // Two values may only matter by being equal.
  const peers = inputs.filter(({ value, neutral }) => value !== neutral).map(({ value }) => value);
  let runs = 0;
  for (const input of inputs) {
    const left = Math.min(MOST_OF_VALUE, MOST_OF_CASE - runs);
    if (left < MOST_OF_VALUE / 2) break;
    const trials = new Trials(input, left, (value) => fails(input, value));
    const experiment = examine(input, peers.slice(0, MOST_PEERS), trials);
    // A neutral value that has no other says nothing.
    if (trials.tried > 0 || input.value !== input.neutral) experiments.push(experiment);
    runs += trials.tried;
  }
  return experiments;
}

/** The values that were tried, each once. */
class Trials {
  private readonly outcomes = new Map<bigint, boolean>();
  failed = 0;

  constructor(
    private readonly input: InputValue,
    private readonly most: number,
    private readonly fails: (value: bigint) => boolean,
  ) {}

  get tried(): number {
    return this.outcomes.size;
  }

  /** @returns whether the case fails with the value, or undefined if it is not to be tried */
  try(value: bigint): boolean | undefined {
    const { input, outcomes } = this;
    const known = value === input.value ? true : outcomes.get(value);
    if (known !== undefined || outcomes.size >= this.most || !input.isFair(value)) return known;
    const outcome = this.fails(value);
    outcomes.set(value, outcome);
    if (outcome) this.failed++;
    return outcome;
  }

  /** Other values with which the case failed so. */
  failing(): bigint[] {
    return [...this.outcomes].filter(([, failed]) => failed).map(([value]) => value);
  }

  /** Values with which it did not. */
  passing(): bigint[] {
    return [...this.outcomes].filter(([, failed]) => !failed).map(([value]) => value);
  }
}

function examine(input: InputValue, peers: readonly bigint[], trials: Trials): InputExperiment {
  const { name, value, neutral, bits } = input;
  const isNeutral = value === neutral;
  const neutralFails = trials.try(neutral);
  let flips: BitFlips | undefined;
  if (bitsOf(bits).length <= FEW_BITS) for (const other of subsets(bits)) trials.try((value & ~bits) | other);
  else {
    const dice = new Dice(SEED);
    firstLook(input, peers, dice, trials);
    if (!isNeutral || trials.failed < trials.tried) flips = flipBits(input, dice, trials);
  }
  const { tried, failed } = trials;
  const verdict = verdictOf(tried, failed, !isNeutral && neutralFails === false);
  const note = noteOf(input, verdict, trials, flips);
  return { name, value: `0x${value.toString(16)}`, verdict, tried, failed, ...(note !== undefined && { note }) };
}

function verdictOf(tried: number, failed: number, neutralPasses: boolean): InputExperiment['verdict'] {
  if (failed === 0) return 'must be this';
  if (failed === tried) return 'anything';
  return neutralPasses && failed === tried - 1 ? 'must differ' : 'some values';
}

function firstLook({ value, bits, known }: InputValue, peers: readonly bigint[], dice: Dice, trials: Trials): void {
  const edges = [0n, WORD, 1n, 1n << 63n, WORD >> 1n, WORD >> 32n, WORD << 32n, ~value, value + 1n, value - 1n];
  const random = Array.from({ length: RANDOM_VALUES }, () => dice.value());
  for (const other of [...edges, ...random, ...peers, ...known.slice(0, MOST_KNOWN)])
    trials.try((value & ~bits) | (other & bits));
}

function flipBits({ value, neutral, bits }: InputValue, dice: Dice, trials: Trials): BitFlips | undefined {
  let deciding = 0n;
  let open = 0n;
  for (const bit of bitsOf(bits)) {
    const outcome = trials.try(value ^ bit);
    if (outcome === false) deciding |= bit;
    if (outcome === true) open |= bit;
  }
  if (deciding === 0n || open === 0n) return undefined;
  const inFrontOf = backgrounds(value, open, dice, trials);
  const [background] = inFrontOf.failing;
  if (background !== undefined) for (const bit of bitsOf(deciding & (value ^ neutral))) trials.try(background ^ bit);
  // What differs in any other failing value need not be as it is here.
  const conditional = trials.failing().reduce((all, other) => all | ((other ^ value) & deciding), 0n);
  const areFree = conditional !== 0n && backgrounds(value, open | conditional, dice, trials).allFail;
  return { deciding: deciding & ~conditional, conditional, areFree, open, openAreFree: inFrontOf.allFail };
}

/** Tries the value with some bits random and all others as they are. */
function backgrounds(
  value: bigint,
  mask: bigint,
  dice: Dice,
  trials: Trials,
): { failing: readonly bigint[]; allFail: boolean } {
  const others = Array.from({ length: BACKGROUNDS }, () => (value & ~mask) | (dice.value() & mask));
  const failing = others.filter((other) => trials.try(other) === true);
  return { failing, allFail: failing.length === others.length };
}

/** Values are named where that says more than the bits do. */
const FEW_VALUES = 3;

function noteOf(
  { value }: InputValue,
  verdict: InputExperiment['verdict'],
  trials: Trials,
  flips: BitFlips | undefined,
): string | undefined {
  if (trials.tried === 0) return 'there is no other value';
  if (verdict !== 'some values') return undefined;
  if (flips !== undefined) return bitNote(value, flips);
  const [failing, passing] = [trials.failing(), trials.passing()];
  if (passing.length <= FEW_VALUES && passing.length < failing.length) return `not with ${valuesText(passing)}`;
  if (failing.length <= FEW_VALUES) return `also with ${valuesText(failing)}`;
  return 'no single bit decides';
}

function valuesText(values: readonly bigint[]): string {
  return values.map((value) => `0x${value.toString(16)}`).join(', ');
}

function bitsOf(mask: bigint): bigint[] {
  return Array.from({ length: 64 }, (_, index) => 1n << BigInt(index)).filter((bit) => (mask & bit) !== 0n);
}

/** Every value with no bit outside of the mask. */
function subsets(mask: bigint): bigint[] {
  return bitsOf(mask).reduce<bigint[]>((all, bit) => [...all, ...all.map((one) => one | bit)], [0n]);
}
