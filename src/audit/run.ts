/** One run of a function under audit: entered as its convention says, every exchange answered as a draw says, everything recorded. */
import type { WrappedName } from '../stage/wrapped-instructions.js';
import { GPR } from '../../models/abi/registers.js';
import { joinHalves, readHalves, writeHalves } from '../halves.js';
import { CALLER_FLAGS, FIXED_FLAGS } from '../scenario/layout.js';
import { PAGE, poisonBytes, REGIONS, type Regions } from '../stage/layout.js';
import { XMM_GRAFFITI } from '../stage/entry-state.js';
import { STOP } from '../stage/stage.js';
import { isBehindSti } from '../world/sti.js';
import { ModuleCalls } from '../world/module-calls.js';
import { seamFlags, seamReturn } from '../world/seam-return.js';
import { firstOnStack } from '../x86/conventions.js';
import { ENVIRONMENT, environmentName } from '../x86/environment.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { VECTOR } from '../x86/exit.js';
import { FLAG } from '../x86/flags.js';
import { SLOT as STATE } from '../x86/layout.js';
import { hostAnswer, leafAnswer, nth, valueOf } from './answers.js';
import { GIVEN_BY, mix, placeAddress } from './argument-space.js';
import type { AuditStage } from './audit-stage.js';
import type { Calling } from './calling.js';
import { type Answers, type Draw, STACK_WORDS } from './draw.js';
import type { Variation } from './variation.js';

/** Instructions that one run may execute. */
export const RUN_BUDGET = 20_000;
/** Calls after which a run is ended: only the host, or the caller's memory, keeps it going. */
export const MOST_CALLS = 24;
const RSP = 2 * GPR.RSP;
const REGISTER_WORDS = 32;
const XMM_WORDS = 64;
/** What the caller has on its stack above what the function may take for parameters. */
const CALLER_BYTES = 512;
/** Flags that the caller arrives with, IF apart: any that it may. */
const ENTRY_FLAGS = (CALLER_FLAGS & ~FLAG.IF) | FIXED_FLAGS;

/** A TDCALL or SEAMCALL, as it was made. */
export interface Call {
  readonly address: bigint;
  readonly instruction: WrappedName;
  /** Register file, two halves each. */
  readonly registers: Int32Array;
  readonly vectors: Int32Array;
  readonly flags: number;
  /** TDG.VP.VMCALL. */
  readonly isVmcall: boolean;
  /** Instructions and events before it. */
  readonly count: number;
  readonly events: number;
  /** The way to it. */
  readonly path: string;
  /** Whether STI came directly before. */
  readonly behindSti: boolean;
  /** Registers that the answer could write, one bit each. */
  readonly answered: number;
  readonly status: bigint;
}

export interface Run {
  readonly draw: Draw;
  /** One of STOP. */
  readonly end: number;
  /** Vector of a fault, or what else goes with the end. */
  readonly detail: number;
  /** Linear address of a fault of a memory access, else 0. */
  readonly faultAddress: bigint;
  readonly problem: string;
  readonly calls: readonly Call[];
  /** At the end: register file, RIP and RFLAGS. */
  readonly final: Int32Array;
  readonly vectors: Int32Array;
  readonly entryVectors: Int32Array;
  readonly entry: Int32Array;
  readonly events: Int32Array;
  readonly path: string;
  readonly count: number;
  /** RSP at the entry. */
  readonly stackPointer: bigint;
  readonly regions: Regions;
  /** Whether the return address was still where the caller put it. */
  readonly returnAddressKept: boolean;
  readonly callerStackKept: boolean;
  /** Addresses of the executed instructions, of a traced run. */
  readonly steps?: readonly bigint[];
}

export class AuditRunner {
  private readonly modules = new ModuleCalls();
  private readonly fixups: ReadonlySet<bigint>;
  /** Instructions that a run may execute. */
  budget = RUN_BUDGET;
  /** Instructions executed by all runs. */
  executed = 0;
  /** By address of a TDCALL whose mask is the caller's to choose: registers that the host may answer, one bit each. */
  limits: ReadonlyMap<bigint, number> = new Map();

  constructor(
    readonly stage: AuditStage,
    /** Of the function that is run next. */
    public calling: Calling,
  ) {
    this.fixups = new Set(stage.image.fixups.map(({ from }) => from));
  }

  run(entry: bigint, draw: Draw, variation: Variation = {}, traced = false): Run {
    const { stage } = this;
    const { machine } = stage;
    stage.reset(draw.words.map(({ address }) => address));
    const steps: bigint[] = [];
    if (traced) stage.observer = stepObserver(steps);
    try {
      const place = this.enter(entry, draw, variation);
      const calls: Call[] = [];
      const end = this.proceed(draw, variation, calls);
      const { state } = machine;
      this.executed += machine.instructionCount;
      return {
        draw,
        end,
        detail: stage.detail,
        faultAddress: end === STOP.faulted ? joinHalves(machine.faultAddressLow, machine.faultAddressHigh) : 0n,
        problem: stage.problem,
        calls,
        final: state.slice(0, REGISTER_WORDS + 4),
        vectors: state.slice(2 * STATE.XMM, 2 * STATE.XMM + XMM_WORDS),
        entryVectors: XMM_GRAFFITI[variation.registers === true ? 1 : 0],
        entry: place.entry,
        events: machine.events.slice(0, machine.eventCount * EVENT_WORDS),
        path: `${machine.pathHashLow} ${machine.pathHashHigh} ${machine.instructionCount}`,
        count: machine.instructionCount,
        stackPointer: place.stackPointer,
        regions: place.regions,
        returnAddressKept: this.holds(place.stackPointer, place.regions.returnAddress),
        callerStackKept: sameBytes(machine.peekBytes(place.above, place.caller.length), place.caller),
        ...(traced && { steps }),
      };
    } finally {
      stage.observer = undefined;
    }
  }

  private holds(address: bigint, value: bigint): boolean {
    const { machine } = this.stage;
    return (
      machine.peek64(Number(BigInt.asIntN(32, address)), Number(BigInt.asIntN(32, address >> 32n))) &&
      joinHalves(machine.peekLow, machine.peekHigh) === value
    );
  }

  private enter(
    entry: bigint,
    draw: Draw,
    variation: Variation,
  ): { entry: Int32Array; stackPointer: bigint; regions: Regions; above: bigint; caller: Uint8Array } {
    const { stage, calling } = this;
    const { machine } = stage;
    const { state } = machine;
    const regions = REGIONS[variation.stack === true ? 1 : 0];
    // RSP + 8 is a multiple of 16 at every entry, in both conventions.
    const stackPointer = (regions.stackEntry & ~0xfn) - 8n;
    stage.enterState(variation.registers === true ? 1 : 0);
    for (let register = 0; register < REGISTER_WORDS / 2; register++)
      writeHalves(state, 2 * register, nobodysValue(draw, register, variation.registers === true));
    calling.parameters.forEach((register, index) => writeHalves(state, 2 * register, draw.parameters[index]));
    writeHalves(state, RSP, stackPointer);
    writeHalves(state, 2 * STATE.RIP, entry);
    state[2 * STATE.RFLAGS] =
      (draw.answers.key & ENTRY_FLAGS & ~FLAG.AC & ~FLAG.NT) | FIXED_FLAGS | (draw.interrupts ? FLAG.IF : 0);
    const poke = (address: bigint, value: bigint): void => {
      const words = new Int32Array(2);
      writeHalves(words, 0, value);
      machine.pokeBytes(address, new Uint8Array(words.buffer));
    };
    poke(stackPointer, regions.returnAddress);
    const parameters = stackPointer + BigInt(firstOnStack(calling.name));
    draw.stack.forEach((value, index) => poke(parameters + BigInt(8 * index), value));
    for (const { address, value } of draw.words)
      if (machine.offsetOf(address) >= 0 && machine.offsetOf(address + 7n) >= 0) poke(address, value);
    const above = parameters + BigInt(8 * STACK_WORDS);
    const caller = machine.peekBytes(above, CALLER_BYTES) ?? poisonBytes(PAGE, 0);
    return { entry: state.slice(0, REGISTER_WORDS + 4), stackPointer, regions, above, caller };
  }

  private proceed(draw: Draw, variation: Variation, calls: Call[]): number {
    const { stage } = this;
    for (;;) {
      const stop = stage.run(this.budget);
      if (stop === STOP.external) {
        const lent = stage.lends(this.calling.name);
        if (lent === 'stops') return STOP.stopped;
        if (lent === undefined) {
          stage.refuseExternal();
          return STOP.unknown;
        }
        writeHalves(stage.machine.state, 2 * STATE.RIP, lent);
        continue;
      }
      if (stop !== STOP.environment) return stop;
      if (stage.detail === ENVIRONMENT.Tdcall) this.tdcall(draw.answers, variation, calls);
      else if (stage.detail === ENVIRONMENT.Seamcall) {
        const fault = this.seamcall(draw.answers, calls);
        if (fault !== undefined) {
          if (stage.takeFault(fault) === undefined) return STOP.faulted;
          continue;
        }
      } else if (!this.processor(stage.detail)) {
        stage.problem = `${environmentName(stage.detail)} at ${stage.here()} is not modelled here`;
        return STOP.unknown;
      }
      stage.machine.completeEnvironment();
      if (calls.length >= MOST_CALLS) return STOP.budget;
    }
  }

  private record(calls: Call[], more: Pick<Call, 'instruction' | 'isVmcall' | 'answered' | 'status'>): void {
    const { machine } = this.stage;
    const { state } = machine;
    calls.push({
      address: readHalves(state, 2 * STATE.RIP),
      registers: state.slice(0, REGISTER_WORDS),
      vectors: state.slice(2 * STATE.XMM, 2 * STATE.XMM + XMM_WORDS),
      flags: state[2 * STATE.RFLAGS],
      count: machine.instructionCount,
      events: machine.eventCount,
      path: `${machine.pathHashLow} ${machine.pathHashHigh} ${machine.instructionCount}`,
      behindSti: isBehindSti(machine),
      ...more,
    });
  }

  private tdcall(answers: Answers, variation: Variation, calls: Call[]): void {
    const { modules } = this;
    const { machine } = this.stage;
    const { state } = machine;
    const mask = state[2 * GPR.RCX];
    // A mask with RBP is one for a TD without NO_RBP_MOD: how it is judged is another matter.
    modules.rbpMod = (mask & (1 << GPR.RBP)) !== 0;
    const isVmcall = modules.tdcall(machine).moment === 'TDVMCALL';
    const number = calls.length;
    const other = variation.status?.call === number ? variation.status.value : undefined;
    const status = other ?? nth(answers.statuses, number) ?? 0n;
    const allowed = this.limits.get(readHalves(state, 2 * STATE.RIP)) ?? -1;
    const answer = isVmcall
      ? hostAnswer(answers, variation, number, status, allowed)
      : leafAnswer(answers, number, status);
    const answered = isVmcall ? mask & 0xffff & ~(1 << GPR.RAX) : 0;
    this.record(calls, { instruction: 'TDCALL', isVmcall, answered, status });
    modules.answerTdcall(machine, answer);
    if (isVmcall && status === 0n && mask >>> 16 !== 0 && state[2 * GPR.RAX] === 0)
      this.answerVectors(mask >>> 16, variation);
  }

  private answerVectors(mask: number, variation: Variation): void {
    const { state } = this.stage.machine;
    for (let register = 0; register < 16; register++)
      if (((mask >>> register) & 1) !== 0)
        for (let word = 0; word < 4; word++)
          state[2 * STATE.XMM + 4 * register + word] =
            variation.host === undefined ? 0x40057000 | word : 0x3a11ed00 | word;
  }

  /** @returns the vector of the exception that it raises instead */
  private seamcall(answers: Answers, calls: Call[]): number | undefined {
    const { machine } = this.stage;
    const { state } = machine;
    const number = calls.length;
    const status = nth(answers.statuses, number) ?? 0n;
    this.record(calls, { instruction: 'SEAMCALL', isVmcall: false, answered: 0, status });
    const raises = this.fixups.has(readHalves(state, 2 * STATE.RIP));
    if (answers.seamcall === '#GP' && raises) return VECTOR.GP;
    if (answers.seamcall === '#UD' && raises) return VECTOR.UD;
    const failed = answers.seamcall === 'VMfailInvalid';
    if (!failed) {
      const host = state.slice(0, REGISTER_WORDS);
      const chosen = new Int32Array(REGISTER_WORDS);
      for (let register = 0; register < REGISTER_WORDS / 2; register++)
        writeHalves(chosen, 2 * register, valueOf(answers, number, register, false) ?? readHalves(host, 2 * register));
      const halves = new Int32Array(2);
      writeHalves(halves, 0, status);
      seamReturn(host, halves[0], halves[1], chosen, false);
      host[RSP] = state[RSP];
      host[RSP + 1] = state[RSP + 1];
      state.set(host);
    }
    state[2 * STATE.RFLAGS] = seamFlags(state[2 * STATE.RFLAGS], failed);
    return undefined;
  }

  /** What the processor, or whoever emulates it, does by itself. @returns false for what is not modelled */
  private processor(environment: number): boolean {
    const { state } = this.stage.machine;
    const give = (register: number, value: number): void => {
      state[2 * register] = value;
      state[2 * register + 1] = 0;
    };
    switch (environment) {
      case ENVIRONMENT.Cpuid:
        for (const register of [GPR.RAX, GPR.RBX, GPR.RCX, GPR.RDX]) give(register, 0);
        return true;
      case ENVIRONMENT.Rdmsr:
      case ENVIRONMENT.Rdtsc:
        give(GPR.RAX, 0);
        give(GPR.RDX, 0);
        return true;
      case ENVIRONMENT.Hlt:
      case ENVIRONMENT.Wrmsr:
      case ENVIRONMENT.Out:
      case ENVIRONMENT.Wbinvd:
        return true;
      default:
        return false;
    }
  }
}

/** What a register holds that nobody gave: mostly a pointer, since code with a convention of its own may follow it. */
function nobodysValue({ number, answers }: Draw, register: number, other: boolean): bigint {
  if (number % 3 !== 2)
    return placeAddress(other ? GIVEN_BY.nobodyOther : GIVEN_BY.nobody, 8 * (register % 8), 0x77 * (register + 1));
  const value = joinHalves(mix(answers.key, 0x100 + register), mix(answers.key, 0x200 + register));
  return other ? BigInt.asUintN(64, ~value) : value;
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Notes the address of every instruction that is reached. */
function stepObserver(steps: bigint[]): NonNullable<AuditStage['observer']> {
  let last = -1;
  return {
    before: ({ state, instructionCount }) => {
      const address = readHalves(state, 2 * STATE.RIP);
      // An access to memory that had to appear is made again.
      if (instructionCount === last && steps.at(-1) === address) return;
      last = instructionCount;
      steps.push(address);
    },
    after: () => undefined,
  };
}

/** Whether an event is a store that is none to the stack. */
export function isOutsideStore({ events, regions }: Run, at: number): boolean {
  const kind = events[at + EVENT_WORD.KIND];
  if (kind !== EVENT.Store) return false;
  const { stack } = regions;
  const address = readHalves(events, at + EVENT_WORD.ADDRESS_LOW);
  return address < stack.address || address >= stack.address + BigInt(stack.size);
}
