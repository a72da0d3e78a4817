/** A run, instruction by instruction: what people read, and what findings are blamed on. */
import { joinHalves } from '../halves.js';
import type { StageObserver, StepEvents } from '../stage/observer.js';
import type { DecodedInstruction } from '../x86/decode.js';
import type { Place } from '../stage/program-stage.js';
import { EVENT_WORDS } from '../x86/events.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { Machine } from '../x86/machine.js';

/** State slots that a step may change: general registers, RIP, RFLAGS, MXCSR, x87 control, XMM. */
const STATE_WORDS = 2 * (STATE.XMM + 32);

/** One executed instruction, or a boundary at which an interrupt came. */
export interface Step {
  instruction: DecodedInstruction | undefined;
  address: bigint;
  /** Instructions that the machine had executed before. */
  executed: number;
  /** State before and after, as the machine's slots. */
  before: Int32Array;
  after: Int32Array;
  /** Events of this step, EVENT_WORDS each. */
  events: Int32Array;
  /** Registers that the world wrote, answering a call or in the handler of an exception, one bit each. */
  worldWrote: number;
  /** The wrapped instruction, and how it ended. */
  call: Pick<NonNullable<StepEvents['call']>, 'outcome' | 'by'> | undefined;
  /** Vector of the exception that this instruction raised and a fixup took. */
  raised: number | undefined;
  /** An interrupt or NMI was delivered before this instruction; nothing was executed in this step. */
  interrupt: boolean;
  /** The instruction is no part of the image: a thunk that the world lends. */
  worlds: boolean;
}

/** Memory that the world wrote, and when: instructions that the machine had executed by then. */
export interface WorldStore extends Place {
  readonly executed: number;
}

/** Makes a step of what the machine is before and after it. */
export class Recorder implements StageObserver {
  readonly steps: Step[] = [];
  private snapshot = new Int32Array(STATE_WORDS);
  private firstEvent = 0;
  private executed = 0;

  /** @param inImage whether code of the image lies at an address, given by its halves */
  constructor(private readonly inImage: (low: number, high: number) => boolean) {}

  before(machine: Machine): void {
    this.snapshot = machine.state.slice(0, STATE_WORDS);
    this.firstEvent = machine.eventCount;
    this.executed = machine.instructionCount;
  }

  after(machine: Machine, { call, fixup, interrupt = false }: StepEvents): void {
    const low = this.snapshot[2 * STATE.RIP];
    const high = this.snapshot[2 * STATE.RIP + 1];
    const instruction = machine.instructionAt(low, high);
    // A jump to where no code is adds no step.
    if (instruction === undefined && !interrupt) return;
    this.steps.push({
      instruction,
      address: joinHalves(low, high),
      executed: this.executed,
      before: this.snapshot,
      after: machine.state.slice(0, STATE_WORDS),
      events: machine.events.slice(this.firstEvent * EVENT_WORDS, machine.eventCount * EVENT_WORDS),
      worldWrote: fixup?.wrote ?? call?.wrote ?? 0,
      // The answer is the world's own object, which the next call changes.
      call: call && { outcome: call.outcome, by: call.by },
      raised: fixup?.vector,
      interrupt,
      worlds: !this.inImage(low, high),
    });
  }

  /** The world wrote to registers behind the last step. */
  answered(registers: number): void {
    const last = this.steps.at(-1);
    if (last !== undefined) last.worldWrote |= registers;
  }
}
