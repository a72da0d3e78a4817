/**
 * The stage of a program: it calls functions of the image by their calling convention and stops at every exchange with their
 * surroundings (TDCALL, SEAMCALL, external symbols, the return), which the caller answers.
 */
import { highAbove, highHalf, joinHalves, lowHalf, readHalves, writeHalves } from '../halves.js';
import type { Image } from '../image/image.js';
import { findFunction, symbolsNamed } from '../image/symbols.js';
import { FIXED_FLAGS, KERNEL_FLAGS } from '../scenario/layout.js';
import { hex } from '../text/hex.js';
import { externalModel } from '../world/externals.js';
import { ModuleCalls } from '../world/module-calls.js';
import { environmentName } from '../x86/environment.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { FLAG } from '../x86/flags.js';
import { SLOT as STATE } from '../x86/layout.js';
import { type Convention, type ConventionName, CONVENTIONS } from '../x86/conventions.js';
import { REGISTER_INDEX, type RegisterName } from '../x86/registers.js';
import { isBelowStackPointer, isOnStack, type StackNumbers } from './accesses.js';
import { HANDLER_FRAME, isWithin, offsetName, REGIONS, type Regions } from './layout.js';
import { Stage } from './stage.js';

/** Instructions that one call may execute: the longest sound one (a MapGPA of many chunks) needs some thousand. */
const INSTRUCTION_BUDGET = 20_000;

/** Translated once it pays off; whoever reports something plays it on the interpreter (play/play-runner.ts). */
const ENGINE = { engine: 'wasm' } as const;

/** A part of memory. */
export interface Place {
  readonly address: bigint;
  readonly bytes: 1 | 2 | 4 | 8;
}

/** What comes from outside of a call and is no exchange; nothing where it is not given. */
export interface Disturbance {
  /** RFLAGS at the entry as far as a caller may choose them (KERNEL_FLAGS), IF apart. */
  readonly flags?: bigint;
  /** An interrupt or NMI: FAULT, instructions of the call from which on it is pending, what its handler leaves below RSP. */
  readonly event?: { readonly kind: number; readonly at: number; readonly value: bigint };
  /** Whether the TD and its module are without NO_RBP_MOD; false if not given. */
  readonly rbpMod?: boolean;
}

/** How a function is entered. */
export interface StageCall extends Disturbance {
  readonly symbol: string;
  /** Where it begins, in place of the symbol's address: of a function that is reached through a pointer. */
  readonly address?: bigint;
  /** As the convention passes them: the first ones in registers, the others on the stack. */
  readonly parameters: readonly bigint[];
  /** What the other registers hold follows from it. */
  readonly graffiti: bigint;
  /** RFLAGS.IF at the entry. */
  readonly interrupts: boolean;
}

/** Where the accesses of a call went that no sound function makes: the instruction of the first of each kind. */
export interface Astray {
  /** A store that hit neither the function's part of the stack nor a structure nor the image's own data. */
  readonly stray: bigint | undefined;
  /** An explicit access below RSP. */
  readonly below: bigint | undefined;
}

export class ProgramStage extends Stage {
  /** The module that answers TDCALL. */
  readonly module = new ModuleCalls();
  /** How the functions of the image, and those that they call outside of it, are called. */
  readonly convention: Convention;
  /** General registers that a function outside may leave otherwise, its result included; one bit each. */
  private readonly afterExternal: number;
  /** Which of the two memories the present story has. */
  memory: 0 | 1 = 0;
  private readonly functions = new Map<string, bigint>();
  private readonly data = new Map<string, bigint | undefined>();
  private allocated = 0;
  /** Offsets of the structures: begin, end, begin, end... */
  private readonly structures: number[] = [];
  private deadline = 0;
  private firstEvent = 0;
  /** Bytes of the stack that are the function's own: its frames, and the parameters that lie above its return address. */
  private ownStack = 0;
  /** Offset in the stack below which no call of the story has been yet. */
  private lowest = 0;

  /**
   * @param symbol the function under test, which runs whatever its name says
   * @param convention System V if not given
   * @throws ImageError if the image cannot lie in memory beside the stack and the structures
   */
  constructor(image: Image, symbol?: string, convention: ConventionName = 'sysv') {
    super(image, {
      memory: 'structures',
      engine: ENGINE,
      ...(symbol !== undefined && { entry: findFunction(image, symbol).address }),
    });
    this.convention = CONVENTIONS[convention];
    this.afterExternal = [...this.convention.volatile, 'rax' as const].reduce(
      (bits, name) => bits | (1 << REGISTER_INDEX[name]),
      0,
    );
  }

  private get regions(): Regions {
    return REGIONS[this.memory];
  }

  /** Where a call of the present story returns to. */
  get returnAddress(): bigint {
    return this.regions.returnAddress;
  }

  /** Begins a story: memory and registers as at the start, no structure laid out. */
  begin(memory: 0 | 1 = 0): void {
    this.reset();
    this.memory = memory;
    this.allocated = 0;
    this.structures.length = 0;
    this.lowest = this.regions.stack.size;
  }

  /** `stack-0x20`, seen from RSP of the caller; `structure 2+0x8`, in the order in which they were laid out; or a symbol. */
  addressName(address: bigint): string | undefined {
    const { stack, programEntry, structures } = this.regions;
    if (isWithin(address, stack)) return offsetName('stack', address - programEntry);
    const at = Number(BigInt.asIntN(53, address - structures.address));
    for (let index = 0; index < this.structures.length; index += 2)
      if (at >= this.structures[index] && at < this.structures[index + 1])
        return offsetName(`structure ${index / 2 + 1}`, BigInt(at - this.structures[index]));
    return this.symbolName(address);
  }

  /**
   * Lays out a structure, 16-byte aligned, with poison in it and an unused gap behind it.
   *
   * @throws RangeError if there is no room
   */
  allocate(size: number): bigint {
    const { structures } = this.regions;
    const address = structures.address + BigInt(this.allocated);
    this.structures.push(this.allocated, this.allocated + size);
    this.allocated += (size + 31) & ~15;
    if (this.allocated > structures.size) throw new RangeError('no room for another structure');
    return address;
  }

  /** Writes the low `bytes` of a value. */
  write(address: bigint, value: bigint, bytes: Place['bytes'] = 8): void {
    this.observer?.wrote?.(this.machine, address, bytes);
    if (bytes === 8) {
      this.machine.poke64(lowHalf(address), highHalf(address), lowHalf(value), highHalf(value));
      return;
    }
    if (this.writePart(lowHalf(address), highHalf(address), lowHalf(value), bytes)) return;
    const buffer = new Uint8Array(bytes);
    for (let index = 0; index < bytes; index++) buffer[index] = Number((value >> BigInt(8 * index)) & 0xffn);
    this.machine.pokeBytes(address, buffer);
  }

  /** Writes a quadword of which the halves of the address are known. */
  writeAt(address: bigint, low: number, high: number, value: bigint): void {
    this.observer?.wrote?.(this.machine, address, 8);
    this.machine.poke64(low, high, lowHalf(value), highHalf(value));
  }

  /** Writes what lies in one half of a quadword. @returns whether it does, and is mapped */
  private writePart(low: number, high: number, value: number, bytes: number): boolean {
    const { machine } = this;
    const within = low & 3;
    if (within + bytes > 4 || !machine.peek64(low & ~7, high)) return false;
    const mask = (bytes === 4 ? -1 : (1 << (8 * bytes)) - 1) << (8 * within);
    const part = (value << (8 * within)) & mask;
    const { peekLow, peekHigh } = machine;
    if ((low & 4) === 0) machine.poke64(low & ~7, high, (peekLow & ~mask) | part, peekHigh);
    else machine.poke64(low & ~7, high, peekLow, (peekHigh & ~mask) | part);
    return true;
  }

  /** Reads `bytes` bytes, zero-extended. @throws RangeError if nothing is mapped there */
  read(address: bigint, bytes: 1 | 2 | 4 | 8 = 8): bigint {
    if (!this.machine.peek64(lowHalf(address), highHalf(address)))
      throw new RangeError(`${hex(address)} is not mapped`);
    const { peekLow, peekHigh } = this.machine;
    if (bytes === 8) return joinHalves(peekLow, peekHigh);
    return joinHalves(bytes === 4 ? peekLow : peekLow & ((1 << (8 * bytes)) - 1), 0);
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

  /** Puts a call in place: the registers hold graffiti, but for the arguments, RSP and the flags. */
  enter({ symbol, address, parameters, graffiti, interrupts, flags = 0n, event, rbpMod = false }: StageCall): void {
    const { machine, regions } = this;
    const { state } = machine;
    this.buryFrames();
    this.enterState(this.memory);
    const low = lowHalf(graffiti);
    const high = highHalf(graffiti);
    for (let register = 0; register < 16; register++) {
      // One origin per register: the low byte of the high half is its number.
      state[2 * register] = low ^ Math.imul(register + 1, 0x9e3779b1);
      state[2 * register + 1] = ((high ^ Math.imul(register + 1, 0x85ebca6b)) & ~0xff) | (0x80 + register);
    }
    const { programEntry, stack } = regions;
    const { parameters: inRegisters, shadowSpace } = this.convention;
    const stackParameters = programEntry + BigInt(shadowSpace);
    for (let index = 0; index < parameters.length; index++) {
      if (index < inRegisters.length) this.setRegister(inRegisters[index], parameters[index]);
      else this.write(stackParameters + 8n * BigInt(index - inRegisters.length), parameters[index]);
    }
    const onStack = Math.max(0, parameters.length - inRegisters.length);
    this.ownStack = Number(stackParameters - stack.address) + 8 * onStack;
    const pointer = programEntry - 8n;
    this.write(pointer, regions.returnAddress);
    this.setRegister('rsp', pointer);
    this.entered = address ?? this.addressOf(symbol);
    writeHalves(state, 2 * STATE.RIP, this.entered);
    const chosen = lowHalf(flags) & KERNEL_FLAGS & ~FLAG.IF;
    state[2 * STATE.RFLAGS] = FIXED_FLAGS | chosen | (interrupts ? FLAG.IF : 0);
    state[2 * STATE.RFLAGS + 1] = 0;
    this.module.rbpMod = rbpMod;
    const { kind = 0, at = 0, value = 0n } = event ?? {};
    this.planInterrupt(kind, machine.instructionCount + at, lowHalf(value), highHalf(value));
    this.deadline = machine.instructionCount + INSTRUCTION_BUDGET;
    this.firstEvent = machine.eventCount;
    this.observer?.answered?.(ALL_REGISTERS);
  }

  /** Between two calls of a story others have used the stack: what a frame held is gone. */
  private buryFrames(): void {
    if (this.lowest === this.regions.stack.size) return;
    const { stack, programEntry, poison } = this.regions;
    const pattern = poison('stack');
    const base = lowHalf(stack.address);
    const high = highHalf(stack.address);
    const end = Number(programEntry - stack.address) - 8;
    for (let offset = Math.max(0, this.lowest - HANDLER_FRAME) & ~7; offset < end; offset += 8)
      this.machine.poke64(
        base + offset,
        highAbove(base, high, offset),
        pattern ^ offset,
        (pattern & 0xffff0000) | (pattern >>> 16),
      );
  }

  /** Address of a function of the image. @throws ImageError if it has none of that name */
  addressOf(symbol: string): bigint {
    let address = this.functions.get(symbol);
    if (address === undefined) this.functions.set(symbol, (address = findFunction(this.image, symbol).address));
    return address;
  }

  /** Address of data by its name, in the image or outside; undefined if the code knows none of that name. */
  datum(name: string): bigint | undefined {
    if (!this.data.has(name)) {
      const found =
        symbolsNamed(this.image, name).at(0) ??
        this.image.externals.find((external) => external.name === name && externalModel(name).kind === 'data');
      this.data.set(name, found?.address);
    }
    return this.data.get(name);
  }

  /** Data of the image that somebody has asked for by its name. */
  get laidData(): readonly string[] {
    return [...this.data.keys()].filter((name) => symbolsNamed(this.image, name).length > 0);
  }

  /** Runs on to the next exchange of the call, or to its end. @returns one of STOP */
  proceed(): number {
    return this.run(this.deadline);
  }

  /** A parameter of the external call at which the machine stands. */
  parameter(index: number): bigint {
    const { parameters, shadowSpace } = this.convention;
    if (index < parameters.length) return this.register(parameters[index]);
    return this.read(this.register('rsp') + BigInt(8 + shadowSpace + 8 * (index - parameters.length)));
  }

  /**
   * Returns from the external call at which the machine stands. The other registers that a callee may change are changed,
   * and its frame is left below RSP.
   *
   * @param result RAX
   */
  returnFromExternal(result: bigint): void {
    const { state } = this.machine;
    this.leaveTraces();
    const stack = this.register('rsp');
    writeHalves(state, 2 * STATE.RIP, this.read(stack));
    this.setRegister('rsp', stack + 8n);
    // The shadow space is the callee's.
    for (let offset = 0; offset < this.convention.shadowSpace; offset += 8)
      this.write(stack + BigInt(8 + offset), ~readHalves(state, 0) & WORD);
    for (const name of this.convention.volatile) {
      state[2 * REGISTER_INDEX[name]] ^= 0x5ca1ab1e;
      state[2 * REGISTER_INDEX[name] + 1] ^= 0x0dd0be11;
    }
    this.setRegister('rax', result);
    this.observer?.answered?.(this.afterExternal);
  }

  /**
   * The function outside at which the machine stands calls into the image: up to six parameters, in registers.
   *
   * @param back where it goes on behind that call, an external's address; RSP is then as it is now
   */
  callBack(address: bigint, parameters: readonly bigint[], back: bigint): void {
    this.leaveTraces();
    const stack = this.register('rsp') - 8n;
    this.write(stack, back);
    this.setRegister('rsp', stack);
    parameters.forEach((value, index) => this.setRegister(this.convention.parameters[index], value));
    writeHalves(this.machine.state, 2 * STATE.RIP, address);
    this.observer?.answered?.(ALL_REGISTERS);
  }

  /** What another function, or a handler, leaves below RSP. */
  private leaveTraces(): void {
    const pattern = this.regions.poison('stack');
    this.overwriteBelow(~pattern, pattern);
  }

  /** The world has answered the TDCALL or SEAMCALL at which the machine stands: meanwhile others ran on this stack. */
  completeEnvironment(): void {
    this.leaveTraces();
    this.machine.completeEnvironment();
  }

  /** Looks through the accesses of the call, which has returned. */
  survey(): Astray {
    const { machine } = this;
    const { events } = machine;
    const end = machine.eventCount * EVENT_WORDS;
    const stack = STACKS[this.memory];
    const structures = lowHalf(this.regions.structures.address);
    const structuresHigh = highHalf(this.regions.structures.address);
    let [stray, below] = [-1, -1];
    for (let at = this.firstEvent * EVENT_WORDS; at < end; at += EVENT_WORDS) {
      if (below < 0 && isBelowStackPointer(events, at, stack)) below = at;
      const kind = events[at + EVENT_WORD.KIND];
      if (kind !== EVENT.Store && kind !== EVENT.Push) continue;
      const low = events[at + EVENT_WORD.ADDRESS_LOW];
      const high = events[at + EVENT_WORD.ADDRESS_HIGH];
      if (isOnStack(events, at, stack)) {
        const offset = (low - stack.low) >>> 0;
        if (offset < this.lowest) this.lowest = offset;
        if (offset < this.ownStack) continue;
      }
      if (stray >= 0) continue;
      const bytes = events[at + EVENT_WORD.SIZE] & 0xff;
      if (high === structuresHigh && this.isStructure((low - structures) >>> 0, bytes)) continue;
      if (!this.holds(low, high)) stray = at;
    }
    const instruction = (at: number): bigint | undefined =>
      at < 0 ? undefined : readHalves(events, at + EVENT_WORD.RIP_LOW);
    return { stray: instruction(stray), below: instruction(below) };
  }

  private isStructure(offset: number, bytes: number): boolean {
    const { structures } = this;
    for (let at = 0; at < structures.length; at += 2)
      if (offset >= structures[at] && offset + bytes <= structures[at + 1]) return true;
    return false;
  }

  /** What an environment call is, for a message. */
  unexpected(call: number): string {
    return `${environmentName(call)} at ${this.here()} is no part of this program`;
  }
}

const STACKS = REGIONS.map(({ stack: { address, size } }): StackNumbers => ({
  high: highHalf(address),
  low: lowHalf(address),
  size,
}));

const WORD = (1n << 64n) - 1n;
const ALL_REGISTERS = 0xffff;
