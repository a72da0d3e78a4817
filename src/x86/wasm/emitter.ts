import { FLAG, FLAGS_ALWAYS_ONE } from '../flags.js';
import { CONSTANT_SLOT, CONTROL, EVENT_WORDS, type Layout, SLOT, STATE_SLOTS, UNDO_WORDS } from '../layout.js';
import { type BlockAccesses, NOTHING_KNOWN } from './access-groups.js';
import type { BlockInstruction } from './blocks.js';
import { FunctionBody, type Label } from '../../wasm/encoder.js';
import type { EngineLayout } from './engine-layout.js';
import type { EventTemplates } from './event-templates.js';
import { FlagState } from './flag-state.js';
import { WASM, WASM_MEMORY, WASM_TYPE } from '../../wasm/opcodes.js';

/** Parameters of the translated function. */
export const PARAMETER = {
  /** The instruction count at which the boundaries have to be looked at. */
  STOP: 0,
  /** The instruction count that must not be passed. */
  END: 1,
  /** The kind of planned interrupt (INTERRUPT in machine.ts). */
  INTERRUPT_KIND: 2,
} as const;

export const PARAMETERS = 3;

/** Slots below this one are kept in locals: the general registers. */
const REGISTERS = 16;

/** Slot numbers from this one on are locals that keep the values of other slots. */
const KEPT_SLOT = 1 << 20;

/** What the translated function returns. Other negative numbers are EXTERNAL minus the index of the external. */
export const RETURN = {
  /** RIP is set and everything stored: nothing is known of the code there. */
  UNKNOWN: -1,
  EXTERNAL: -2,
} as const;

/** How the translated code is left at a number of 0 or more, which is an index into the list of these. */
export type Exit =
  /** At instruction `index` of block `block`, which has had no effect. The interpreter executes it. */
  | {
      readonly kind: 'instruction';
      readonly block: number;
      readonly index: number;
      /** Left at an access whose page is not in the translation cache, or that crosses into another page: its size and permissions. */
      readonly access?: { readonly size: number; readonly needed: number };
    }
  /** At the start of a block, for the budget or an interrupt. The interpreter takes over for the rest of the run. */
  | { readonly kind: 'boundary'; readonly block: number; readonly index: 0 }
  /** At an environment call; RIP is set. */
  | { readonly kind: 'environment'; readonly number: number; readonly record: number };

export interface EmitterInput {
  readonly layout: Layout;
  readonly engine: EngineLayout;
  /** The machine's slots, for the values of constants. */
  readonly slots: Int32Array;
  readonly tlbMultiplier: bigint;
  readonly templates: EventTemplates;
}

/**
 * The function under construction: its locals, and how slots are read and written. General registers, RFLAGS and the counters
 * are locals, the former within a block, to which they come when they are first used and where they are stored when it is left; the
 * other state slots stay in linear memory; temporaries are locals; constants are constants.
 */
export class Emitter {
  readonly body = new FunctionBody(PARAMETERS);
  readonly layout: Layout;
  readonly engine: EngineLayout;
  readonly tlbMultiplier: bigint;
  /** Low half of RFLAGS. */
  readonly flags = this.body.local(WASM_TYPE.i32);
  readonly count = this.body.local(WASM_TYPE.i32);
  /** Where the next event goes, in bytes. */
  readonly eventPointer = this.body.local(WASM_TYPE.i32);
  /** Where the next entry of the undo list goes, in bytes. */
  readonly undoPointer = this.body.local(WASM_TYPE.i32);
  /** What the function will return. */
  readonly result = this.body.local(WASM_TYPE.i32);
  /** The block to go to, or -1 to look up `target`. */
  readonly block = this.body.local(WASM_TYPE.i32);
  readonly entry = this.body.local(WASM_TYPE.i32);
  /** Whether a branch is taken. */
  readonly taken = this.body.local(WASM_TYPE.i32);
  readonly place = this.body.local(WASM_TYPE.i32);
  readonly small = this.body.local(WASM_TYPE.i32);
  readonly small2 = this.body.local(WASM_TYPE.i32);
  readonly pathLow = this.body.local(WASM_TYPE.i32);
  readonly pathHigh = this.body.local(WASM_TYPE.i32);
  readonly target = this.body.local(WASM_TYPE.i64);
  readonly address = this.body.local(WASM_TYPE.i64);
  readonly value = this.body.local(WASM_TYPE.i64);
  readonly wide = this.body.local(WASM_TYPE.i64);
  readonly wide2 = this.body.local(WASM_TYPE.i64);
  readonly wide3 = this.body.local(WASM_TYPE.i64);
  readonly exits: Exit[] = [];
  /** The instruction being translated, its number in its block, and the block's. */
  instruction!: BlockInstruction;
  index = 0;
  blockNumber = 0;
  /** Events and entries of the undo list that the block has made, which the pointers do not count yet. */
  events = 0;
  undos = 0;
  /** What is known of the block's accesses. */
  accesses: BlockAccesses = NOTHING_KNOWN;
  readonly templates: EventTemplates;
  /** Where the other locals are stored and the function returns. */
  exit!: Label;
  readonly flagState: FlagState;

  private readonly registers: number[] = [];
  /** Registers whose locals hold their values at this place of the block, and those of them that memory does not hold. */
  private loaded = new Set<number>();
  private changed = new Set<number>();
  private readonly temporaries = new Map<number, number>();
  /** Locals of kept values (`keep`), and which of them are free. */
  private readonly kept: number[] = [];
  private readonly freeKept: number[] = [];
  /** Local with the place of each group of accesses in the block. */
  private readonly places: number[] = [];
  /** Local with RSP and the instruction count at the block's start, for each StackPosition.base. */
  private readonly tails: number[] = [];
  private readonly slots: Int32Array;
  private readonly departureNumbers = new Map<string, number>();

  constructor({ layout, engine, slots, tlbMultiplier, templates }: EmitterInput) {
    this.layout = layout;
    this.engine = engine;
    this.slots = slots;
    this.tlbMultiplier = tlbMultiplier;
    this.templates = templates;
    for (let r = 0; r < REGISTERS; r++) this.registers.push(this.body.local(WASM_TYPE.i64));
    this.flagState = new FlagState(this);
  }

  /** The local of a general register, with its value. */
  register(slot: number): number {
    const local = this.registers[slot];
    if (!this.loaded.has(slot)) {
      this.loaded.add(slot);
      this.body.i32(0).memory(WASM_MEMORY.i64Load, this.slotOffset(slot)).set(local);
    }
    return local;
  }

  /** A block begins: all registers are in memory. */
  beginBlock(): void {
    this.loaded = new Set();
    this.changed = new Set();
    this.events = 0;
    this.undos = 0;
    this.flagState.begin();
  }

  /** Has these registers in locals from here on, and takes those that are written for changed, as in a loop they may be. */
  holdRegisters({ used, written }: { used: Iterable<number>; written: Iterable<number> }): void {
    for (const slot of used) this.register(slot);
    this.changed = new Set(written);
  }

  /** Stores the registers that the block has changed; what is known here of the block stays as it is. */
  storeRegisters(): void {
    for (const slot of this.changed)
      this.body.i32(0).get(this.registers[slot]).memory(WASM_MEMORY.i64Store, this.slotOffset(slot));
  }

  /** The value of a constant slot; undefined for other slots. */
  constantOf(slot: number): bigint | undefined {
    if (slot < CONSTANT_SLOT || slot >= KEPT_SLOT) return undefined;
    return (BigInt(this.slots[2 * slot + 1]) << 32n) | BigInt(this.slots[2 * slot] >>> 0);
  }

  /** Pushes a slot's 64 bits. */
  push(slot: number): this {
    const constant = this.constantOf(slot);
    if (constant !== undefined) this.body.i64(constant);
    else if (slot < REGISTERS) this.body.get(this.register(slot));
    else if (slot >= KEPT_SLOT) this.body.get(this.kept[slot - KEPT_SLOT]);
    else if (slot >= STATE_SLOTS) this.body.get(this.temporary(slot));
    else this.body.i32(0).memory(WASM_MEMORY.i64Load, this.slotOffset(slot));
    return this;
  }

  /** Pushes a slot's low 32 bits. */
  pushLow(slot: number): this {
    const constant = this.constantOf(slot);
    if (constant !== undefined) this.body.i32(Number(BigInt.asIntN(32, constant)));
    else this.push(slot).body.op(WASM.i32WrapI64);
    return this;
  }

  /** Pushes the low `width` bits of a slot: all 64, or at the top of 32 bits. */
  pushAtTop(slot: number, width: number): void {
    if (width === 64) this.push(slot);
    else if (width === 32) this.pushLow(slot);
    else
      this.pushLow(slot)
        .body.i32(32 - width)
        .op(WASM.i32Shl);
  }

  /** Copies a slot's value. @returns a slot number for it, which no micro-operation writes; `release` gives it back */
  keep(slot: number): number {
    if (this.constantOf(slot) !== undefined) return slot;
    let index = this.freeKept.pop();
    if (index === undefined) {
      index = this.kept.length;
      this.kept.push(this.body.local(WASM_TYPE.i64));
    }
    this.push(slot).body.set(this.kept[index]);
    return KEPT_SLOT + index;
  }

  /** Gives back what `keep` returned. */
  release(...slots: number[]): void {
    for (const slot of slots) if (slot >= KEPT_SLOT) this.freeKept.push(slot - KEPT_SLOT);
  }

  /** The local with the byte offset in linear memory at which a group of accesses begins. */
  placeOf(group: number): number {
    while (this.places.length <= group) this.places.push(this.body.local(WASM_TYPE.i32));
    return this.places[group];
  }

  /** The local with RSP of a StackPosition.base and the instruction count at the block's start. */
  tailOf(base: number): number {
    while (this.tails.length <= base) this.tails.push(this.body.local(WASM_TYPE.v128));
    return this.tails[base];
  }

  /** Writes a slot with the 64-bit value that `make` pushes. */
  assign(slot: number, make: () => void): void {
    if (slot < REGISTERS || slot >= STATE_SLOTS) {
      make();
      this.body.set(slot < REGISTERS ? this.registers[slot] : this.temporary(slot));
      if (slot < REGISTERS) {
        this.loaded.add(slot);
        this.changed.add(slot);
      }
    } else {
      this.body.i32(0);
      make();
      this.body.memory(WASM_MEMORY.i64Store, this.slotOffset(slot));
    }
  }

  /** Byte offset of a slot in linear memory. */
  slotOffset(slot: number): number {
    if (slot === SLOT.RIP || slot === SLOT.RFLAGS) throw new Error('RIP and RFLAGS are not slots of a micro-operation');
    return this.layout.slots + 8 * slot;
  }

  /** Byte offset of a control word (CONTROL). */
  controlOffset(word: number): number {
    return this.layout.control + 4 * word;
  }

  /** Stores a constant into RIP. */
  storeRip(address: bigint): void {
    this.body
      .i32(0)
      .i64(address)
      .memory(WASM_MEMORY.i64Store, this.layout.slots + 8 * SLOT.RIP);
  }

  /** Leaves the function at the instruction being translated. */
  leave(): void {
    this.depart({ kind: 'instruction', block: this.blockNumber, index: this.index });
  }

  /** Takes a condition from the stack and leaves at the instruction being translated if it holds. */
  leaveIf(): void {
    this.body.if();
    this.leave();
    this.body.end();
  }

  /** Takes a condition from the stack and leaves if it holds: the access to the address in a slot cannot be made here. */
  leaveAtAccessIf(slot: number, size: number, needed: number): void {
    const { body } = this;
    body.if();
    body.i32(0);
    this.push(slot).body.memory(WASM_MEMORY.i64Store, this.engine.access);
    this.depart({ kind: 'instruction', block: this.blockNumber, index: this.index, access: { size, needed } });
    body.end();
  }

  /** Brings the pointers up to what the block has made; what is known here of the block stays as it is. */
  countMade(): void {
    const { body } = this;
    if (this.events > 0)
      body
        .get(this.eventPointer)
        .i32(this.events * EVENT_BYTES)
        .op(WASM.i32Add)
        .set(this.eventPointer);
    if (this.undos > 0)
      body
        .get(this.undoPointer)
        .i32(this.undos * UNDO_BYTES)
        .op(WASM.i32Add)
        .set(this.undoPointer);
  }

  /** Leaves the function; everything that `exit` needs is stored. */
  depart(exit: Exit): void {
    const key = JSON.stringify(exit);
    let number = this.departureNumbers.get(key);
    if (number === undefined) {
      number = this.exits.length;
      this.departureNumbers.set(key, number);
      this.exits.push(exit);
    }
    this.countMade();
    this.flagState.handOver();
    this.storeRegisters();
    this.body.i32(number).set(this.result).br(this.exit);
  }

  /** Sets up the locals from memory, those of the general registers excepted. */
  loadState(): void {
    const { body } = this;
    const word = (offset: number): FunctionBody => body.i32(0).memory(WASM_MEMORY.i32Load, offset);
    word(this.layout.slots + 8 * SLOT.RFLAGS).set(this.flags);
    word(this.controlOffset(CONTROL.INSTRUCTION_COUNT)).set(this.count);
    word(this.controlOffset(CONTROL.PATH_HASH_LOW)).set(this.pathLow);
    word(this.controlOffset(CONTROL.PATH_HASH_HIGH)).set(this.pathHigh);
    word(this.controlOffset(CONTROL.EVENT_COUNT)).i32(EVENT_BYTES).op(WASM.i32Mul);
    body.i32(this.layout.events).op(WASM.i32Add).set(this.eventPointer);
    word(this.controlOffset(CONTROL.UNDO_COUNT)).i32(2).op(WASM.i32Shl);
    body.i32(this.layout.undo).op(WASM.i32Add).set(this.undoPointer);
  }

  /** Stores the locals back, those of the general registers excepted. */
  storeState(): void {
    const { body } = this;
    this.flagState.complete();
    body
      .i32(0)
      .get(this.flags)
      .memory(WASM_MEMORY.i32Store, this.layout.slots + 8 * SLOT.RFLAGS);
    const store = (control: number): FunctionBody => body.memory(WASM_MEMORY.i32Store, this.controlOffset(control));
    body.i32(0).get(this.count);
    store(CONTROL.INSTRUCTION_COUNT);
    body.i32(0).get(this.pathLow);
    store(CONTROL.PATH_HASH_LOW);
    body.i32(0).get(this.pathHigh);
    store(CONTROL.PATH_HASH_HIGH);
    body.i32(0).get(this.eventPointer).i32(this.layout.events).op(WASM.i32Sub).i32(EVENT_BYTES).op(WASM.i32DivU);
    store(CONTROL.EVENT_COUNT);
    body.i32(0).get(this.undoPointer).i32(this.layout.undo).op(WASM.i32Sub).i32(2).op(WASM.i32ShrU);
    store(CONTROL.UNDO_COUNT);
  }

  /** Pushes RFLAGS as READ FLAGS gives it, without the high half. */
  pushFlagsImage(): void {
    this.body.get(this.flags).i32(FLAGS_ALWAYS_ONE).op(WASM.i32Or);
  }

  /** Pushes a 32-bit number that is not zero if condition `condition` (flags.ts) holds for the local `flags`. */
  pushConditionOfFlags(condition: number): void {
    const { body } = this;
    const signDiffers = (): void => {
      // SF is bit 7 and OF bit 11: moved to the same place and compared.
      body.get(this.flags).get(this.flags).i32(4).op(WASM.i32ShrU, WASM.i32Xor).i32(FLAG.SF).op(WASM.i32And);
    };
    const masks = [FLAG.OF, FLAG.CF, FLAG.ZF, FLAG.CF | FLAG.ZF, FLAG.SF, FLAG.PF];
    const group = condition >> 1;
    if (group < masks.length) body.get(this.flags).i32(masks[group]).op(WASM.i32And);
    else {
      signDiffers();
      if (group === 7) body.get(this.flags).i32(FLAG.ZF).op(WASM.i32And, WASM.i32Or);
    }
    if ((condition & 1) !== 0) body.op(WASM.i32Eqz);
  }

  private temporary(slot: number): number {
    let local = this.temporaries.get(slot);
    if (local === undefined) {
      local = this.body.local(WASM_TYPE.i64);
      this.temporaries.set(slot, local);
    }
    return local;
  }
}

/** Bytes of one event (EVENT_WORDS). */
export const EVENT_BYTES = 4 * EVENT_WORDS;

/** Bytes of an entry of the undo list. */
export const UNDO_BYTES = 4 * UNDO_WORDS;
