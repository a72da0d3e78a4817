/** What became of all single-bit mutants of a target, summed up. */
import { createHash } from 'node:crypto';
import { contractId, type StubTarget } from '../run/target.js';
import { functionCode } from '../harness/function-code.js';
import { functionExtent } from '../stage/functions.js';
import { findFunction } from '../image/symbols.js';
import type { Outcome } from './trial.js';

/** One row of `reports/mutants.json`. */
export interface MutantSurvey {
  target: string;
  /** `SET/FUNCTION` */
  contract: string;
  /** First half of the SHA-256 of the function's bytes after relocation, hexadecimal: which code the counts speak of. */
  code: string;
  /** Of the function; each has eight mutants. */
  bytes: number;
  killed: number;
  survived: number;
  noVerdict: number;
  /** `property: slot` -> mutants that it told from correct code in the first case that any property did. */
  killers: Record<string, number>;
  /** Offset from the symbol, `0x1a` -> the bits that nobody missed, `037`. */
  survivors: Record<string, string>;
}

/** What became of the eight mutants of one byte, bit 0 first. */
export type ByteOutcomes = readonly Outcome[];

/** @param outcomes of every byte of the function */
export function sumUp(target: StubTarget, outcomes: readonly ByteOutcomes[]): MutantSurvey {
  const count = (kind: Outcome['kind']): number => outcomes.flat().filter((outcome) => outcome.kind === kind).length;
  const killers = new Map<string, number>();
  for (const outcome of outcomes.flat())
    if (outcome.kind === 'killed') for (const by of outcome.by) killers.set(by, (killers.get(by) ?? 0) + 1);
  const survivors = outcomes.flatMap((bits, offset) => {
    const left = bits.flatMap(({ kind }, bit) => (kind === 'survived' ? [String(bit)] : []));
    return left.length === 0 ? [] : [[`0x${offset.toString(16)}`, left.join('')] as const];
  });
  return {
    target: target.name,
    contract: contractId(target),
    code: codeOf(target),
    bytes: outcomes.length,
    killed: count('killed'),
    survived: count('survived'),
    noVerdict: count('no verdict'),
    killers: Object.fromEntries([...killers].sort(([a], [b]) => (a < b ? -1 : 1))),
    survivors: Object.fromEntries(survivors),
  };
}

/** Which code a target is: see `MutantSurvey.code`. */
export function codeOf({ image, symbol }: StubTarget): string {
  const { address, size } = functionExtent(image, findFunction(image, symbol));
  const hash = createHash('sha256');
  for (const { bytes } of functionCode(image, address, size).instructions) hash.update(bytes);
  return hash.digest('hex').slice(0, 32);
}
