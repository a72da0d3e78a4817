/**
 * Chooses which instructions are translated as one block: from where execution enters on, past joins and past branches, along the
 * way that is likely to be taken. What the block has in common with others is translated again there. A loop becomes, where it can,
 * one block that branches to its own start.
 */
import { OP } from '../micro-ops.js';
import { type BlockInstruction, type Found, isRepeated } from './blocks.js';
import { findLoops, type Loops } from './loops.js';

/** All blocks together may have this many instructions for each one found; then blocks end where basic blocks end. */
const COPIES = 4;

export class Traces {
  private readonly found: Found;
  private readonly loops: Loops;
  private readonly maxLength: number;
  private left: number;

  constructor(found: Found, entry: bigint, maxLength: number) {
    this.found = found;
    this.maxLength = maxLength;
    this.loops = maxLength > 1 ? findLoops(found, entry) : new Map();
    this.left = COPIES * found.instructions.size;
  }

  /** The block that begins at an instruction. */
  from(start: bigint): BlockInstruction[] {
    const instructions: BlockInstruction[] = [];
    const taken = new Set<bigint>();
    let at: bigint | undefined = start;
    while (at !== undefined && instructions.length < this.maxLength) {
      const instruction: BlockInstruction = this.found.instructions.get(at)!;
      instructions.push(instruction);
      taken.add(at);
      at = this.ways(instruction).find((way) => !taken.has(way) && this.mayFollow(start, way));
    }
    this.left -= instructions.length;
    return instructions;
  }

  /** Where a block may go on behind an instruction, the likelier way first. */
  private ways(instruction: BlockInstruction): bigint[] {
    const { translated, ops, next, target } = instruction;
    if (!translated || isRepeated(instruction)) return [];
    switch (ops[ops.length - 1].op) {
      case OP.Next:
        return [next];
      case OP.Jump:
        return [target];
      case OP.JumpCondition:
      case OP.JumpIfZero:
      case OP.JumpIfNotZero:
        return [next, target];
      default:
        return [];
    }
  }

  private mayFollow(start: bigint, way: bigint): boolean {
    const { instructions, leaders } = this.found;
    const instruction = instructions.get(way);
    if (instruction === undefined || isRepeated(instruction)) return false;
    if (!leaders.has(way)) return true;
    if (this.left <= 0 || this.loops.has(way)) return false;
    // A loop stays in itself.
    return this.loops.get(start)?.has(way) ?? true;
  }
}
