/**
 * Runs hostile code through the harness on both engines, and checks after every run what no code under test may break: the run is
 * classified, both engines saw the same, the buffers are bounded, and nothing outside of writable pages has changed.
 */
import { expect } from 'vitest';
import { compileContract, type CompiledContract } from '../contract/compiled.js';
import type { Image } from '../image/image.js';
import { END, END_NAMES, FACT, OBSERVATION_SLOTS, slotValue } from '../observation/layout.js';
import type { Scenario } from '../scenario/layout.js';
import { EVENT_WORDS } from '../x86/events.js';
import { CONTROL, CONTROL_WORDS, PAGE_ENTRY_WORDS, PAGE_SIZE, UNDO_WORDS } from '../x86/layout.js';
import type { Machine } from '../x86/machine.js';
import { PERMISSION } from '../x86/memory.js';
import { engineLayoutFor } from '../x86/wasm/engine-layout.js';
import { Harness, INSTRUCTION_BUDGET } from './harness.js';
import { BARE_CONTRACT } from './made-function.test.helper.js';

/** Words of guard on each side of the observation. */
const GUARD = 64;
const CANARY = 0x5afe_c0de | 0;
/** ENTER with the deepest nesting makes the most events of all instructions: 31 loads, 32 pushes of frame pointers, and itself. */
const MOST_EVENTS = 66;
/** Quadwords that the harness itself writes: return address, stack parameters, block, and the frame of an interrupt handler. */
const SET_UP = 128;
/** A problem is one line for people. */
const LONGEST_PROBLEM = 300;

/** How one run went. */
export interface Hostile {
  /** Name of END. */
  end: string;
  /** Vector, or index of the external. */
  detail: number;
  faultAddress: bigint;
  instructions: number;
  problem: string;
}

export class HostilePair {
  readonly compiled: CompiledContract = compileContract(BARE_CONTRACT, 'hostile');
  private readonly sides: readonly [Side, Side];

  /** The reference engine's side. */
  get interpreted(): Side {
    return this.sides[0];
  }

  constructor(image: Image) {
    const code = { image, symbol: 'f', entry: image.segments[0].address };
    this.sides = [
      new Side(new Harness(code, this.compiled)),
      // Translated from the first run on.
      new Side(new Harness(code, this.compiled, { engine: 'wasm', hotRuns: 0 })),
    ];
  }

  /** Runs a scenario on both engines and checks everything that a run must keep. */
  run(scenario: Scenario, memory: 0 | 1 = 0): Hostile {
    const before = scenario.slice();
    for (const side of this.sides) side.run(scenario, memory);
    const [interpreted, translated] = this.sides;
    expect(translated.problem).toBe(interpreted.problem);
    expectEqualWords(translated.observation, interpreted.observation, 'observation');
    expectEqualWords(translated.events(), interpreted.events(), 'events');
    expectEqualWords(scenario, before, 'scenario');
    return interpreted.outcome();
  }

  /** Resets both machines and checks that all their memory is what it was before the first run. */
  expectRestored(): void {
    for (const side of this.sides) side.expectRestored();
  }

  /** How often translated code was entered. */
  get translatedEntries(): number {
    return this.sides[1].translatedEntries;
  }
}

/** One engine's harness, with guards around whatever lies beside the pages of the code under test. */
export class Side {
  readonly observation: Int32Array;
  private readonly guarded = new Int32Array(2 * OBSERVATION_SLOTS + 2 * GUARD);
  readonly machine: Machine;
  /** All page data of the machine. */
  readonly pages: Uint8Array;
  private readonly pageTable: Uint8Array;
  /** Behind all that the machine and its engine use. */
  private readonly tail: Int32Array;
  private readonly control: Int32Array;
  private readonly undo: Int32Array;
  private readonly initialPages: Uint8Array;
  private readonly initialTable: Uint8Array;
  /** By number of the 4 KiB of page data: whether code may write there. */
  private readonly writable: Uint8Array;

  constructor(readonly harness: Harness) {
    const { machine } = harness;
    const { buffer, layout } = machine;
    this.machine = machine;
    this.guarded.fill(CANARY);
    this.observation = this.guarded.subarray(GUARD, GUARD + 2 * OBSERVATION_SLOTS);
    this.pages = new Uint8Array(buffer, layout.pages, layout.totalBytes - layout.pages);
    this.pageTable = new Uint8Array(buffer, layout.pageTable, 4 * PAGE_ENTRY_WORDS * layout.pageEntries);
    const used = machine.engine === 'wasm' ? engineLayoutFor(layout).totalBytes : layout.totalBytes;
    this.tail = new Int32Array(buffer, used, (buffer.byteLength - used) >> 2).fill(CANARY);
    this.control = new Int32Array(buffer, layout.control, CONTROL_WORDS);
    this.undo = new Int32Array(buffer, layout.undo, UNDO_WORDS * layout.undoEntries);
    machine.reset();
    this.initialPages = this.pages.slice();
    this.initialTable = this.pageTable.slice();
    this.writable = writableFrames(machine);
  }

  get problem(): string {
    return this.harness.problem;
  }

  get translatedEntries(): number {
    return this.machine.translatedEntries;
  }

  /** The events of the last run. */
  events(): Int32Array {
    return this.machine.events.subarray(0, this.machine.eventCount * EVENT_WORDS);
  }

  run(scenario: Scenario, memory: 0 | 1): void {
    this.harness.run(scenario, memory, this.observation);
    this.expectClassified();
    this.expectBounded();
    this.expectWritesInPlace();
  }

  outcome(): Hostile {
    const { observation } = this;
    return {
      end: END_NAMES.find((name) => END[name] === observation[2 * FACT.end]) ?? 'none',
      detail: observation[2 * FACT.endDetail],
      faultAddress: slotValue(observation, FACT.faultAddress),
      instructions: observation[2 * FACT.instructions],
      problem: this.problem,
    };
  }

  /** The run ended in a known way, and has a problem exactly where it has no verdict. */
  expectClassified(): void {
    const { end, problem } = this.outcome();
    if (end === 'none') expect.fail(`the run ended with ${this.observation[2 * FACT.end]}, which is no END`);
    if (end !== 'unknown') {
      expect(problem).toBe('');
      return;
    }
    expect(problem.length).toBeGreaterThan(10);
    expect(problem.length).toBeLessThan(LONGEST_PROBLEM);
    // One line of plain letters, whatever the code's bytes were.
    expect(problem).toMatch(/^[\x20-\x7e]+$/);
  }

  private expectBounded(): void {
    const { machine, control } = this;
    const executed = machine.instructionCount;
    if (executed > INSTRUCTION_BUDGET) expect.fail(`${executed} instructions were executed`);
    // The last one may have faulted behind its first events.
    const most = (executed + 1) * MOST_EVENTS;
    if (machine.eventCount > most) expect.fail(`${machine.eventCount} events of ${executed} instructions`);
    const room = machine.layout.eventCapacity + 2 * INSTRUCTION_BUDGET * MOST_EVENTS;
    if (machine.events.length > room * EVENT_WORDS) expect.fail(`${machine.events.length} words of events`);
    // An access of 8 bytes may touch two quadwords.
    const undone = (2 * most + SET_UP) * UNDO_WORDS;
    if (control[CONTROL.UNDO_COUNT] > undone) expect.fail(`${control[CONTROL.UNDO_COUNT]} words of undo list`);
  }

  /** What the undo list names lies in writable pages; that it names every write, `expectRestored` shows. */
  private expectWritesInPlace(): void {
    const { machine, control, undo, writable, guarded } = this;
    const first = machine.layout.pages >> 2;
    const count = Math.min(control[CONTROL.UNDO_COUNT], undo.length);
    for (let at = 0; at < count; at += UNDO_WORDS) {
      const frame = ((undo[at] - first) << 2) / PAGE_SIZE;
      if (undo[at] < first || writable[Math.floor(frame)] !== 1)
        expect.fail(`a write to word ${undo[at]} of the buffer`);
    }
    for (let i = 0; i < GUARD; i++) {
      if (guarded[i] !== CANARY || guarded[guarded.length - 1 - i] !== CANARY)
        expect.fail('a guard of the observation');
    }
  }

  /** Resets the machine; then every page, the page table and all that lies behind them are as they were. */
  expectRestored(): void {
    this.machine.reset();
    expect(this.control[CONTROL.UNDO_COUNT]).toBe(0);
    expectEqualBytes(this.pageTable, this.initialTable, 'page table');
    expectEqualBytes(this.pages, this.initialPages, 'pages');
    expect(this.tail.every((word) => word === CANARY)).toBe(true);
  }
}

/** By frame: 1 where the page table allows writing. */
function writableFrames({ buffer, layout }: Machine): Uint8Array {
  const writable = new Uint8Array(layout.pageCapacity);
  const table = new Int32Array(buffer, layout.pageTable, PAGE_ENTRY_WORDS * layout.pageEntries);
  for (let at = 0; at < table.length; at += PAGE_ENTRY_WORDS) {
    if (table[at] === 0 || (table[at + 3] & PERMISSION.Write) === 0) continue;
    writable[(table[at + 2] - layout.pages) / PAGE_SIZE] = 1;
  }
  return writable;
}

function expectEqualWords(one: Int32Array, other: Int32Array, what: string): void {
  expectEqualBytes(bytesOf(one), bytesOf(other), what);
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function expectEqualBytes(one: Uint8Array, other: Uint8Array, what: string): void {
  if (Buffer.compare(one, other) === 0) return;
  const at = one.findIndex((byte, index) => byte !== other[index]);
  expect.fail(`${what} differ at byte ${at}: ${one[at]} and ${other[at]}, of ${one.length} and ${other.length} bytes`);
}
