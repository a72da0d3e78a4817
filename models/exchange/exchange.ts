/**
 * What passes between code under test and everything around it, as the models speak of it. A model of a whole function
 * is a coroutine: it yields each exchange that must come next, is given the answer that the world gave to the code
 * under test, and goes on. So it follows any answer, and shares no rule with whoever answers.
 */

/** Named 64-bit values, unsigned. */
export type Values = Readonly<Record<string, bigint>>;

/** One exchange as it was: the code under test asked, called or returned. */
export interface Exchange {
  /** What kind it is: `TDVMCALL`, `return`, `call host_cpuid`... */
  readonly moment: string;
  readonly values: Values;
}

/**
 * What a value must be: exactly this; one of several where sound implementations differ; or this in the bits of a mask,
 * where the others are nobody's business (the upper half of RAX behind a function that returns an int).
 */
export type Expectation =
  bigint | { readonly oneOf: readonly bigint[] } | { readonly value: bigint; readonly mask: bigint };

/** One exchange as it must be. A value that is not named is open: any will do. */
export interface ExpectedExchange {
  readonly moment: string;
  readonly values: Readonly<Record<string, Expectation>>;
  /** Rules that this exchange is about, so that a property can speak of it alone: `map-gpa`, `upper-bits`... */
  readonly about?: readonly string[];
  /** The step of the story ends with this exchange, though the code would go on: it repeats itself for ever. */
  readonly last?: true;
}

/** Yields what must come next; gets the answer that the world gave to the exchange before. */
export type Reference = Generator<ExpectedExchange, void, Values>;

const ALL_ONES = (1n << 64n) - 1n;

/** A value of which only the low bits count: `low(32, x)` for a function that returns an int. */
export function low(bits: number, value: bigint): Expectation {
  const mask = (1n << BigInt(bits)) - 1n;
  return { value: value & mask, mask };
}

/** Whether a value is as expected. */
export function meets(value: bigint, expected: Expectation): boolean {
  if (typeof expected === 'bigint') return value === expected;
  if ('oneOf' in expected) return expected.oneOf.includes(value);
  return ((value ^ expected.value) & expected.mask) === 0n;
}

/** The bits that an expectation speaks of. */
export function maskOf(expected: Expectation): bigint {
  return typeof expected === 'object' && 'mask' in expected ? expected.mask : ALL_ONES;
}
