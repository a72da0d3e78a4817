/** How the values of stories are drawn: each draw is a function from dice to a 64-bit value, and draws are combined. */
import type { Dice } from '../case/dice.js';
import { highHalf, joinHalves, lowHalf } from '../halves.js';

export type Draw = (dice: Dice) => bigint;

const WORD = (1n << 64n) - 1n;

/** All 64 bits random: a value that names its origin wherever it turns up again. */
export const uniform: Draw = (dice) => dice.value();

/** 0 to limit - 1. */
export const below =
  (limit: number): Draw =>
  (dice) =>
    BigInt(dice.below(limit));

/** One of the values, all alike. */
export const oneOf =
  (...values: readonly bigint[]): Draw =>
  (dice) =>
    values[dice.below(values.length)];

/** The draw itself, but once in `times` the other one. */
export const mostly =
  (usual: Draw, other: Draw, times = 8): Draw =>
  (dice) =>
    dice.once(times) ? other(dice) : usual(dice);

/** One of the draws, all alike. */
export const either =
  (...draws: readonly Draw[]): Draw =>
  (dice) =>
    draws[dice.below(draws.length)](dice);

const POWERS = Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit));
const ENDS = POWERS.map((power) => [power, power - 1n, power + 1n, -power].map((value) => value & WORD));

/** A power of two, one less, one more, or its negative: where widths and signs end. */
export const boundary: Draw = (dice) => {
  const at = dice.below(64);
  return ENDS[at][dice.below(4)];
};

/** Few random bits: as many as the width, which is random too. */
export const narrow: Draw = (dice) => dice.value() >> BigInt(dice.below(64));

/** Any 64-bit value: random, near a boundary, short, or one bit beside another draw. */
export const anyValue: Draw = either(uniform, boundary, narrow, oneOf(0n, 1n, WORD));

/** A value of the draw with one bit changed: what a comparison of too few bits takes for the same. */
export const oneBitOff =
  (draw: Draw): Draw =>
  (dice) =>
    draw(dice) ^ POWERS[dice.below(64)];

/** A value of the draw with something in its upper half: what 32-bit code takes for the same. */
export const upperHalfAdded =
  (draw: Draw): Draw =>
  (dice) => {
    const drawn = draw(dice);
    return joinHalves(lowHalf(drawn), highHalf(drawn) | dice.word());
  };

/** A value of the draw shifted left: a page number becomes an address. */
export const shifted =
  (draw: Draw, bits: number): Draw =>
  (dice) =>
    (draw(dice) << BigInt(bits)) & WORD;
