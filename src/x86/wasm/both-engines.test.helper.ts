import { expect } from 'vitest';
import { EXIT } from '../exit.js';
import { CONTROL, CONTROL_WORDS, EVENT_WORDS, PAGE_ENTRY_WORDS, UNDO_WORDS } from '../layout.js';
import { Machine, type MachineOptions } from '../machine.js';
import { CODE, DATA, hex, high, low, RETURN, STACK, STACK_SIZE } from '../testing/run-code.js';

/** Everything of a machine that a caller can see, and what the next run depends on: views, valid until the next run. */
function visible(machine: Machine): Record<string, Int32Array> {
  const { buffer, layout } = machine;
  const numbers = [
    machine.addressHashLow,
    machine.addressHashHigh,
    machine.pathHashLow,
    machine.pathHashHigh,
    machine.exitDetail,
    machine.faultErrorCode,
    machine.faultAddressLow,
    machine.faultAddressHigh,
    machine.shadow,
    machine.instructionCount,
    machine.eventCount,
  ];
  const control = new Int32Array(buffer, layout.control, CONTROL_WORDS);
  return {
    'hashes, counters, exit and fault': Int32Array.from(numbers),
    state: machine.state,
    'control words': control,
    events: machine.events.subarray(0, machine.eventCount * EVENT_WORDS),
    'undo list': new Int32Array(
      buffer,
      layout.undo,
      Math.min(control[CONTROL.UNDO_COUNT], layout.undoEntries * UNDO_WORDS),
    ),
    'page table': new Int32Array(buffer, layout.pageTable, layout.pageEntries * PAGE_ENTRY_WORDS),
    pages: new Int32Array(buffer, layout.pages, (layout.totalBytes - layout.pages) / 4),
  };
}

/** Fails with the first thing in which the machines differ. */
export function expectSame(interpreted: Machine, translated: Machine, what: string): void {
  const ours = visible(translated);
  for (const [name, expected] of Object.entries(visible(interpreted))) {
    if (bytesOf(expected).equals(bytesOf(ours[name]))) continue;
    const at = expected.findIndex((word, i) => word !== ours[name][i]);
    const difference = `word ${at} is ${ours[name][at]}, not ${expected[at]}; ${ours[name].length} words, not ${expected.length}`;
    expect.fail(`${what}: ${name}: ${difference}`);
  }
}

function bytesOf(words: Int32Array): Buffer {
  return Buffer.from(words.buffer as ArrayBuffer, words.byteOffset, words.byteLength);
}

/** Two machines that are treated alike: one with each engine; translation begins at the first run. */
export class BothEngines {
  readonly interpreted: Machine;
  readonly translated: Machine;

  constructor(options: MachineOptions = { memoryBytes: 1 << 16 }) {
    this.interpreted = new Machine({ ...options, engine: 'interpreter' });
    this.translated = new Machine({ hotRuns: 0, ...options, engine: 'wasm' });
  }

  /** Does the same to both. */
  both(action: (machine: Machine) => void): this {
    action(this.interpreted);
    action(this.translated);
    return this;
  }

  /** Runs both and compares all that can be seen. @returns why both stopped */
  run(budget: number, what = 'run'): number {
    const expected = this.interpreted.run(budget);
    expect(this.translated.run(budget), `${what}: exit`).toBe(expected);
    expectSame(this.interpreted, this.translated, what);
    return expected;
  }
}

/** Both machines with code at CODE, a stack and one page of data, as `machineWith` of testing/run-code.ts makes one. */
export function bothWith(code: string | Uint8Array, options?: MachineOptions): BothEngines {
  const bytes = typeof code === 'string' ? hex(code) : code;
  return new BothEngines(options).both((machine) => {
    machine.map(CODE, bytes.length, { read: true, write: false, execute: true }, bytes);
    machine.map(STACK, STACK_SIZE, { read: true, write: true, execute: false });
    machine.map(DATA, 4096, { read: true, write: true, execute: false });
    machine.addExternal(RETURN);
    machine.checkpoint();
  });
}

/** Runs to the end, in pieces of these budgets; the world answers with numbers of its own. */
export function runAll(machines: BothEngines, budgets: readonly number[], limit: number, what: string): number[] {
  const exits: number[] = [];
  for (let i = 0; ; i++) {
    const left = limit - machines.interpreted.instructionCount;
    const exit = machines.run(Math.min(left, budgets[i % budgets.length]), `${what}, run ${i}`);
    exits.push(exit);
    if (exit === EXIT.Environment) {
      machines.both((machine) => {
        machine.state[0] = i;
        machine.completeEnvironment();
      });
    } else if (exit === EXIT.Interrupt) machines.both((machine) => machine.poke64(low(DATA) + 64, high(DATA), i, -i));
    else if (exit !== EXIT.Budget || machines.interpreted.instructionCount >= limit) return exits;
  }
}
