import { CodeCache, type RefusedBytes } from './code-cache.js';
import type { DecodedInstruction } from './decode.js';
import { EventLog } from './event-log.js';
import { Interpreter } from './interpreter.js';
import {
  CONSTANT_SLOT,
  CONSTANT_SLOTS,
  CONTROL,
  CONTROL_WORDS,
  EVENT_WORDS,
  type Layout,
  layoutFor,
  SLOT,
  STATE_SLOTS,
} from './layout.js';
import type { PageContents, PageRange } from './later-pages.js';
import { Memory, PERMISSION, type Permissions } from './memory.js';
import { RECORD } from './micro-ops.js';
import { HOT_RUNS, type TranslatedCode, WasmEngine } from './wasm/engine.js';
import { engineLayoutFor } from './wasm/engine-layout.js';
import { createLinearMemory } from '../wasm/host.js';

export { EXIT } from './exit.js';
export type { Permissions } from './memory.js';

/** Kinds of planned interrupts. */
export const INTERRUPT = { None: 0, Maskable: 1, Nmi: 2 } as const;

/** What executes the micro-operations; both do exactly the same. */
export type EngineName = 'interpreter' | 'wasm';

/** How a machine is made. */
export interface MachineOptions {
  /** How much can be mapped, 4 MiB if not given. */
  readonly memoryBytes?: number;
  /** Events that fit into the shared buffer, 4096 if not given; more of them cost one copy to a buffer of twice the size, kept for later runs. */
  readonly eventCapacity?: number;
  /** `interpreter` if not given. */
  readonly engine?: EngineName;
  /** Runs that begin at one place before the engine `wasm` translates it; HOT_RUNS (wasm/engine.ts) if not given. */
  readonly hotRuns?: number;
  /** Bytes behind everything in `buffer` that are left to others, at the engine layout's `totalBytes`; 0 if not given. */
  readonly spareBytes?: number;
}

const RIP = 2 * SLOT.RIP;

/**
 * An x86-64 processor in 64-bit mode at privilege level 0, with paged memory, that runs the code under test and knows nothing
 * of what the code is for. Whatever only an outer world can answer ends the run; the world acts and calls `run` again.
 *
 * All state lies in one ArrayBuffer (layout.ts). TF, IOPL and AC are plain bits: no single-step traps, no alignment checks.
 */
export class Machine {
  /** The architectural state, 2 words a slot: `state[2 * SLOT.RIP]` is the low half of RIP (layout.ts). */
  readonly state: Int32Array;
  /** The one buffer with all state, laid out as `layout` says. */
  readonly buffer: ArrayBuffer;
  readonly layout: Layout;
  /** The halves of the value that `peek64` found. */
  peekLow = 0;
  peekHigh = 0;

  private readonly slots: Int32Array;
  private readonly control: Int32Array;
  private readonly memory: Memory;
  private readonly cache: CodeCache;
  private readonly log: EventLog;
  private readonly interpreter: Interpreter;
  /** Of a machine that was made with the engine `wasm`. */
  private readonly wasm: WasmEngine | undefined;
  private chosen: EngineName;

  constructor(options: MachineOptions = {}) {
    const layout = layoutFor(options.memoryBytes ?? 4 << 20, options.eventCapacity ?? 4096);
    this.chosen = options.engine ?? 'interpreter';
    const engineLayout = engineLayoutFor(layout);
    const linear =
      this.chosen === 'wasm' ? createLinearMemory(engineLayout.totalBytes + (options.spareBytes ?? 0)) : undefined;
    const buffer = linear === undefined ? new ArrayBuffer(layout.totalBytes) : linear.buffer;
    this.layout = layout;
    this.buffer = buffer;
    this.slots = new Int32Array(buffer, layout.slots, 2 * (CONSTANT_SLOT + CONSTANT_SLOTS));
    this.state = new Int32Array(buffer, layout.slots, 2 * STATE_SLOTS);
    this.control = new Int32Array(buffer, layout.control, CONTROL_WORDS);
    this.memory = new Memory(buffer, layout);
    this.cache = new CodeCache(this.memory, this.slots);
    const events = new Int32Array(buffer, layout.events, layout.eventCapacity * EVENT_WORDS);
    this.log = new EventLog(events, this.slots, this.control);
    this.interpreter = new Interpreter(this.slots, this.control, this.memory, this.cache, this.log);
    if (linear !== undefined) {
      const { slots, control, memory, cache, log, interpreter } = this;
      const parts = { layout, slots, control, memory, cache, log, interpreter };
      this.wasm = new WasmEngine(parts, linear, engineLayout, options.hotRuns ?? HOT_RUNS);
    }
    this.reset();
  }

  /**
   * Maps the 4 KiB pages that hold [address, address + size); `bytes` begin at `address`, the rest is zero. Before the first
   * `checkpoint` a mapping stays for ever, after it `reset` undoes it.
   *
   * @throws Error if a page is mapped already, not canonical (48 bits), writable and executable at once, or there is no room
   */
  map(address: bigint, size: number, permissions: Permissions, bytes?: Uint8Array): void {
    this.memory.map(address, size, permissions, bytes);
  }

  /**
   * Maps whole pages that get their contents when they are first touched; they stay for ever.
   *
   * @throws Error as `map`
   */
  mapLater(address: bigint, pages: number, permissions: Permissions, contents: PageContents): void {
    this.memory.mapLater(address, pages, permissions, contents);
  }

  /** What `mapLater` was told of: a page of these that is not in the page table may be there all the same. */
  get laterPages(): readonly PageRange[] {
    return this.memory.laterPages;
  }

  /**
   * Changes the permissions of whole pages; undone by `reset`.
   *
   * @throws Error if a page is not mapped, or is to be writable and executable at once
   */
  protect(address: bigint, size: number, permissions: Permissions): void {
    this.memory.protect(address, size, permissions);
  }

  /**
   * Executes the one instruction that just faulted because it writes to a page of code, as if the page could be written to.
   *
   * @returns as `run`
   */
  runWritingCode(): number {
    return this.memory.withCodeWritable(this.faultAddressLow, this.faultAddressHigh, () => this.run(1));
  }

  /**
   * Host-side write of 8 bytes, which may span two pages: ignores permissions, makes no event, is undone by `reset`.
   *
   * @throws Error if a page is not mapped; nothing is written then
   */
  poke64(addressLow: number, addressHigh: number, low: number, high: number): void {
    if (!this.memory.poke64(addressLow | 0, addressHigh | 0, low, high)) {
      const address = (BigInt(addressHigh >>> 0) << 32n) | BigInt(addressLow >>> 0);
      throw new Error(`cannot write 8 bytes at 0x${address.toString(16)}: not mapped`);
    }
  }

  /**
   * Host-side write of 1 to 8 bytes, as `poke64`.
   *
   * @throws Error if a page is not mapped; nothing is written then
   */
  poke(addressLow: number, addressHigh: number, size: number, low: number, high: number): void {
    if (!this.memory.writeCrossing(addressLow | 0, addressHigh | 0, size, low, high)) {
      const address = (BigInt(addressHigh >>> 0) << 32n) | BigInt(addressLow >>> 0);
      throw new Error(`cannot write ${size} bytes at 0x${address.toString(16)}: not mapped`);
    }
  }

  /**
   * Host-side read of 8 bytes into `peekLow` and `peekHigh`: ignores permissions, makes no event.
   *
   * @param size 1 to 8 bytes, the rest is 0
   * @returns false if a page is not mapped
   */
  peek64(addressLow: number, addressHigh: number, size = 8): boolean {
    const scratch = this.peekSlot;
    if (!this.memory.readCrossing(addressLow | 0, addressHigh | 0, size, scratch, 0)) return false;
    this.peekLow = scratch[0];
    this.peekHigh = scratch[1];
    return true;
  }

  private readonly peekSlot = new Int32Array(2);

  /**
   * Host-side write of any length, undone by `reset`.
   *
   * @throws Error if a page is not mapped; nothing is written then
   */
  pokeBytes(address: bigint, bytes: Uint8Array): void {
    this.memory.pokeBytes(address, bytes);
  }

  /** Host-side read of any length; undefined if a page is not mapped. */
  peekBytes(address: bigint, length: number): Uint8Array | undefined {
    return this.memory.peekBytes(address, length);
  }

  /**
   * Declares an address that is not code: reaching it by a call, jump, return or fall-through stops the run before anything
   * is executed there. Survives `reset`. An external wins over code mapped at the same address.
   *
   * @returns its index: 0, 1, 2... in the order of declaration; the same address keeps its index
   */
  addExternal(address: bigint): number {
    const index = this.cache.addExternal(address);
    this.wasm?.addExternal(address, index);
    return index;
  }

  /**
   * Says of which bytes no instruction can be made, since nobody knows them: one that has any of them is unknown, and
   * `unknownText` is what is said here. Survives `reset`. They may be read and written like all others.
   */
  refuseCode(bytes: RefusedBytes): void {
    this.cache.refuse(bytes);
    this.wasm?.flush();
  }

  /** Makes the present memory (content, mappings, permissions) what `reset` returns to. */
  checkpoint(): void {
    this.memory.checkpoint();
  }

  /** Memory back to the checkpoint; registers, events, counters and hashes zero; no interrupt planned, no shadow. */
  reset(): void {
    if (this.wasm?.reset() === true) this.memory.undoAll();
    else {
      this.memory.undoAll();
      this.state.fill(0);
      this.control.fill(0);
      this.control[CONTROL.SHADOW_AT] = -1;
    }
    this.interpreter.environmentRecord = 0;
  }

  /**
   * Executes from RIP on until something ends the run.
   *
   * - External: RIP is the external's address; `exitDetail` its index.
   * - Environment: RIP is the instruction, which has had no effect; `exitDetail` is its number (ENVIRONMENT).
   * - Fault: RIP is the instruction, which has had no effect (finished iterations of a REP instruction stay); `exitDetail` is
   *   the vector. The shadow is over. A fault of a branch to a non-canonical address is the branch's own.
   * - Unknown: RIP is the instruction; see `unknownText`.
   * - Interrupt, Budget: RIP is the next instruction.
   *
   * At one boundary the interrupt comes first, then an external address, then the budget. An iteration of a REP instruction
   * counts as one instruction.
   *
   * @param budget - how many instructions may be executed
   * @returns a value of EXIT
   */
  run(budget: number): number {
    if (this.memory.codeChanged) this.flushCode();
    if (this.chosen === 'wasm') return this.wasm!.run(budget);
    return this.interpreter.run(budget);
  }

  /**
   * The world has answered the environment call at which the run stopped: RIP moves past it, it counts as executed, and an STI
   * shadow ends. Everything else that the instruction does is the world's to do.
   *
   * @throws Error if the last run did not stop at an environment call
   */
  completeEnvironment(): void {
    const record = this.interpreter.environmentRecord;
    if (record === 0) throw new Error('completeEnvironment: the last run did not stop at an environment call');
    this.interpreter.environmentRecord = 0;
    const code = this.cache.code;
    const { state, control } = this;
    state[RIP] = code[record + RECORD.NEXT_LOW];
    state[RIP + 1] = code[record + RECORD.NEXT_HIGH];
    control[CONTROL.INSTRUCTION_COUNT]++;
    this.interpreter.mixPath(code[record], code[record + 1]);
  }

  /**
   * The world has taken the fault of the instruction at which the run stopped, or lets an environment call end in one: the run
   * goes on at another address. The instruction has had no effect, but counts as executed.
   */
  resumeAt(low: number, high: number): void {
    const { state, control } = this;
    this.interpreter.environmentRecord = 0;
    control[CONTROL.INSTRUCTION_COUNT]++;
    this.interpreter.mixPath(state[RIP], state[RIP + 1]);
    state[RIP] = low;
    state[RIP + 1] = high;
  }

  /**
   * Plans one interrupt; it replaces an earlier plan. It is pending from the boundary at which `atInstruction` instructions
   * have been executed since reset. INTERRUPT.Maskable is delivered at the first boundary from there with IF = 1 and no
   * shadow, INTERRUPT.Nmi at the first boundary whatever the flags. Delivery is one exit EXIT.Interrupt; the machine changes
   * nothing but that an NMI ends the shadow.
   */
  planInterrupt(kind: number, atInstruction: number): void {
    this.control[CONTROL.INTERRUPT_KIND] = kind;
    this.control[CONTROL.INTERRUPT_AT] = atInstruction;
  }

  /** What executes runs from now on. It can be changed between two runs; nothing else changes with it. */
  get engine(): EngineName {
    return this.chosen;
  }

  /** @throws Error for `wasm` if the machine was made with the engine `interpreter`: its memory cannot be shared then */
  set engine(name: EngineName) {
    if (name === 'wasm' && this.wasm === undefined) {
      throw new Error('this machine has no WebAssembly engine: make it with { engine: "wasm" }');
    }
    this.chosen = name;
  }

  /**
   * Translates the code at an address for a driver that calls it by itself. The machine must not run meanwhile.
   *
   * @param others - addresses that the code is known to jump to indirectly
   * @returns undefined with the engine `interpreter`, or if there is no code
   */
  translate(address: bigint, others: readonly bigint[] = []): TranslatedCode | undefined {
    if (this.memory.codeChanged) this.flushCode();
    return this.wasm?.translate(address, others);
  }

  /** Whether code may write at an address. */
  isWritable(addressLow: number, addressHigh: number): boolean {
    return this.memory.allows(addressLow | 0, addressHigh | 0, PERMISSION.Write);
  }

  /** Byte offset in `buffer` of the byte at an address; -1 if its page is not mapped. */
  offsetOf(address: bigint): number {
    return this.memory.offsetOf(address);
  }

  /** How often translated code was entered since the machine was made: 0 with the engine `interpreter`. */
  get translatedEntries(): number {
    return this.wasm?.entered ?? 0;
  }

  /** External: index; Environment: a value of ENVIRONMENT; Fault: the vector. */
  get exitDetail(): number {
    return this.interpreter.exitDetail;
  }

  /** Of the last fault: the linear address for #PF, #GP and #SS of a memory access, else 0. */
  get faultAddressLow(): number {
    return this.interpreter.faultAddressLow;
  }

  get faultAddressHigh(): number {
    return this.interpreter.faultAddressHigh;
  }

  /** Of the last fault: PAGE_FAULT bits for #PF (P, W, I; U is never set), else 0. */
  get faultErrorCode(): number {
    return this.interpreter.faultErrorCode;
  }

  /** The unknown instruction at RIP after EXIT.Unknown: `vpaddd ymm0,ymm1,ymm2 (c5 f5 fe c2) at 0x401000`. */
  get unknownText(): string {
    return this.cache.unknownText(this.state[RIP], this.state[RIP + 1]);
  }

  /** Instructions executed since reset. */
  get instructionCount(): number {
    return this.control[CONTROL.INSTRUCTION_COUNT];
  }

  /** The events since reset, EVENT_WORDS words each (events.ts). Read it again after each run: it moves when it grows. */
  get events(): Int32Array {
    return this.log.events;
  }

  /** How many events there are. */
  get eventCount(): number {
    return this.control[CONTROL.EVENT_COUNT];
  }

  /** Running hash over RIP of every executed instruction, in order; two 32-bit halves. */
  get pathHashLow(): number {
    return this.control[CONTROL.PATH_HASH_LOW];
  }

  get pathHashHigh(): number {
    return this.control[CONTROL.PATH_HASH_HIGH];
  }

  /** Hash over kind, address and size of every data access, in order; two 32-bit halves. Computed when asked for. */
  get addressHashLow(): number {
    this.log.hashAddresses();
    return this.control[CONTROL.ADDRESS_HASH_LOW];
  }

  get addressHashHigh(): number {
    this.log.hashAddresses();
    return this.control[CONTROL.ADDRESS_HASH_HIGH];
  }

  /** 1 while the next boundary, the one where RIP is now, is under an STI shadow. */
  get shadow(): number {
    return this.control[CONTROL.SHADOW_AT] === this.control[CONTROL.INSTRUCTION_COUNT] ? 1 : 0;
  }

  set shadow(value: number) {
    this.control[CONTROL.SHADOW_AT] = value === 0 ? -1 : this.control[CONTROL.INSTRUCTION_COUNT];
  }

  /** Describes the instruction at an address; undefined for externals and for bytes that cannot be fetched. */
  instructionAt(low: number, high: number): DecodedInstruction | undefined {
    if (this.memory.codeChanged) this.flushCode();
    return this.cache.describe(low | 0, high | 0);
  }

  private flushCode(): void {
    this.cache.flush();
    this.wasm?.flush();
    this.memory.codeChanged = false;
  }
}
