/**
 * What a run of an audit begins with and is answered with. Everything follows from (seed, function, number of the draw), so
 * that an audit says the same again; what was seen in runs before (which words of memory are read, where the leaf comes
 * from) directs the next.
 */
import type { WrappedName } from '../stage/wrapped-instructions.js';
import { SEAMCALL_LEAVES } from '../../models/abi/seamcall-leaves.js';
import { P_SEAMLDR_LEAVES } from '../../models/abi/p-seamldr.js';
import { TDCALL_LEAVES } from '../../models/abi/tdcall-leaves.js';
import { TDVMCALL, TDVMCALL_STATUS } from '../../models/abi/tdvmcall.js';
import { Dice } from '../case/dice.js';
import { GIVEN_BY, givenBy, mix, placeAddress, WINDOWS } from './argument-space.js';
import type { Source } from './source.js';

/** Words on the stack above the return address and the shadow space that are taken for parameters. */
export const STACK_WORDS = 8;

/** A word in argument memory that a run finds there. */
export interface Word {
  readonly address: bigint;
  readonly value: bigint;
}

/** How the other side answers. */
export interface Answers {
  /** What every value that is not told otherwise follows from. */
  readonly key: number;
  /** What they are like. */
  readonly like: 'echo' | 'pointers' | 'zeros' | 'small' | 'random' | 'constants';
  /** RAX of the first calls, and then of all that follow. */
  readonly statuses: readonly bigint[];
  /** R10 of a TDVMCALL, likewise; empty: as the host found it. */
  readonly r10: readonly bigint[];
  /** Of SEAMCALL: whether the instruction fails, and how. */
  readonly seamcall: 'completes' | 'VMfailInvalid' | '#GP' | '#UD';
  readonly constants: readonly bigint[];
}

export interface Draw {
  readonly number: number;
  /** Of the convention's parameter registers. */
  readonly parameters: readonly bigint[];
  readonly stack: readonly bigint[];
  readonly words: readonly Word[];
  /** RFLAGS.IF at the entry. */
  readonly interrupts: boolean;
  readonly answers: Answers;
}

/** What is known of a function from its code and the runs before. */
export interface Knowledge {
  /** Constants of its code, those of the function itself first. */
  readonly constants: readonly bigint[];
  /** Words that were read through a parameter. */
  readonly read: readonly Source[];
  /** Where the caller says what RAX, RCX, R10, R11 at the call are to be. */
  readonly leaf?: Source;
  readonly mask?: Source;
  readonly vendor?: Source;
  readonly function?: Source;
  readonly instruction: WrappedName;
  /** Registers that a mask of the caller's may let through, one bit each. */
  readonly exposable: number;
}

/** Other failures than the ABI's: a status is looked at as a whole. */
const STATUSES = [0x8000020000000000n, 0xc000010000000001n, 1n, 0x100000000n, 0x8000000000000000n, 0xc000050000000000n];
const R10 = Object.values(TDVMCALL_STATUS);
const FEW = 24;

export class Drawer {
  private readonly key: number;

  constructor(seed: string, symbol: string) {
    let key = 0;
    for (const character of `${seed}\n${symbol}`) key = mix(key, character.codePointAt(0) ?? 0);
    this.key = key;
  }

  draw(number: number, parameterCount: number, known: Knowledge): Draw {
    const dice = new Dice([this.key, number, 0x0aad17, 1]);
    const plain = number === 0;
    // Of the first one every value is another pointer, to memory full of pointers: what came from where can be told.
    const pointer = (index: number): bigint =>
      placeAddress(GIVEN_BY.caller, plain ? (8 * index) % WINDOWS : dice.below(WINDOWS), 0x111 * (index + 1) + number);
    const value = (index: number): bigint => (plain || dice.below(10) < 6 ? pointer(index) : number64(dice, known));
    const parameters = Array.from({ length: parameterCount }, (_, index) => value(index));
    const stack = Array.from({ length: STACK_WORDS }, (_, index) => value(parameterCount + index));
    const draw = { number, parameters, stack, words: [] as Word[], interrupts: !plain && dice.once(2) };
    if (!plain) direct(dice, draw, known);
    return { ...draw, answers: answers(dice, plain, known) };
  }
}

interface Drawn {
  parameters: bigint[];
  stack: bigint[];
  words: Word[];
}

function number64(dice: Dice, { constants }: Knowledge): bigint {
  switch (dice.below(8)) {
    case 0:
    case 1:
      return 0n;
    case 2:
    case 3:
      return BigInt(dice.below(9));
    case 4:
      return 1n << BigInt(dice.below(64));
    case 5:
      return dice.value();
    default:
      return constants.length === 0
        ? BigInt(dice.below(0x100))
        : near(dice, constants[dice.below(1 + dice.below(constants.length))]);
  }
}

/** What decisions about a constant tell apart: it, its neighbours, and what an addition of it or a mask makes 0. */
function near(dice: Dice, constant: bigint): bigint {
  const values = [constant, constant, constant + 1n, constant - 1n, -constant, ~constant];
  const bits = constant >> 32n === 0n || constant >> 31n === 0x1ffffffffn ? 32 : 64;
  return BigInt.asUintN(bits, values[dice.below(values.length)]);
}

/** Gives what the caller decides a value that leads somewhere. */
function direct(dice: Dice, draw: Drawn, known: Knowledge): void {
  for (const source of known.read) if (dice.once(3)) put(draw, source, number64(dice, known));
  if (known.leaf === undefined && known.mask === undefined && known.function === undefined) return;
  const asks = known.leaf === undefined || (known.instruction === 'TDCALL' && dice.once(2));
  if (known.leaf !== undefined) put(draw, known.leaf, asks ? 0n : leafOf(dice, known.instruction));
  // A mask lets through what the caller gave, and nothing that is the function's own.
  if (asks && known.mask !== undefined) {
    const all = BigInt(known.exposable);
    put(draw, known.mask, dice.once(3) ? all & dice.value() : all);
  }
  if (asks && known.vendor !== undefined && !dice.once(4)) put(draw, known.vendor, 0n);
  if (asks && known.function !== undefined) {
    const numbers = Object.values(TDVMCALL);
    put(draw, known.function, BigInt(numbers[dice.below(numbers.length)]));
  }
}

function leafOf(dice: Dice, instruction: Knowledge['instruction']): bigint {
  if (instruction === 'TDCALL') return BigInt(TDCALL_LEAVES[1 + dice.below(TDCALL_LEAVES.length - 1)].leaf);
  if (dice.once(8)) return P_SEAMLDR_LEAVES[dice.below(P_SEAMLDR_LEAVES.length)].rax;
  return BigInt(SEAMCALL_LEAVES[1 + dice.below(SEAMCALL_LEAVES.length - 1)].leaf);
}

/** Puts a value where a source is. */
export function put(draw: Drawn, source: Source, value: bigint): void {
  const list = source.on === 'register' ? draw.parameters : draw.stack;
  if (source.index >= list.length) return;
  if (source.offset === undefined) list[source.index] = value;
  // Where the draw gave no pointer there is no such word.
  else if (givenBy(list[source.index]) !== undefined)
    draw.words.push({ address: list[source.index] + BigInt(source.offset), value });
}

function answers(dice: Dice, plain: boolean, known: Knowledge): Answers {
  const kinds = ['pointers', 'pointers', 'echo', 'zeros', 'small', 'random', 'constants'] as const;
  const failing = (): bigint => STATUSES[dice.below(STATUSES.length)];
  const statuses = plain || dice.below(10) < 6 ? [0n] : dice.once(2) ? [failing()] : [0n, failing(), 0n];
  const other = (): bigint => (dice.once(3) ? dice.value() : R10[dice.below(R10.length)]);
  const r10 = plain || dice.once(2) ? [0n] : dice.once(2) ? [other()] : [other(), other(), 0n];
  const ends = dice.below(8);
  return {
    key: mix(dice.word(), 1),
    like: plain ? 'pointers' : kinds[dice.below(kinds.length)],
    statuses,
    r10,
    seamcall: plain || ends > 2 ? 'completes' : (['VMfailInvalid', '#GP', '#UD'] as const)[ends],
    constants: known.constants.slice(0, FEW),
  };
}
