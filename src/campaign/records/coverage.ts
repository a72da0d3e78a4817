/** What cases reached: instructions, directions of conditional branches, and states of the models. */
import { type CodeOfFunction, functionAround, reachedFunctions } from '../../harness/call-graph.js';
import type { Image } from '../../image/image.js';
import { SLOT as STATE } from '../../x86/layout.js';
import type { Step } from '../../run/trace.js';
import { hex } from '../../text/hex.js';
import type { FunctionRecord } from './records.js';
import type { FunctionCoverage } from './result.js';

/**
 * Coverage as plain data. Addresses are offsets in bytes from the entry of the target's function, as signed 32-bit
 * numbers; all lists are sorted, and no element is there twice.
 */
export interface Coverage {
  reached: number[];
  /** Directions taken: pairs of branch and destination, one after the other. */
  taken: number[];
  /** States of the models that no class of cases tells: which exchange followed which. */
  states: string[];
}

export const NO_COVERAGE: Coverage = { reached: [], taken: [], states: [] };

/** Collects coverage, from steps of traces and from what others collected. */
export class CoverageSet {
  private readonly reached = new Set<number>();
  /** Branch -> destinations. */
  private readonly taken = new Map<number, Set<number>>();
  private readonly states = new Set<string>();

  /** @param entry address of the target's function */
  constructor(private readonly entry: bigint) {}

  addSteps(steps: readonly Step[]): void {
    for (const { instruction, address, after, interrupt, worlds } of steps) {
      if (instruction === undefined || interrupt || worlds) continue;
      const at = this.offset(Number(address & 0xffffffffn));
      this.reached.add(at);
      if (instruction.flow === 'conditional') this.addTaken(at, this.offset(after[2 * STATE.RIP]));
    }
  }

  addState(state: string): void {
    this.states.add(state);
  }

  /** @returns how many elements are new */
  add({ reached, taken, states }: Coverage): number {
    const before = this.size;
    for (const at of reached) this.reached.add(at);
    for (let index = 0; index < taken.length; index += 2) this.addTaken(taken[index], taken[index + 1]);
    for (const state of states) this.states.add(state);
    return this.size - before;
  }

  /** What `other` has and this has not. */
  missing(other: Coverage): Coverage {
    const taken: number[] = [];
    for (let index = 0; index < other.taken.length; index += 2) {
      const [branch, to] = [other.taken[index], other.taken[index + 1]];
      if (this.taken.get(branch)?.has(to) !== true) taken.push(branch, to);
    }
    return {
      reached: other.reached.filter((at) => !this.reached.has(at)),
      taken,
      states: other.states.filter((state) => !this.states.has(state)),
    };
  }

  /** Whether this has all that `other` has. */
  includes(other: Coverage): boolean {
    const { reached, taken, states } = other;
    for (let index = 0; index < taken.length; index += 2)
      if (this.taken.get(taken[index])?.has(taken[index + 1]) !== true) return false;
    return reached.every((at) => this.reached.has(at)) && states.every((state) => this.states.has(state));
  }

  hasState(state: string): boolean {
    return this.states.has(state);
  }

  get size(): number {
    let directions = 0;
    for (const destinations of this.taken.values()) directions += destinations.size;
    return this.reached.size + directions + this.states.size;
  }

  coverage(): Coverage {
    const taken: number[] = [];
    for (const [branch, destinations] of [...this.taken].sort(([a], [b]) => a - b))
      for (const to of [...destinations].sort((a, b) => a - b)) taken.push(branch, to);
    return { reached: [...this.reached].sort((a, b) => a - b), taken, states: [...this.states].sort() };
  }

  private addTaken(branch: number, to: number): void {
    const known = this.taken.get(branch);
    if (known === undefined) this.taken.set(branch, new Set([to]));
    else known.add(to);
  }

  private offset(low: number): number {
    return ((low | 0) - Number(BigInt.asIntN(32, this.entry))) | 0;
  }
}

/** Elements of some coverage. */
export function coverageSize({ reached, taken, states }: Coverage): number {
  return reached.length + taken.length / 2 + states.length;
}

/** The functions that the target's function reaches by direct calls, itself first. @throws ImageError */
export function functionRecords(image: Image, symbol: string): FunctionRecord[] {
  const functions = reachedFunctions(image, symbol);
  return functions.map((code) => functionRecord(code, functions[0].address));
}

/** The functions around offsets that lie in none of those that are known. */
export function otherFunctions(
  image: Image,
  known: readonly FunctionRecord[],
  reached: readonly number[],
): FunctionRecord[] {
  const entry = BigInt(known[0].address);
  const others: FunctionRecord[] = [];
  for (const offset of reached) {
    if ([...known, ...others].some((record) => isWithin(offset, record))) continue;
    const code = functionAround(image, entry + BigInt(offset));
    if (code !== undefined) others.push(functionRecord(code, entry));
  }
  return others;
}

function functionRecord({ symbol, address, size, outline }: CodeOfFunction, entry: bigint): FunctionRecord {
  return {
    symbol,
    address: hex(address),
    start: Number(address - entry),
    size,
    instructions: outline.instructions,
    directions: 2 * outline.conditionalBranches,
  };
}

function isWithin(offset: number, { start, size }: FunctionRecord): boolean {
  return offset >= start && offset < start + size;
}

/** Coverage, function by function. */
export function coverageByFunction(functions: readonly FunctionRecord[], coverage: Coverage): FunctionCoverage[] {
  return functions.map((record) => {
    const { symbol, address, instructions, directions, start } = record;
    const taken: [number, number][] = [];
    for (let index = 0; index < coverage.taken.length; index += 2) {
      const [branch, to] = [coverage.taken[index], coverage.taken[index + 1]];
      if (isWithin(branch, record)) taken.push([branch - start, to - start]);
    }
    const reached = coverage.reached.filter((offset) => isWithin(offset, record)).map((offset) => offset - start);
    return { symbol, address, instructions, directions, reached, taken };
  });
}
