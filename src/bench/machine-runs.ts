/**
 * This project's machine as a contender: set up, run and reset like a case, with events recorded, the budget and every memory access
 * checked, and TDCALL answered by TypeScript.
 */
import { ENVIRONMENT } from '../x86/environment.js';
import { EXIT } from '../x86/exit.js';
import { SLOT } from '../x86/layout.js';
import { type EngineName, INTERRUPT, Machine } from '../x86/machine.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { type Contender, repeatFor } from './contender.js';
import * as at from './records.js';
import type { Workload } from './workloads.js';

const RAX = 2 * REGISTER_INDEX.rax;
const RCX = 2 * REGISTER_INDEX.rcx;
const RSP = 2 * REGISTER_INDEX.rsp;
const RIP = 2 * SLOT.RIP;
const RFLAGS = 2 * SLOT.RFLAGS;
const REGISTER_WORDS = 32;
/** RFLAGS bit 1 always reads 1. */
const FLAGS = 2;
/** RAX, RCX, RSP and all that is no general register: the bench has no such mask. */
const ILLEGAL_MASK = ~0xffec;
/** Runs between two looks at the clock, as in native/bench.h. */
const BATCH = 16;
const WRITABLE = { read: true, write: true, execute: false };

/** Which engine, and which of its two translations. */
export interface MachineKind {
  engine: EngineName;
  /** An interrupt is planned that never comes: the translation that looks for one at every boundary runs. */
  exact: boolean;
}

export class MachineRuns {
  private readonly machine: Machine;
  private readonly records: Int32Array;
  private readonly budget: number;
  private readonly interrupt: number;
  /** 32-bit words of the argument block in use. */
  private readonly block: number;
  private readonly count: number;
  /** Offset of the present record. */
  private record = 0;

  constructor({ code, records, blockWords, budget, eventCapacity }: Workload, { engine, exact }: MachineKind) {
    // Translated from the first run on: what agrees and what is timed is the translation.
    const machine = new Machine({ engine, eventCapacity, hotRuns: 0 });
    machine.map(BigInt(at.CODE_ADDRESS), at.CODE_BYTES, { read: true, write: false, execute: true }, code);
    machine.map(BigInt(at.STACK_ADDRESS), at.STACK_BYTES, WRITABLE);
    machine.map(BigInt(at.BLOCK_ADDRESS), at.BLOCK_BYTES, WRITABLE);
    machine.addExternal(BigInt(at.RETURN_ADDRESS));
    machine.checkpoint();
    this.machine = machine;
    this.records = records;
    this.budget = budget;
    this.block = 2 * blockWords;
    this.interrupt = exact ? INTERRUPT.Nmi : INTERRUPT.None;
    this.count = records.length / at.RECORD_WORDS;
  }

  /** @throws Error if the run does not end at the return address */
  run(index: number): void {
    const { machine, records, budget } = this;
    const { state } = machine;
    const record = index * at.RECORD_WORDS;
    this.record = record;
    machine.reset();
    for (let word = 0; word < REGISTER_WORDS; word++) state[word] = records[record + word];
    for (let word = 0; word < this.block; word += 2) {
      const value = record + at.RECORD.block + word;
      machine.poke64((at.BLOCK_ADDRESS + 4 * word) | 0, 0, records[value], records[value + 1]);
    }
    machine.poke64(state[RSP], 0, at.RETURN_ADDRESS, 0);
    state[RIP] = at.CODE_ADDRESS;
    state[RFLAGS] = FLAGS;
    if (this.interrupt !== INTERRUPT.None) machine.planInterrupt(this.interrupt, 0x7fffffff);
    let exit = machine.run(budget);
    while (exit === EXIT.Environment && machine.exitDetail === ENVIRONMENT.Tdcall) {
      this.answer();
      machine.completeEnvironment();
      exit = machine.run(budget - machine.instructionCount);
    }
    if (exit !== EXIT.External)
      throw new Error(`bench: the machine ended with exit ${exit}, not at the return address`);
  }

  /** The exposed registers come back as the host wants them, and RAX is 0: native/bench.h has the same rule. */
  private answer(): void {
    const { records } = this;
    const { state } = this.machine;
    const mask = state[RCX];
    if ((state[RAX] | state[RAX + 1] | state[RCX + 1] | (mask & ILLEGAL_MASK)) !== 0)
      throw new Error('bench: a TDCALL that the bench does not know');
    const answers = this.record + at.RECORD.answers;
    for (let register = 0; register < 16; register++) {
      if (((mask >>> register) & 1) === 0) continue;
      state[2 * register] = records[answers + 2 * register];
      state[2 * register + 1] = records[answers + 2 * register + 1];
    }
    state[RAX] = 0;
    state[RAX + 1] = 0;
  }

  /** Runs every record once. @returns the results, RESULT_WORDS each */
  results(): Int32Array {
    const { machine, count } = this;
    const results = new Int32Array(count * at.RESULT_WORDS);
    for (let index = 0; index < count; index++) {
      this.run(index);
      const result = index * at.RESULT_WORDS;
      results.set(machine.state.subarray(0, REGISTER_WORDS), result);
      const block = machine.peekBytes(BigInt(at.BLOCK_ADDRESS), 8 * at.BLOCK_WORDS);
      if (block === undefined) throw new Error('bench: the block is gone');
      results.set(new Int32Array(block.buffer, block.byteOffset, 2 * at.BLOCK_WORDS), result + REGISTER_WORDS);
    }
    return results;
  }

  /** Instructions and events of a run, on average over all records. */
  effort(): { instructions: number; events: number } {
    let instructions = 0;
    let events = 0;
    for (let index = 0; index < this.count; index++) {
      this.run(index);
      instructions += this.machine.instructionCount;
      events += this.machine.eventCount;
    }
    return { instructions: instructions / this.count, events: events / this.count };
  }

  /** Times entered translated code: a row named after a translation must have run in it. */
  get translatedEntries(): number {
    return this.machine.translatedEntries;
  }

  contender(name: string): Contender {
    let next = 0;
    const batch = (): number => {
      for (let i = 0; i < BATCH; i++) {
        this.run(next);
        if (++next === this.count) next = 0;
      }
      return BATCH;
    };
    return { name, measure: (milliseconds) => repeatFor(milliseconds, batch) };
  }
}
