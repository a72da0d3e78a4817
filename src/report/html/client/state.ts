/** The data of the page, and the state of the machine at each step of a trace. */
import type { PageData, PageStep, PageTrace } from '../page-data.js';

export function readData(): PageData {
  return JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData;
}

/** The address of a finding: by its name, which later runs have too; by its number where several have one name. */
export function findingHash({ findings }: PageData, index: number): string {
  const { id } = findings[index];
  const first = findings.findIndex((finding) => finding.id === id);
  return `#/finding/${first === index ? id : index + 1}`;
}

/** What `findingHash` made, or a number from 1. @returns -1 if there is no such finding */
export function findingAt({ findings }: PageData, name: string): number {
  const named = findings.findIndex(({ id }) => id === name);
  if (named >= 0) return named;
  const index = Number(name) - 1;
  return index in findings ? index : -1;
}

/** The machine around one step. */
export interface Moment {
  before: ReadonlyMap<string, string>;
  after: ReadonlyMap<string, string>;
  /** Registers that hold values of the other side before and behind the step, by name. */
  theirsBefore: ReadonlySet<string>;
  theirsAfter: ReadonlySet<string>;
  /** Aligned 8-byte words of memory that hold such values behind the step, in order. */
  memory: readonly string[];
}

/** General registers in hardware order, as the bits of `theirs` have them. */
const REGISTERS = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');

export function momentOf({ initial, steps }: PageTrace, index: number): Moment {
  const state = new Map(initial);
  const memory = new Set<string>();
  let before = new Map(state);
  for (let at = 0; at <= index; at++) {
    const { between = [], changed, theirMemory = [], theirMemoryLeft = [] } = steps[at];
    for (const [name, value] of between) state.set(name, value);
    if (at === index) before = new Map(state);
    for (const [name, value] of changed) state.set(name, value);
    for (const word of theirMemory) memory.add(word);
    for (const word of theirMemoryLeft) memory.delete(word);
  }
  return {
    before,
    after: state,
    theirsBefore: registersIn(steps[index - 1]?.theirs ?? 0),
    theirsAfter: registersIn(steps[index].theirs),
    memory: [...memory].sort((a, b) => a.length - b.length || (a < b ? -1 : 1)),
  };
}

function registersIn(mask: number): Set<string> {
  return new Set(REGISTERS.filter((_, register) => (mask >>> register) & 1));
}

/** What a step did, in one line. */
export function summaryOf({ changed, stores = [], world }: PageStep): string {
  const parts = changed.map(([name, value, word]) => `${name} = ${word ?? value}`);
  for (const { address, value } of stores) parts.push(`[${address}] = ${value}`);
  if (world !== undefined) parts.unshift(world);
  return parts.join(', ');
}
