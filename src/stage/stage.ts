/**
 * Where code runs: a machine with the image, the caller's memory and per-CPU data in it, and what happens to the code that
 * it does not do itself, but for the answers of the world: fixups, functions that never return, symbols that nothing
 * models, interrupts. One for stubs (src/harness) and programs (program-stage.ts).
 */
import { highAbove, joinHalves, readHalves } from '../halves.js';
import { type Image, indirectOf } from '../image/image.js';
import { EXTERNAL_SLOT } from '../image/externals.js';
import { gsBaseOf, PERCPU_BASE } from '../image/per-cpu.js';
import { segmentAt } from '../image/segments.js';
import { symbolicName } from './functions.js';
import { END } from '../observation/layout.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { ENVIRONMENT } from '../x86/environment.js';
import { EXIT, PAGE_FAULT, VECTOR } from '../x86/exit.js';
import { FLAG } from '../x86/flags.js';
import { SLOT as STATE } from '../x86/layout.js';
import { Machine, type MachineOptions } from '../x86/machine.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { BadReads } from './bad-reads.js';
import { enterState } from './entry-state.js';
import { DeadLoop } from './dead-loop.js';
import { Fixups, goToFixup } from './fixups.js';
import { HANDLER_FRAME, PAGE, poisonBytes, type Region, REGIONS, type Regions } from './layout.js';
import { mapImage } from './map-image.js';
import { mapThunks } from './map-thunks.js';
import { settingFor } from '../world/surroundings.js';
import { missingSymbols } from './missing.js';
import { NOTHING, type StageObserver } from './observer.js';
import { neverReturning, replaced, unreadable } from './outside.js';
import { checkRoom, memoryFor } from './room.js';

/** Why the stage stopped: how the run ended, or what the world must answer before it goes on. */
export const STOP = {
  ...END,
  /** TDCALL, SEAMCALL: `detail` is the ENVIRONMENT number. */
  environment: 0,
  /** A symbol from outside the image, `symbol`. */
  external: -1,
} as const;

/** What reaching an address outside of the code means. */
export interface ExternalEnd {
  name: string;
  /** END.returned or END.stopped; END.unknown of what only a program's world may know. */
  end: number;
}

/** Which engine executes; the reference interpreter if not given. */
export type EngineOptions = Pick<MachineOptions, 'engine' | 'hotRuns' | 'spareBytes'>;

export interface StageOptions {
  /** What the caller's memory is beside the stack: argument blocks, or the structures of a program. */
  memory: 'block' | 'structures';
  /** Entry of the function under test, which runs whatever its name says. */
  entry?: bigint;
  engine?: EngineOptions;
  /** Bytes that whoever runs it maps later; 0 if not given. */
  laterBytes?: number;
}

const READ_WRITE = { read: true, write: true, execute: false };
const RSP = REGISTER_INDEX.rsp;
/** Symbols that one line has room for, and characters of each. */
const MOST_NAMED = 48;
const LONGEST_NAME = 60;

export class Stage {
  readonly machine: Machine;
  /** Meaning of each external index, in the order in which the machine knows them. */
  readonly ends: readonly ExternalEnd[];
  /** Pages that the image wants writable and executable: see `mapImage`. */
  readonly readOnlyCode: ReadonlySet<number>;
  /** GS base of every run; FS base is PERCPU_BASE. */
  readonly gsBase: bigint;
  /** Why there is no verdict, or empty. */
  problem = '';
  /** Where the function under test begins, once a run has entered it: for messages. */
  entered: bigint | undefined;
  /** Set while a run is traced. */
  observer: StageObserver | undefined;
  /** Of the last stop: number of the environment call, index of the external, or vector. */
  detail = 0;
  /** Name of the external at which the last run ended because nothing models it, or empty: see `trackCaller`. */
  unmodelled = '';
  /**
   * Whether the way to an unmodelled external is followed, which needs a stop at every instruction: else all that is left of
   * it is the external's own address.
   */
  trackCaller = false;
  /** Whether a loop in which nothing happens any more is a stop, and not an endless loop. */
  loopStops = false;
  /** Interrupts and NMIs that were delivered since `begin`. */
  interrupts = 0;
  /** Which kinds of them, one bit each: 1 << FAULT. */
  delivered = 0;
  /** Low half of RIP where the last one was delivered, 0 if none was. */
  interruptedAt = 0;
  /** Whether code may write to pages that the image maps writable and executable, as the contract of the run says. */
  writableCode = false;
  private readonly fixups: Fixups;
  /** Of an image that has bytes which nobody knows. */
  private readonly badReads: BadReads | undefined;
  private readonly deadLoop = new DeadLoop();
  private planned = 0;
  private handlerLow = 0;
  private handlerHigh = 0;
  private cameFrom = 0n;

  /** @throws ImageError if the image cannot lie in memory beside the caller's side */
  constructor(
    readonly image: Image,
    { memory, entry, engine, laterBytes = 0 }: StageOptions,
  ) {
    checkRoom(image);
    this.machine = new Machine({ memoryBytes: memoryFor(image) + laterBytes, ...engine });
    this.fixups = new Fixups(image);
    this.gsBase = gsBaseOf(image);
    this.readOnlyCode = mapImage(
      this.machine,
      image,
      replaced(image, entry).flatMap(({ address, model }) =>
        model.kind === 'code' ? [{ address, bytes: model.bytes }] : [],
      ),
    );
    for (const regions of REGIONS) this.mapCaller(regions, memory);
    if (segmentAt(image.segments, PERCPU_BASE) === undefined)
      this.machine.map(PERCPU_BASE, PAGE, READ_WRITE, poisonBytes(PAGE, REGIONS[0].poison('stack')));
    this.ends = this.declareEnds(entry);
    const places = [...(image.badPlaces ?? []), ...unreadable(image)];
    if (places.length > 0) {
      const reads = new BadReads(places.sort((a, b) => (a.address < b.address ? -1 : 1)));
      this.badReads = reads;
      this.machine.refuseCode((address, size) => reads.refusal(address, size));
    }
    this.machine.checkpoint();
  }

  private mapCaller(regions: Regions, memory: string): void {
    const { stack, structures, moreBlocks, poison } = regions;
    const map = ({ address, size }: Region, kind: 'stack' | 'block', write = true): void =>
      this.machine.map(address, size, { ...READ_WRITE, write }, poisonBytes(size, poison(kind)));
    map(stack, 'stack');
    if (memory === 'structures') return map(structures, 'block');
    map(regions.stackAcrossCarry, 'stack');
    for (const { block, acrossCarry, readOnly } of [regions, ...moreBlocks]) {
      map(block, 'block');
      map(acrossCarry, 'block');
      map(readOnly, 'block', false);
    }
  }

  private declareEnds(entry: bigint | undefined): ExternalEnd[] {
    const { machine, image } = this;
    const ends: ExternalEnd[] = [];
    const stopAt = (address: bigint, name: string, end: number): void => {
      ends[machine.addExternal(address)] = { name, end };
    };
    for (const { returnAddress } of REGIONS) stopAt(returnAddress, 'return', END.returned);
    for (const { name, address, kind } of mapThunks(machine, image))
      stopAt(address, name, kind === 'noreturn' ? END.stopped : END.unknown);
    for (const { name, address } of neverReturning(image, entry)) stopAt(address, name, END.stopped);
    return ends;
  }

  /** Memory as at the start, registers zero, no interrupt planned. */
  reset(): void {
    this.machine.reset();
    this.problem = '';
    this.unmodelled = '';
    this.badReads?.reset();
    this.interrupts = 0;
    this.delivered = 0;
    this.interruptedAt = 0;
  }

  /** Puts in place what a caller leaves beside the general registers, RIP and RFLAGS. */
  enterState(memory: 0 | 1): void {
    enterState(this.machine.state, memory, this.gsBase);
  }

  /**
   * Plans one interrupt or NMI; it replaces an earlier plan.
   *
   * @param kind FAULT; anything unknown is none
   * @param at instructions executed since the reset from which on it is pending
   * @param low what the handler leaves below RSP
   */
  planInterrupt(kind: number, at: number, low: number, high: number): void {
    this.handlerLow = low;
    this.handlerHigh = high;
    this.planned = kind === 1 || kind === 2 ? kind : 0;
    this.machine.planInterrupt(this.planned, at);
  }

  /**
   * Runs on to the next stop. HLT waits for an interrupt that comes at once; with interrupts off it is a stop.
   *
   * @param deadline instructions since the reset
   * @returns one of STOP; END.unknown with `problem` set, and `unmodelled` if a symbol is the reason
   */
  run(deadline: number): number {
    const stop = this.runOn(deadline);
    const read = stop === STOP.unknown ? undefined : this.badReads?.find(this.machine);
    if (read === undefined) return stop;
    const { address, reason } = read.place;
    const external = this.externalAt(address);
    const toAdd = external === undefined ? '' : this.whatToAdd(external, true, this.entered);
    this.problem = `${this.place(read.rip)} reads ${this.place(address)}: ${reason}${toAdd}`;
    return STOP.unknown;
  }

  private runOn(deadline: number): number {
    const { machine, observer } = this;
    const deadLoop = this.loopStops ? this.deadLoop : undefined;
    deadLoop?.begin(deadline);
    const single = observer !== undefined || this.trackCaller;
    for (;;) {
      const executed = machine.instructionCount;
      const left = Math.max(0, deadline - executed);
      if (single) this.beforeStep();
      let exit = machine.run(Math.min(left, single ? 1 : (deadLoop?.step(machine) ?? left)));
      if (this.writableCode && exit === EXIT.Fault && machine.exitDetail === VECTOR.PF && this.writesCode())
        exit = machine.runWritingCode();
      switch (exit) {
        case EXIT.External:
          return this.stop(this.ends[machine.exitDetail].end === END.unknown ? STOP.external : this.end);
        case EXIT.Environment:
          if (machine.exitDetail === ENVIRONMENT.Hlt) {
            // Only an NMI would wake it.
            if ((machine.state[2 * STATE.RFLAGS] & FLAG.IF) === 0) return this.stop(STOP.stopped);
            machine.completeEnvironment();
            observer?.after(machine, NOTHING);
            break;
          }
          this.detail = machine.exitDetail;
          return STOP.environment;
        case EXIT.Interrupt:
          // It comes at the boundary behind the instruction of this step, and is a step of its own.
          if (observer !== undefined && machine.instructionCount !== executed) {
            observer.after(machine, NOTHING);
            observer.before(machine);
          }
          this.deliver();
          deadLoop?.begin(deadline);
          observer?.after(machine, { interrupt: true });
          break;
        case EXIT.Fault: {
          const wrote = this.takeFault(machine.exitDetail);
          if (wrote === undefined) return this.stop(this.faultEnd());
          observer?.after(machine, { fixup: { vector: machine.exitDetail, wrote } });
          break;
        }
        case EXIT.Unknown:
          this.problem = this.unknownInstruction();
          return this.stop(STOP.unknown);
        case EXIT.Budget:
          if (deadLoop?.closes(machine) === true) return this.stop(STOP.stopped);
          if (machine.instructionCount >= deadline) return this.stop(STOP.budget);
          observer?.after(machine, NOTHING);
          break;
      }
    }
  }

  private unknownInstruction(): string {
    const { machine, badReads } = this;
    const length = machine.instructionAt(machine.state[2 * STATE.RIP], machine.state[2 * STATE.RIP + 1])?.length ?? 1;
    const reason = badReads?.refusal(this.rip, Math.max(1, length));
    return reason === undefined
      ? `unknown instruction ${machine.unknownText}, ${this.here()}`
      : `${this.here()} cannot be executed: ${reason}`;
  }

  private beforeStep(): void {
    const { machine, observer } = this;
    observer?.before(machine);
    if (this.trackCaller && this.isInImage(this.rip)) this.cameFrom = this.rip;
  }

  private stop(reason: number): number {
    this.detail = this.machine.exitDetail;
    this.observer?.after(this.machine, NOTHING);
    return reason;
  }

  /** Of the external at which the machine stands. */
  private get end(): number {
    return this.ends[this.machine.exitDetail].end;
  }

  /** The symbol from outside at which the stage stopped. */
  get symbol(): string {
    return this.ends[this.detail].name;
  }

  /**
   * Nobody answers the symbol at which the stage stopped: there is no verdict.
   *
   * @param entry of the function under test: the stage may be one for several
   * @param answered symbols that a program answers
   */
  refuseExternal(entry?: bigint, answered?: readonly string[]): void {
    this.unmodelled = this.symbol;
    const from = this.trackCaller ? `, called at ${this.place(this.cameFrom)},` : '';
    const ifunc = indirectOf(this.unmodelled);
    this.problem =
      ifunc === undefined
        ? `external symbol ${this.unmodelled}${from} is not modelled${this.whatToAdd(this.unmodelled, false, entry, answered)}`
        : `${ifunc}${from} is an IFUNC: its resolver chooses the code when a program starts, which is not run here; build without ifunc, or give the object with the chosen function`;
  }

  /** What a project has to say of all that the function can reach and nothing models, as the end of a message. */
  private whatToAdd(name: string, isData: boolean, entry: bigint | undefined, answered?: readonly string[]): string {
    const missing = entry === undefined ? [] : missingSymbols(this.image, entry, answered);
    const others = missing.filter((one) => one.name !== name);
    const all = [{ name, isData }, ...others];
    const more = all.length > MOST_NAMED ? `, and ${all.length - MOST_NAMED} more` : '';
    const settings = all.slice(0, MOST_NAMED).map((one) => settingFor(shorten(one.name, LONGEST_NAME), one.isData));
    const them = others.length === 0 ? '' : `, and neither are ${others.length} more that it can reach`;
    return `${them}; say in tdxfuzz.config.ts what each does, such as surroundings: { ${settings.join(', ')}${more} }, or give the file that defines it`;
  }

  /**
   * The instruction at which the machine stands raised a fault: a fixup takes it, if there is one.
   *
   * @returns registers that the handler wrote, one bit each; undefined where none takes it: `problem` says so if its type is
   *   not modelled
   */
  takeFault(vector: number): number | undefined {
    const { machine } = this;
    const fixup = this.fixups.at(machine);
    if (fixup === undefined) return undefined;
    const wrote = goToFixup(machine, fixup, vector);
    if (wrote === undefined)
      this.problem = `the exception-fixup entry for ${this.here()} has type ${fixup.type}, which is not modelled`;
    return wrote;
  }

  /** What a fault that no fixup took is. */
  private faultEnd(): number {
    if (this.problem !== '') return STOP.unknown;
    const vector = this.machine.exitDetail;
    if (vector === VECTOR.UD || vector === VECTOR.BP) return STOP.trapped;
    if (vector !== VECTOR.PF) return STOP.faulted;
    const external = this.externalTouched();
    if (external !== undefined) {
      this.unmodelled = external;
      this.problem = `external symbol ${external}, read or written at ${this.here()}, is data that is not modelled${this.whatToAdd(external, true, this.entered)}`;
      return STOP.unknown;
    }
    if (!this.writesCode()) return STOP.faulted;
    this.problem = `${this.here()} writes to code that the image maps writable and executable: self-modifying code is not modelled`;
    return STOP.unknown;
  }

  /** The symbol from outside that the page fault is about: nobody says what lies there. */
  private externalTouched(): string | undefined {
    const { faultAddressLow, faultAddressHigh } = this.machine;
    const slot = joinHalves(faultAddressLow, faultAddressHigh) & ~(EXTERNAL_SLOT - 1n);
    return this.image.externals.find(({ address }) => address === slot)?.name;
  }

  /** Whether the page fault is a write to a page that the image, but not the machine, lets be written. */
  private writesCode(): boolean {
    const { machine, readOnlyCode } = this;
    if (readOnlyCode.size === 0 || (machine.faultErrorCode & PAGE_FAULT.W) === 0) return false;
    const { faultAddressLow: low, faultAddressHigh: high } = machine;
    return readOnlyCode.has(((low >>> 12) | (high << 20)) >>> 0);
  }

  private deliver(): void {
    const { state } = this.machine;
    this.interrupts++;
    this.delivered |= 1 << this.planned;
    this.interruptedAt = state[2 * STATE.RIP];
    this.overwriteBelow(this.handlerLow, this.handlerHigh);
  }

  /** A handler, or a function outside of the image, runs on the same stack and leaves its traces below RSP. */
  protected overwriteBelow(low: number, high: number): void {
    const { machine } = this;
    const stackLow = machine.state[2 * RSP];
    const stackHigh = machine.state[2 * RSP + 1];
    for (let offset = 8; offset <= HANDLER_FRAME; offset += 8) {
      const address = (stackLow - offset) | 0;
      const addressHigh = stackLow >>> 0 < offset ? (stackHigh - 1) | 0 : stackHigh;
      const last = (address + 7) | 0;
      // Where the stack ends nothing more is left behind; on a CPU the next fault would be a double one.
      if (!machine.isWritable(address, addressHigh)) return;
      if (!machine.isWritable(last, highAbove(address, addressHigh, 7))) return;
      machine.poke64(address, addressHigh, low, high);
    }
  }

  get rip(): bigint {
    return readHalves(this.machine.state, 2 * STATE.RIP);
  }

  /** Whether an address lies in the image, and not in what the world lends. */
  isInImage(address: bigint): boolean {
    return segmentAt(this.image.segments, address) !== undefined;
  }

  /** The same of the halves of an address. */
  holds(low: number, high: number): boolean {
    return this.isInImage(joinHalves(low, high));
  }

  /** The instruction at RIP. */
  here(): string {
    return this.place(this.rip);
  }

  /** `symbol+0x1c` */
  place(address: bigint): string {
    return this.symbolName(address) ?? hex(address);
  }

  /** The same; undefined where nothing has the address for its own. */
  symbolName(address: bigint): string | undefined {
    return symbolicName(this.image, address) ?? this.externalAt(address);
  }

  private externalAt(address: bigint): string | undefined {
    return this.image.externals.find((external) => external.address === address)?.name;
  }
}
