/** Tells which slots hold the same value, or values a constant apart, along the instructions of a block. */
import { OP } from '../micro-ops.js';
import { type MicroOp, writesSlot } from './micro-op.js';

/** A value: an unknown one, named by its number, plus a constant. The number 0 names the value 0. */
export interface Sum {
  readonly base: number;
  /** Modulo 2^64. */
  readonly plus: bigint;
}

/** Operations whose result depends on their operands alone. */
const PURE: ReadonlySet<number> = new Set([
  OP.Zx8,
  OP.Zx8High,
  OP.Zx16,
  OP.Zx32,
  OP.Sx8,
  OP.Sx16,
  OP.Sx32,
  OP.Not,
  OP.Neg,
  OP.Add,
  OP.Sub,
  OP.And,
  OP.Or,
  OP.Xor,
  OP.Mul,
  OP.Shl,
  OP.Shr,
  OP.Sar,
]);

export class ValueNumbers {
  private readonly values = new Map<number, Sum>();
  private readonly results = new Map<string, Sum>();
  private readonly constantOf: (slot: number) => bigint | undefined;
  private numbers = 0;

  /** @param constantOf - the value of a constant slot */
  constructor(constantOf: (slot: number) => bigint | undefined) {
    this.constantOf = constantOf;
  }

  /** What a slot holds now. */
  of(slot: number): Sum {
    const constant = this.constantOf(slot);
    if (constant !== undefined) return { base: 0, plus: BigInt.asUintN(64, constant) };
    let value = this.values.get(slot);
    if (value === undefined) {
      value = this.fresh();
      this.values.set(slot, value);
    }
    return value;
  }

  /** Goes past a micro-operation. */
  step(micro: MicroOp): void {
    const { op, d } = micro;
    if (!writesSlot(op)) return;
    this.values.set(d, this.result(micro));
    // The second result of a division.
    if (op === OP.DivUnsigned || op === OP.DivSigned) this.values.set(d + 1, this.fresh());
  }

  private result({ op, a, b, x }: MicroOp): Sum {
    if (op === OP.Const) return { base: 0, plus: BigInt.asUintN(64, (BigInt(b) << 32n) | BigInt(a >>> 0)) };
    if (op === OP.Mov) return this.of(a);
    if (!PURE.has(op)) return this.fresh();
    const [left, right] = [this.of(a), this.of(b)];
    if (op === OP.Add && right.base === 0) return plus(left, right.plus);
    if (op === OP.Add && left.base === 0) return plus(right, left.plus);
    if (op === OP.Sub && right.base === 0) return plus(left, -right.plus);
    const key = [op, left.base, left.plus, right.base, right.plus, x].join();
    let known = this.results.get(key);
    if (known === undefined) {
      known = this.fresh();
      this.results.set(key, known);
    }
    return known;
  }

  private fresh(): Sum {
    return { base: ++this.numbers, plus: 0n };
  }
}

function plus({ base, plus: before }: Sum, more: bigint): Sum {
  return { base, plus: BigInt.asUintN(64, before + more) };
}
