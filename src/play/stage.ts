/**
 * The machine on which a program is played: it calls functions of the image by the System V convention and stops at
 * every exchange with their surroundings (TDCALL, SEAMCALL, external symbols, the return), which the caller answers.
 */
import { highHalf, joinHalves, lowHalf, readHalves, writeHalves } from '../halves.js';
import { Fixups, goToFixup } from '../harness/fixups.js';
import { mapImage } from '../harness/map-image.js';
import { mapThunks } from '../harness/map-thunks.js';
import { poisonBytes } from '../harness/regions.js';
import type { Image } from '../image/image.js';
import { PERCPU_BASE } from '../image/per-cpu.js';
import { segmentAt } from '../image/segments.js';
import { symbolicName } from '../harness/functions.js';
import { findFunction } from '../image/symbols.js';
import { hex } from '../text/hex.js';
import { ModuleCalls } from '../world/module-calls.js';
import { environmentName } from '../x86/environment.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { EXIT, VECTOR } from '../x86/exit.js';
import { FLAG, FLAGS_ALWAYS_ONE } from '../x86/flags.js';
import { SLOT as STATE } from '../x86/layout.js';
import { Machine } from '../x86/machine.js';
import { REGISTER_INDEX, type RegisterName } from '../x86/registers.js';
import type { Place } from './call.js';
import { POISON, RETURN_ADDRESS, STACK, STACK_ENTRY, STRUCTURES } from './regions.js';

/** Instructions that one call may execute: the longest sound one (a MapGPA of many chunks) needs some thousand. */
const INSTRUCTION_BUDGET = 20_000;
const PAGE = 0x1000;
/** Bytes of memory for everything beside the image. */
const WORLD_BYTES = STACK.size + STRUCTURES.size + 32 * PAGE;

/** Why the machine stopped. */
export type StageExit =
  | { kind: 'environment'; call: number }
  | { kind: 'external'; name: string }
  | { kind: 'returned' }
  | { kind: 'stopped'; name: string }
  | { kind: 'faulted'; vector: number }
  | { kind: 'endless' }
  | { kind: 'unknown'; problem: string };

/** Told of every instruction when a play is traced. */
export interface StageObserver {
  before(machine: Machine): void;
  after(machine: Machine): void;
  /** The world answered the instruction that was executed last, and wrote to these registers, one bit each. */
  answered(registers: number): void;
  /** The world wrote to memory. */
  wrote(machine: Machine, address: bigint, bytes: Place['bytes']): void;
}

interface ExternalEntry {
  name: string;
  kind: 'return' | 'noreturn' | 'answered';
}

export class Stage {
  readonly machine: Machine;
  /** The module that answers TDCALL. */
  readonly module = new ModuleCalls();
  /** Set while a play is traced. */
  observer: StageObserver | undefined;
  private readonly externals: ExternalEntry[] = [];
  private readonly functions = new Map<string, bigint>();
  private readonly fixups: Fixups;
  private allocated = 0;
  /** Offsets of the structures: begin, end, begin, end... */
  private readonly structures: number[] = [];
  private deadline = 0;
  /** Bytes of the stack that are the function's own: its frames, and the parameters that lie above its return address. */
  private ownStack = 0;

  /**
   * @param answered external symbols that the caller of `run` answers
   * @throws ImageError if the image cannot lie in memory beside the stack and the structures
   */
  constructor(
    readonly image: Image,
    answered: ReadonlySet<string>,
  ) {
    const size = image.segments.reduce((sum, segment) => sum + segment.size + 2 * PAGE, WORLD_BYTES);
    this.machine = new Machine({ memoryBytes: size });
    this.fixups = new Fixups(image);
    this.layOut(answered);
    this.machine.checkpoint();
  }

  private layOut(answered: ReadonlySet<string>): void {
    const { machine, image } = this;
    const data = { read: true, write: true, execute: false };
    mapImage(machine, image);
    machine.map(STACK.address, STACK.size, data, poisonBytes(STACK.size, POISON.stack));
    machine.map(STRUCTURES.address, STRUCTURES.size, data, poisonBytes(STRUCTURES.size, POISON.structures));
    if (segmentAt(image.segments, PERCPU_BASE) === undefined) machine.map(PERCPU_BASE, PAGE, data);
    this.stopAt(RETURN_ADDRESS, { name: 'return', kind: 'return' });
    for (const { name, address, kind } of mapThunks(machine, image)) {
      if (answered.has(name)) this.stopAt(address, { name, kind: 'answered' });
      else if (kind === 'noreturn') this.stopAt(address, { name, kind });
      // Anything else is not declared: `run` finds it by its address and says its name.
    }
  }

  private stopAt(address: bigint, entry: ExternalEntry): void {
    this.externals[this.machine.addExternal(address)] = entry;
  }

  /** Begins a story: memory and registers as at the start, no structure laid out. */
  begin(): void {
    this.machine.reset();
    this.allocated = 0;
    this.structures.length = 0;
  }

  /**
   * Lays out a structure, 16-byte aligned, with poison in it and an unused gap behind it.
   *
   * @throws RangeError if there is no room
   */
  allocate(size: number): bigint {
    const address = STRUCTURES.address + BigInt(this.allocated);
    this.structures.push(this.allocated, this.allocated + size);
    this.allocated += (size + 31) & ~15;
    if (this.allocated > STRUCTURES.size) throw new RangeError('no room for another structure');
    return address;
  }

  /** Writes the low `bytes` of a value. */
  write(address: bigint, value: bigint, bytes: Place['bytes'] = 8): void {
    this.observer?.wrote(this.machine, address, bytes);
    if (bytes === 8) {
      this.machine.poke64(lowHalf(address), highHalf(address), lowHalf(value), highHalf(value));
      return;
    }
    const buffer = new Uint8Array(bytes);
    for (let index = 0; index < bytes; index++) buffer[index] = Number((value >> BigInt(8 * index)) & 0xffn);
    this.machine.pokeBytes(address, buffer);
  }

  /** Reads `bytes` bytes, zero-extended. @throws RangeError if nothing is mapped there */
  read(address: bigint, bytes: 1 | 2 | 4 | 8 = 8): bigint {
    if (!this.machine.peek64(lowHalf(address), highHalf(address)))
      throw new RangeError(`${hex(address)} is not mapped`);
    const value = joinHalves(this.machine.peekLow, this.machine.peekHigh);
    return bytes === 8 ? value : value & ((1n << BigInt(8 * bytes)) - 1n);
  }

  /** Whether a page is mapped there. */
  isMapped(address: bigint): boolean {
    return this.machine.peek64(lowHalf(address), highHalf(address));
  }

  register(name: RegisterName): bigint {
    return readHalves(this.machine.state, 2 * (STATE.GPR + REGISTER_INDEX[name]));
  }

  setRegister(name: RegisterName, value: bigint): void {
    writeHalves(this.machine.state, 2 * (STATE.GPR + REGISTER_INDEX[name]), value);
  }

  get flags(): number {
    return this.machine.state[2 * STATE.RFLAGS];
  }

  get rip(): bigint {
    return readHalves(this.machine.state, 2 * STATE.RIP);
  }

  /**
   * Puts a call in place: the registers hold graffiti, but for the arguments, RSP and the flags.
   *
   * @param symbol the function
   * @param parameters as System V passes them: the first 6 in registers, the others on the stack
   * @param graffiti what makes the registers of this story differ from those of others
   * @param interrupts RFLAGS.IF at the entry
   */
  enter(symbol: string, parameters: readonly bigint[], graffiti: bigint, interrupts: boolean): void {
    const { state } = this.machine;
    const low = lowHalf(graffiti);
    const high = highHalf(graffiti);
    for (let register = 0; register < 16; register++) {
      // One origin per register: the low byte of the high half is its number.
      state[2 * register] = low ^ Math.imul(register + 1, 0x9e3779b1);
      state[2 * register + 1] = ((high ^ Math.imul(register + 1, 0x85ebca6b)) & ~0xff) | (0x80 + register);
    }
    parameters.forEach((value, index) => {
      if (index < PARAMETER_REGISTERS.length) this.setRegister(PARAMETER_REGISTERS[index], value);
      else this.write(STACK_ENTRY + 8n * BigInt(index - PARAMETER_REGISTERS.length), value);
    });
    const onStack = Math.max(0, parameters.length - PARAMETER_REGISTERS.length);
    this.ownStack = Number(STACK_ENTRY - STACK.address) + 8 * onStack;
    const stack = STACK_ENTRY - 8n;
    this.write(stack, RETURN_ADDRESS);
    this.setRegister('rsp', stack);
    writeHalves(state, 2 * STATE.RIP, this.addressOf(symbol));
    state[2 * STATE.RFLAGS] = FLAGS_ALWAYS_ONE | (interrupts ? FLAG.IF : 0);
    state[2 * STATE.RFLAGS + 1] = 0;
    this.deadline = this.machine.instructionCount + INSTRUCTION_BUDGET;
    this.observer?.answered(ALL_REGISTERS);
  }

  /** Address of a function of the image. @throws ImageError if it has none of that name */
  addressOf(symbol: string): bigint {
    let address = this.functions.get(symbol);
    if (address === undefined) this.functions.set(symbol, (address = findFunction(this.image, symbol).address));
    return address;
  }

  /** Runs on to the next exchange. */
  run(): StageExit {
    const { machine, observer } = this;
    for (;;) {
      const left = this.deadline - machine.instructionCount;
      if (left <= 0) return { kind: 'endless' };
      observer?.before(machine);
      const exit = machine.run(observer === undefined ? left : 1);
      observer?.after(machine);
      switch (exit) {
        case EXIT.Budget:
          break;
        case EXIT.Environment:
          return { kind: 'environment', call: machine.exitDetail };
        case EXIT.External:
          return this.external(this.externals[machine.exitDetail]);
        case EXIT.Fault: {
          const unmodelled = machine.exitDetail === VECTOR.PF ? this.externalAt(this.rip) : undefined;
          if (unmodelled !== undefined)
            return { kind: 'unknown', problem: `external symbol ${unmodelled} is not modelled` };
          if (this.dispatchFault(machine.exitDetail)) break;
          return { kind: 'faulted', vector: machine.exitDetail };
        }
        case EXIT.Unknown:
          return { kind: 'unknown', problem: `unknown instruction ${machine.unknownText}` };
        default:
          return { kind: 'unknown', problem: `the machine stopped for a reason that no program expects (${exit})` };
      }
    }
  }

  private external({ name, kind }: ExternalEntry): StageExit {
    if (kind === 'return') return { kind: 'returned' };
    return kind === 'noreturn' ? { kind: 'stopped', name } : { kind: 'external', name };
  }

  private externalAt(address: bigint): string | undefined {
    return this.image.externals.find((external) => external.address === address)?.name;
  }

  /** A parameter of the external call at which the machine stands. */
  parameter(index: number): bigint {
    return this.register(PARAMETER_REGISTERS[index]);
  }

  /**
   * Returns from the external call at which the machine stands. The other registers that a callee may change are changed.
   *
   * @param result RAX
   */
  returnFromExternal(result: bigint): void {
    const { state } = this.machine;
    const stack = this.register('rsp');
    writeHalves(state, 2 * STATE.RIP, this.read(stack));
    this.setRegister('rsp', stack + 8n);
    for (const name of VOLATILE) {
      state[2 * REGISTER_INDEX[name]] ^= 0x5ca1ab1e;
      state[2 * REGISTER_INDEX[name] + 1] ^= 0x0dd0be11;
    }
    this.setRegister('rax', result);
    this.observer?.answered(AFTER_EXTERNAL);
  }

  /** The world has answered the TDCALL or SEAMCALL at which the machine stands. */
  completeEnvironment(): void {
    this.machine.completeEnvironment();
  }

  /** The instruction at which the machine stands raised a fault: a fixup takes it, if there is one that is modelled. */
  dispatchFault(vector: number): boolean {
    const fixup = this.fixups.at(this.machine);
    return fixup !== undefined && goToFixup(this.machine, fixup, vector) !== undefined;
  }

  /**
   * The first store since `from` that hit neither the free part of the stack nor a structure nor the image's own data.
   *
   * @param from event number
   * @returns address of the instruction, or undefined
   */
  strayStore(from: number): bigint | undefined {
    const { machine } = this;
    const { events } = machine;
    const end = machine.eventCount * EVENT_WORDS;
    const structures = lowHalf(STRUCTURES.address);
    const structuresHigh = highHalf(STRUCTURES.address);
    const stack = lowHalf(STACK.address);
    const stackHigh = highHalf(STACK.address);
    for (let at = from * EVENT_WORDS; at < end; at += EVENT_WORDS) {
      const kind = events[at + EVENT_WORD.KIND];
      if (kind !== EVENT.Store && kind !== EVENT.Push) continue;
      const low = events[at + EVENT_WORD.ADDRESS_LOW];
      const high = events[at + EVENT_WORD.ADDRESS_HIGH];
      if (high === stackHigh && (low - stack) >>> 0 < this.ownStack) continue;
      const bytes = events[at + EVENT_WORD.SIZE] & 0xff;
      if (high === structuresHigh && this.isStructure((low - structures) >>> 0, bytes)) continue;
      if (this.isInImage(joinHalves(low, high))) continue;
      return joinHalves(events[at + EVENT_WORD.RIP_LOW], events[at + EVENT_WORD.RIP_HIGH]);
    }
    return undefined;
  }

  private isStructure(offset: number, bytes: number): boolean {
    const { structures } = this;
    for (let at = 0; at < structures.length; at += 2)
      if (offset >= structures[at] && offset + bytes <= structures[at + 1]) return true;
    return false;
  }

  /** Whether an address lies in the image, and not in what the world lends. */
  isInImage(address: bigint): boolean {
    return segmentAt(this.image.segments, address) !== undefined;
  }

  /** `symbol+0x1c` */
  place(address: bigint): string {
    return symbolicName(this.image, address) ?? this.externalAt(address) ?? hex(address);
  }

  /** What an environment call is, for a message. */
  unexpected(call: number): string {
    return `${environmentName(call)} at ${this.place(this.rip)} is no part of this program`;
  }
}

/** What the first six parameters are passed in, in their order (System V AMD64 psABI 3.2.3). */
export const PARAMETER_REGISTERS: readonly RegisterName[] = ['rdi', 'rsi', 'rdx', 'rcx', 'r8', 'r9'];
/** What a callee may change, beside RAX (ibid.). */
const VOLATILE: readonly RegisterName[] = ['rcx', 'rdx', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11'];
/** What a function outside may leave otherwise, its result included; one bit each. */
const AFTER_EXTERNAL = [...VOLATILE, 'rax' as const].reduce((bits, name) => bits | (1 << REGISTER_INDEX[name]), 0);
const ALL_REGISTERS = 0xffff;
