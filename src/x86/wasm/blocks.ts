/** Finds the code that can be reached from one place and cuts it into blocks. */
import type { CodeCache } from '../code-cache.js';
import { ACCESS, OP, RECORD } from '../micro-ops.js';
import { isTranslatable, type MicroOp, microOpsOf } from './micro-op.js';
import { Traces } from './traces.js';

/** One instruction as the translation sees it. */
export interface BlockInstruction {
  readonly record: number;
  readonly address: bigint;
  readonly ops: readonly MicroOp[];
  /** False if the interpreter has to execute it; then it is the last of its block. */
  readonly translated: boolean;
  readonly next: bigint;
  readonly target: bigint;
}

/** Instructions that are executed one after the other from the first on, some of them left by a branch (traces.ts). */
export interface Block {
  readonly address: bigint;
  readonly instructions: readonly BlockInstruction[];
}

/** The blocks in the order in which they are best laid out, and the external addresses that they go to directly. */
export interface BlockGraph {
  readonly blocks: readonly Block[];
  /** Address -> index of the external. */
  readonly externals: ReadonlyMap<bigint, number>;
}

/** The instructions that can be reached, and the addresses at which something else than the instruction before may lead to one. */
export interface Found {
  readonly instructions: Map<bigint, BlockInstruction>;
  readonly leaders: Set<bigint>;
  readonly externals: Map<bigint, number>;
}

/**
 * @param entries - where runs begin, and further addresses that are known to be jumped to
 * @param maxInstructions - how many are taken; what lies beyond is left to the interpreter
 * @param maxLength - instructions in one block; 1 makes every boundary a place to enter
 */
export function findBlocks(
  cache: CodeCache,
  entries: readonly [bigint, ...bigint[]],
  maxInstructions: number,
  maxLength: number,
): BlockGraph {
  const found = reach(cache, entries, maxInstructions);
  const traces = new Traces(found, entries[0], maxLength);
  const blocks: Block[] = [];
  const placed = new Set<bigint>();
  // Depth first, what follows before what is jumped to: most blocks fall through into the next one.
  const waiting = entries.toReversed();
  for (;;) {
    const address = waiting.pop();
    if (address === undefined) break;
    if (placed.has(address) || !found.instructions.has(address)) continue;
    placed.add(address);
    const instructions = traces.from(address);
    blocks.push({ address, instructions });
    instructions.forEach((instruction, i) => {
      const followed = instructions.at(i + 1)?.address;
      for (const successor of successors(instruction).toReversed()) if (successor !== followed) waiting.push(successor);
    });
  }
  return { blocks, externals: found.externals };
}

function reach(cache: CodeCache, entries: readonly bigint[], maxInstructions: number): Found {
  const found: Found = { instructions: new Map(), leaders: new Set(entries), externals: new Map() };
  // The last one first: where runs begin, more may be reached than there is room for.
  const waiting = [...entries];
  for (;;) {
    const address = waiting.pop();
    if (address === undefined) return found;
    if (found.instructions.has(address) || found.externals.has(address)) continue;
    if (found.instructions.size >= maxInstructions) continue;
    const record = cache.resolve(half(address), half(address >> 32n));
    if (record === 0) continue;
    const { code } = cache;
    const ops = microOpsOf(code, record);
    if (ops[0].op === OP.External) {
      found.externals.set(address, ops[0].x);
      continue;
    }
    const instruction = {
      record,
      address,
      ops,
      translated: isTranslatable(ops),
      next: join(code[record + RECORD.NEXT_LOW], code[record + RECORD.NEXT_HIGH]),
      target: join(code[record + RECORD.TARGET_LOW], code[record + RECORD.TARGET_HIGH]),
    };
    found.instructions.set(address, instruction);
    const following = stops(cache, instruction) ? [instruction.target] : successors(instruction);
    if (endsBlock(instruction)) {
      for (const successor of following) found.leaders.add(successor);
      if (isRepeated(instruction)) found.leaders.add(address);
    }
    for (const successor of following.toReversed()) waiting.push(successor);
  }
}

/** RIP of the instructions that are counted when a block has been executed: an environment call is counted once it is answered. */
export function accountedAddresses({ instructions }: Block): bigint[] {
  const last = instructions[instructions.length - 1];
  const counted = last.ops[last.ops.length - 1].op === OP.Environment ? instructions.slice(0, -1) : instructions;
  return counted.map(({ address }) => address);
}

/** Whether the instruction is executed again until a count is used up. */
export function isRepeated({ ops }: BlockInstruction): boolean {
  return ops[ops.length - 1].op === OP.Repeat;
}

export function endsBlock(instruction: BlockInstruction): boolean {
  return !instruction.translated || instruction.ops[instruction.ops.length - 1].op !== OP.Next;
}

/** Where execution may go on, what follows in memory first: direct targets, and where a call or the world comes back to. */
export function successors({ ops, next, target }: BlockInstruction): bigint[] {
  switch (ops[ops.length - 1].op) {
    case OP.Next:
    case OP.Environment:
    case OP.Repeat:
      return [next];
    case OP.Jump:
      return pushes(ops) ? [target, next] : [target];
    case OP.JumpCondition:
    case OP.JumpIfZero:
    case OP.JumpIfNotZero:
      return [next, target];
    case OP.JumpIndirect:
      return pushes(ops) ? [next] : [];
    default:
      return [];
  }
}

/** A call of an external, where the run stops: what stands behind it is often no code at all. */
function stops(cache: CodeCache, { ops, target }: BlockInstruction): boolean {
  if (ops[ops.length - 1].op !== OP.Jump || !pushes(ops)) return false;
  const record = cache.resolve(half(target), half(target >> 32n));
  return record !== 0 && microOpsOf(cache.code, record)[0].op === OP.External;
}

/** A jump that pushes something is a call: its continuation is reached by an indirect jump. */
function pushes(ops: readonly MicroOp[]): boolean {
  return ops.some(({ op, x }) => op === OP.Store && (x & ACCESS.Implicit) !== 0);
}

function half(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

function join(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
