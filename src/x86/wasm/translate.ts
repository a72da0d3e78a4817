/**
 * The translation of a block graph into one WebAssembly function.
 *
 *     load counters and pointers
 *     exit: block
 *       dispatch: loop
 *         if the block to go to is not known, look the target up
 *         blocks in one another, so that the end of block n's label is where the code of block n begins
 *           br_table
 *         code of block 0, 1, 2 ... : budget, instructions, counters, on to the next one; a loop if it goes to its own start
 *     store counters and pointers
 *
 * A branch forward goes straight to the label of its block, one to the block's own start to its loop, another one backward round the
 * dispatching loop. Every place where something
 * rare happens leaves the function at the start of an instruction, or of a block, and the interpreter goes on there.
 */
import { FLAG } from '../flags.js';
import { CONTROL, SLOT } from '../layout.js';
import { OP, REPEAT } from '../micro-ops.js';
import { REGISTER_INDEX } from '../registers.js';
import { findAccesses, NOTHING_KNOWN } from './access-groups.js';
import {
  accountedAddresses,
  type Block,
  type BlockGraph,
  type BlockInstruction,
  isRepeated,
  successors,
} from './blocks.js';
import { account } from './emit-account.js';
import { emitOperation } from './emit-operation.js';
import { type Exit, Emitter, type EmitterInput, PARAMETER, PARAMETERS, RETURN } from './emitter.js';
import { encodeModule, type Label } from '../../wasm/encoder.js';
import { HASH_MULTIPLIER, TABLE_ENTRY, type UnitRegions } from './engine-layout.js';
import { eventsOf, registersOf, undoOf } from './instruction-needs.js';
import { isFlagsOp, type MicroOp } from './micro-op.js';
import { emitFlags } from './emit-flags.js';
import { WASM, WASM_MEMORY } from '../../wasm/opcodes.js';

/** What the translation works on. */
export interface TranslationInput extends EmitterInput {
  readonly graph: BlockGraph;
  readonly regions: UnitRegions;
  /** Whether the planned interrupt is looked at before every block. */
  readonly exact: boolean;
  /** Pages of the linear memory. */
  readonly pages: number;
}

/** A module, and what its results mean. */
export interface Translation {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** By result. */
  readonly exits: readonly Exit[];
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
  /** Start of the block being translated, if it goes there itself. */
  private own: Label | undefined;

  constructor(input: TranslationInput) {
    this.input = input;
    this.e = new Emitter(input);
    input.graph.blocks.forEach(({ address }, i) => this.numbers.set(address, i));
  }

  translate(): Translation {
    const { e } = this;
    const { body } = e;
    const { blocks } = this.input.graph;
    const instructions = blocks.flatMap((block) => block.instructions).filter(({ translated }) => translated);
    e.loadState();
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
    e.storeState();
    body.get(e.result);
    return {
      bytes: encodeModule(body, PARAMETERS, this.input.pages),
      exits: e.exits,
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
    const { address, instructions } = block;
    const own = instructions.some((one) => isRepeated(one) || successors(one).includes(address));
    e.index = 0;
    e.beginBlock();
    if (own) e.holdRegisters(registersOf(instructions.filter(({ translated }) => translated)));
    this.own = own ? e.body.loop() : undefined;
    e.accesses = this.input.exact ? NOTHING_KNOWN : findAccesses(instructions, (slot) => e.constantOf(slot));
    this.emitHead(instructions.length);
    instructions.forEach((instruction, index) => {
      e.instruction = instruction;
      e.index = index;
      if (!instruction.translated) return e.leave();
      if (isRepeated(instruction)) return this.emitRepeated(instruction);
      const { ops } = instruction;
      for (let i = 0; i < ops.length - 1; i++) emitOperation(e, ops[i], ops.slice(0, i));
      const last = ops[ops.length - 1];
      if (index === instructions.length - 1) this.emitTerminator(block, instruction, last);
      else this.emitBranchOut(block, instruction, last, instructions[index + 1].address);
    });
    if (own) e.body.end();
  }

  /** Leaves at the block's start if the budget ends within it, or, in the exact variant, if an interrupt is due. */
  private emitHead(length: number): void {
    const { e } = this;
    const { body } = e;
    const exit = { kind: 'boundary', block: e.blockNumber, index: 0 } as const;
    body.get(e.count);
    if (!this.input.exact) {
      body.i32(length).op(WASM.i32Add).get(PARAMETER.STOP).op(WASM.i32GtS);
      body.if();
      e.depart(exit);
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
    e.depart(exit);
    body.end().end();
  }

  /** A branch in the middle of a block: to where the block does not go on. */
  private emitBranchOut(block: Block, instruction: BlockInstruction, last: MicroOp, followed: bigint): void {
    const { e } = this;
    const { body } = e;
    if (last.op === OP.Next || last.op === OP.Jump) return;
    const { next, target } = instruction;
    if (next === target) return;
    this.pushTaken(last);
    if (followed === target) body.op(WASM.i32Eqz);
    body.if();
    this.complete(accountedAddresses({ ...block, instructions: block.instructions.slice(0, e.index + 1) }));
    this.goTo(followed === target ? next : target);
    body.end();
  }

  private emitTerminator(block: Block, last: BlockInstruction, terminator: MicroOp): void {
    const { e } = this;
    const { body } = e;
    const { op, a, x } = terminator;
    const addresses = accountedAddresses(block);
    switch (op) {
      case OP.Environment:
        account(e, addresses);
        e.storeRip(last.address);
        return e.depart({ kind: 'environment', number: x, record: last.record });
      case OP.Next:
        this.complete(addresses);
        return this.goTo(last.next);
      case OP.Jump:
        this.complete(addresses);
        return this.goTo(last.target);
      case OP.JumpIndirect:
        this.complete(addresses);
        e.push(a).body.set(e.target);
        e.storeRegisters();
        body.i32(-1).set(e.block).br(this.dispatch);
        return;
      default:
        this.pushTaken(terminator);
        body.set(e.taken);
        this.complete(addresses);
        body.get(e.taken);
        body.if();
        this.goTo(last.target);
        body.end();
        this.goTo(last.next);
    }
  }

  /** Pushes a 32-bit number that is not zero if the branch is taken. */
  private pushTaken({ op, a, x }: MicroOp): void {
    const { e } = this;
    switch (op) {
      case OP.JumpCondition:
        return e.flagState.pushCondition(x);
      case OP.JumpIfZero:
        return void e.push(a).body.op(WASM.i64Eqz);
      case OP.JumpIfNotZero:
        return void e.push(a).body.i64(0n).op(WASM.i64Ne);
      default:
        throw new Error(`no translation of the terminator ${op}`);
    }
  }

  /** Brings counters, pointers and flags up to what has been executed, before the block is left. */
  private complete(addresses: readonly bigint[]): void {
    const { e } = this;
    account(e, addresses);
    e.countMade();
    e.flagState.handOver();
  }

  /** A REP instruction, alone in its block: one iteration, then itself again or on. */
  private emitRepeated(instruction: BlockInstruction): void {
    const { e } = this;
    const { body } = e;
    const rcx = e.register(REGISTER_INDEX.rcx);
    const { ops } = instruction;
    const { a: test, x: mode } = ops[ops.length - 1];
    // entry, which memory accesses use, is set after them: whether the instruction goes on.
    if (ops.some(({ op }) => isFlagsOp(op))) e.flagState.settle();
    body.i32(0).set(e.entry);
    const skip = body.block();
    for (const micro of ops.slice(0, -1)) {
      if (micro.op === OP.RepeatCheck) {
        e.push(micro.a).body.op(WASM.i64Eqz);
        body.brIf(skip);
      } else if (isFlagsOp(micro.op)) emitFlags(e, micro);
      else emitOperation(e, micro);
    }
    e.countMade();
    [e.events, e.undos] = [0, 0];
    body.get(rcx).i64(1n).op(WASM.i64Sub).set(rcx);
    e.push(mode === REPEAT.WhileNotZero ? test : REGISTER_INDEX.rcx)
      .body.i64(0n)
      .op(WASM.i64Ne)
      .set(e.entry);
    body.end();
    this.complete([instruction.address]);
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
    if (number === e.blockNumber && this.own !== undefined) return void body.br(this.own);
    e.storeRegisters();
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
