/**
 * The translation of a block graph into one WebAssembly function.
 *
 *     load the registers
 *     exit: block
 *       dispatch: loop
 *         if the block to go to is not known, look the target up
 *         blocks in one another, so that the end of block n's label is where the code of block n begins
 *           br_table
 *         code of block 0, 1, 2 ... : budget, instructions, counters, on to the next one
 *     store the registers
 *
 * A branch forward goes straight to the label of its block, one backward goes round the loop. Every place where something
 * rare happens leaves the function at the start of an instruction, or of a block, and the interpreter goes on there.
 */
import { FLAG } from '../flags.js';
import { CONTROL, type Layout, SLOT } from '../layout.js';
import { OP, REPEAT } from '../micro-ops.js';
import { REGISTER_INDEX } from '../registers.js';
import { type Block, type BlockGraph, type BlockInstruction, isRepeated } from './blocks.js';
import { deadFlags } from './dead-flags.js';
import { account, mixPath } from './emit-account.js';
import { emitOperation } from './emit-operation.js';
import { type Departure, Emitter, PARAMETER, PARAMETERS, RETURN } from './emitter.js';
import { encodeModule, type Label } from '../../wasm/encoder.js';
import { type EngineLayout, HASH_MULTIPLIER, TABLE_ENTRY, type UnitRegions } from './engine-layout.js';
import { eventsOf, registersOf, undoOf } from './instruction-needs.js';
import type { MicroOp } from './micro-op.js';
import { WASM, WASM_MEMORY } from '../../wasm/opcodes.js';

/** What the translation works on. */
export interface TranslationInput {
  readonly graph: BlockGraph;
  readonly layout: Layout;
  readonly engine: EngineLayout;
  readonly regions: UnitRegions;
  /** The machine's slots, for the values of constants. */
  readonly slots: Int32Array;
  readonly tlbMultiplier: bigint;
  /** Whether the planned interrupt is looked at before every block. */
  readonly exact: boolean;
  /** Pages of the linear memory. */
  readonly pages: number;
}

/** A module, and what its results mean. */
export interface Translation {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** By result. */
  readonly departures: readonly Departure[];
  /** Events that one instruction makes at most. */
  readonly maxEvents: number;
  /** Entries of the undo list that one instruction makes at most. */
  readonly maxUndo: number;
}

/** Translates a graph of at least one block. */
export function translate(input: TranslationInput): Translation {
  return new Translator(input).translate();
}

class Translator {
  private readonly input: TranslationInput;
  private readonly e: Emitter;
  private readonly numbers = new Map<bigint, number>();
  private dispatch!: Label;
  /** Label of each block; those of blocks whose code has begun are closed. */
  private labels: Label[] = [];

  constructor(input: TranslationInput) {
    this.input = input;
    this.e = new Emitter(input.layout, input.engine, input.slots, input.tlbMultiplier);
    input.graph.blocks.forEach(({ address }, i) => this.numbers.set(address, i));
  }

  translate(): Translation {
    const { e } = this;
    const { body } = e;
    const { blocks } = this.input.graph;
    const instructions = blocks.flatMap((block) => block.instructions).filter(({ translated }) => translated);
    const { used, written } = registersOf(instructions);
    e.loadState(used);
    body
      .i32(0)
      .memory(WASM_MEMORY.i64Load, e.layout.slots + 8 * SLOT.RIP)
      .set(e.target);
    body.i32(-1).set(e.block);
    e.exit = body.block();
    this.dispatch = body.loop();
    this.lookUp();
    this.labels = [];
    for (let i = blocks.length - 1; i >= 0; i--) this.labels[i] = body.block();
    body.get(e.block).brTable(this.labels, e.exit);
    blocks.forEach((block, i) => {
      body.end();
      e.blockNumber = i;
      this.emitBlock(block);
    });
    body.op(WASM.unreachable).end();
    body.end();
    e.storeState(written);
    body.get(e.result);
    return {
      bytes: encodeModule(body, PARAMETERS, this.input.pages),
      departures: e.departures,
      maxEvents: Math.max(1, ...instructions.map(eventsOf)),
      maxUndo: Math.max(1, ...instructions.map(undoOf)),
    };
  }

  /** Finds the block of `target`, or returns with RIP there. */
  private lookUp(): void {
    const { e, input } = this;
    const { body } = e;
    const { table, tableBits } = input.regions;
    body.get(e.block).i32(0).op(WASM.i32LtS);
    body.if();
    body.get(e.target).i64(HASH_MULTIPLIER).op(WASM.i64Mul);
    body
      .i64(BigInt(64 - tableBits))
      .op(WASM.i64ShrU, WASM.i32WrapI64)
      .set(e.small);
    const probe = body.loop();
    body.get(e.small).i32(TABLE_ENTRY).op(WASM.i32Mul).tee(e.entry);
    body.memory(WASM_MEMORY.i32Load, table + 8).tee(e.small2);
    body.if();
    body.get(e.entry).memory(WASM_MEMORY.i64Load, table).get(e.target).op(WASM.i64Ne);
    body.if();
    body
      .get(e.small)
      .i32(1)
      .op(WASM.i32Add)
      .i32((1 << tableBits) - 1)
      .op(WASM.i32And)
      .set(e.small);
    body.br(probe);
    body.end().end().end();
    // small2: block + 1, 0 if it is not known, -1 - index of an external.
    body.get(e.small2).i32(0).op(WASM.i32LeS);
    body.if();
    body
      .i32(0)
      .get(e.target)
      .memory(WASM_MEMORY.i64Store, e.layout.slots + 8 * SLOT.RIP);
    body.get(e.small2).i32(1).op(WASM.i32Sub).set(e.result);
    this.unlessBoundary();
    body.br(e.exit).end();
    body.get(e.small2).i32(1).op(WASM.i32Sub).set(e.block);
    body.end();
  }

  /** In the exact variant an external is not reached before the interrupt of that boundary: the interpreter decides. */
  private unlessBoundary(): void {
    if (!this.input.exact) return;
    const { e } = this;
    e.body.get(e.count).get(PARAMETER.STOP).op(WASM.i32GeS);
    e.body.if();
    e.body.i32(RETURN.UNKNOWN).set(e.result);
    e.body.end();
  }

  private emitBlock(block: Block): void {
    const { e } = this;
    const { instructions } = block;
    e.index = 0;
    this.emitHead(instructions.length);
    const dead = deadFlags(instructions);
    const last = instructions[instructions.length - 1];
    for (const [index, instruction] of instructions.entries()) {
      e.instruction = instruction;
      e.index = index;
      if (!instruction.translated) return e.leave();
      if (isRepeated(instruction)) return this.emitRepeated(instruction);
      const { ops } = instruction;
      for (const micro of ops.slice(0, -1)) if (!dead.has(micro)) emitOperation(e, micro);
    }
    this.emitTerminator(block, last, last.ops[last.ops.length - 1]);
  }

  /** Leaves at the block's start if the budget ends within it, or, in the exact variant, if an interrupt is due. */
  private emitHead(length: number): void {
    const { e } = this;
    const { body } = e;
    const departure = { kind: 'boundary', block: e.blockNumber, index: 0 } as const;
    body.get(e.count);
    if (!this.input.exact) {
      body.i32(length).op(WASM.i32Add).get(PARAMETER.STOP).op(WASM.i32GtS);
      body.if();
      e.depart(departure);
      body.end();
      return;
    }
    body.get(PARAMETER.STOP).op(WASM.i32GeS);
    body.if();
    // The budget; or a pending interrupt: an NMI always, a maskable one with IF = 1 and no shadow.
    body.get(e.count).get(PARAMETER.END).op(WASM.i32GeS);
    body.get(PARAMETER.INTERRUPT_KIND).i32(2).op(WASM.i32Eq, WASM.i32Or);
    body.get(e.flags).i32(FLAG.IF).op(WASM.i32And).i32(0).op(WASM.i32Ne);
    body
      .i32(0)
      .memory(WASM_MEMORY.i32Load, e.controlOffset(CONTROL.SHADOW_AT))
      .get(e.count)
      .op(WASM.i32Ne, WASM.i32And);
    body.op(WASM.i32Or);
    body.if();
    e.depart(departure);
    body.end().end();
  }

  private emitTerminator(block: Block, last: BlockInstruction, { op, a, x }: MicroOp): void {
    const { e } = this;
    const { body } = e;
    account(e, block, this.input.regions.memo);
    if (op === OP.Environment) {
      e.storeRip(last.address);
      return e.depart({ kind: 'environment', number: x, record: last.record });
    }
    switch (op) {
      case OP.Next:
        return this.goTo(last.next);
      case OP.Jump:
        return this.goTo(last.target);
      case OP.JumpIndirect:
        e.push(a).body.set(e.target);
        body.i32(-1).set(e.block).br(this.dispatch);
        return;
      case OP.JumpCondition:
        e.pushCondition(x);
        break;
      case OP.JumpIfZero:
        e.push(a).body.op(WASM.i64Eqz);
        break;
      case OP.JumpIfNotZero:
        e.push(a).body.i64(0n).op(WASM.i64Ne);
        break;
      default:
        throw new Error(`no translation of the terminator ${op}`);
    }
    body.if();
    this.goTo(last.target);
    body.end();
    this.goTo(last.next);
  }

  /** A REP instruction, alone in its block: one iteration, then itself again or on. */
  private emitRepeated(instruction: BlockInstruction): void {
    const { e } = this;
    const { body } = e;
    const rcx = e.register(REGISTER_INDEX.rcx);
    const { ops } = instruction;
    const { a: test, x: mode } = ops[ops.length - 1];
    // entry, which memory accesses use, is set after them: whether the instruction goes on.
    body.i32(0).set(e.entry);
    const skip = body.block();
    for (const micro of ops.slice(0, -1)) {
      if (micro.op === OP.RepeatCheck) {
        e.push(micro.a).body.op(WASM.i64Eqz);
        body.brIf(skip);
      } else emitOperation(e, micro);
    }
    body.get(rcx).i64(1n).op(WASM.i64Sub).set(rcx);
    e.push(mode === REPEAT.WhileNotZero ? test : REGISTER_INDEX.rcx)
      .body.i64(0n)
      .op(WASM.i64Ne)
      .set(e.entry);
    body.end();
    body.get(e.count).i32(1).op(WASM.i32Add).set(e.count);
    mixPath(e, [instruction.address]);
    body.get(e.entry);
    body.if();
    this.goTo(instruction.address);
    body.end();
    this.goTo(instruction.next);
  }

  /** Goes on at an address after a whole block. */
  private goTo(address: bigint): void {
    const { e } = this;
    const { body } = e;
    const number = this.numbers.get(address);
    if (number !== undefined) {
      if (number > e.blockNumber) body.br(this.labels[number]);
      else body.i32(number).set(e.block).br(this.dispatch);
      return;
    }
    e.storeRip(address);
    const external = this.input.graph.externals.get(address);
    body.i32(external === undefined ? RETURN.UNKNOWN : RETURN.EXTERNAL - external).set(e.result);
    this.unlessBoundary();
    body.br(e.exit);
  }
}
