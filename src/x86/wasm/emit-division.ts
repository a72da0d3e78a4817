/** Division and the high half of products. What WebAssembly's 64-bit division cannot hold is left to the interpreter. */
import { OP } from '../micro-ops.js';
import type { Emitter } from './emitter.js';
import type { MicroOp } from './micro-op.js';
import { WASM } from '../../wasm/opcodes.js';

/** OP.DivUnsigned and DivSigned: d = quotient, d + 1 = remainder, of the clean halves a:b by the slot in x. */
export function emitDivide(e: Emitter, { op, d, a, b, x }: MicroOp): void {
  const { body } = e;
  const divisor = x & 0xffff;
  const width = x >> 16;
  const signed = op === OP.DivSigned;
  const extend = width === 8 ? WASM.i64Extend8S : width === 16 ? WASM.i64Extend16S : WASM.i64Extend32S;
  // wide: the dividend, wide2: the divisor.
  e.push(divisor);
  if (signed && width < 64) body.op(extend);
  body.set(e.wide2);
  if (width === 64) {
    // Only dividends of 64 bits.
    e.push(a);
    if (signed) e.push(b).body.i64(63n).op(WASM.i64ShrS, WASM.i64Ne);
    else body.i64(0n).op(WASM.i64Ne);
    e.leaveIf();
    e.push(b).body.set(e.wide);
  } else {
    e.push(a).body.i64(BigInt(width)).op(WASM.i64Shl);
    e.push(b).body.op(WASM.i64Or);
    if (signed && width === 16) body.op(WASM.i64Extend32S);
    else if (signed && width === 8) body.op(WASM.i64Extend16S);
    body.set(e.wide);
  }
  // The divisors 0 and, for signed values, -1: the latter overflows for one dividend.
  body.get(e.wide2).op(WASM.i64Eqz);
  if (signed) body.get(e.wide2).i64(-1n).op(WASM.i64Eq, WASM.i32Or);
  e.leaveIf();
  body
    .get(e.wide)
    .get(e.wide2)
    .op(signed ? WASM.i64DivS : WASM.i64DivU)
    .set(e.wide3);
  if (width < 64) {
    // The quotient must fit into the width.
    body.get(e.wide3);
    if (signed) body.get(e.wide3).op(extend, WASM.i64Ne);
    else body.i64(BigInt(width)).op(WASM.i64ShrU).i64(0n).op(WASM.i64Ne);
    e.leaveIf();
  }
  const mask = (1n << BigInt(width)) - 1n;
  const clean = (): void => {
    if (width < 64) body.i64(mask).op(WASM.i64And);
  };
  e.assign(d, () => {
    body.get(e.wide3);
    clean();
  });
  e.assign(d + 1, () => {
    body
      .get(e.wide)
      .get(e.wide2)
      .op(signed ? WASM.i64RemS : WASM.i64RemU);
    clean();
  });
}

/** OP.MulHighUnsigned and MulHighSigned: the upper 64 bits of a * b, from four products of 32 bits. */
export function emitMultiplyHigh(e: Emitter, { op, d, a, b }: MicroOp): void {
  const { body } = e;
  const low = (slot: number): void => void e.push(slot).body.i64(0xffffffffn).op(WASM.i64And);
  const high = (slot: number): void => void e.push(slot).body.i64(32n).op(WASM.i64ShrU);
  // wide = high(a) * low(b) + carry of the low product: cannot overflow.
  high(a);
  low(b);
  body.op(WASM.i64Mul);
  low(a);
  low(b);
  body.op(WASM.i64Mul).i64(32n).op(WASM.i64ShrU, WASM.i64Add).set(e.wide);
  // wide2 = low(a) * high(b) + low(wide).
  low(a);
  high(b);
  body.op(WASM.i64Mul).get(e.wide).i64(0xffffffffn).op(WASM.i64And, WASM.i64Add).set(e.wide2);
  high(a);
  high(b);
  body.op(WASM.i64Mul).get(e.wide).i64(32n).op(WASM.i64ShrU, WASM.i64Add);
  body.get(e.wide2).i64(32n).op(WASM.i64ShrU, WASM.i64Add);
  if (op === OP.MulHighSigned) {
    // A negative factor is too large by 2^64: the other one is taken off.
    const takeOff = (factor: number, other: number): void => {
      e.push(factor).body.i64(63n).op(WASM.i64ShrS);
      e.push(other).body.op(WASM.i64And, WASM.i64Sub);
    };
    takeOff(a, b);
    takeOff(b, a);
  }
  body.set(e.wide3);
  e.assign(d, () => body.get(e.wide3));
}
