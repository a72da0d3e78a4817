/**
 * WebAssembly written as nested calls: `i64.add(get(x), i64.const(8n))` is a piece of code that, when it is given a
 * function's body, appends itself to it. Pieces of 32 and of 64 bits have different types.
 */
import { type FunctionBody, type Label } from './encoder.js';
import { WASM, WASM_MEMORY, WASM_VECTOR } from './opcodes.js';

/** Code that leaves nothing on the stack. */
export type Statement = (f: FunctionBody) => void;
/** Code that leaves a 32-bit integer. */
export interface I32 {
  (f: FunctionBody): void;
  readonly width?: 32;
}
/** Code that leaves a 64-bit integer. */
export interface I64 {
  (f: FunctionBody): void;
  readonly width?: 64;
}
/** Code that leaves four 32-bit lanes. */
export interface V128 {
  (f: FunctionBody): void;
  readonly width?: 128;
}

/** A local variable; its number is known once the function is built. */
export interface Local<T> {
  readonly number: number;
  /** Reads it. */
  readonly get: T;
  set(value: T): Statement;
}

/** An address: a piece of code, or a constant. A constant costs nothing: it goes into the offset of the access. */
export type Address = I32 | number;

type Unary = (a: I32) => I32;
type Binary<T, R = T> = (a: T, b: T) => R;

const unary =
  <A, R>(opcode: number) =>
  (a: A & Statement): R =>
    ((f: FunctionBody) => {
      a(f);
      f.op(opcode);
    }) as R;
const binary =
  <A, R>(opcode: number) =>
  (a: A & Statement, b: A & Statement): R =>
    ((f: FunctionBody) => {
      a(f);
      b(f);
      f.op(opcode);
    }) as R;

/** Splits an address into what goes on the stack and what goes into the offset. */
function base(address: Address, f: FunctionBody, offset: number): number {
  if (typeof address === 'number') {
    f.i32(0);
    return address + offset;
  }
  address(f);
  return offset;
}
const load =
  <R>(opcode: number) =>
  (address: Address, offset = 0): R =>
    ((f: FunctionBody) => {
      const at = base(address, f, offset);
      f.memory(opcode, at);
    }) as R;
const store =
  <V>(opcode: number) =>
  (address: Address, offset: number, value: V & Statement): Statement =>
  (f) => {
    const at = base(address, f, offset);
    value(f);
    f.memory(opcode, at);
  };

export const i32 = {
  const: ((value: number) => (f: FunctionBody) => void f.i32(value)) as (value: number) => I32,
  eqz: unary<I32, I32>(WASM.i32Eqz) as Unary,
  eq: binary<I32, I32>(WASM.i32Eq) as Binary<I32>,
  ne: binary<I32, I32>(WASM.i32Ne) as Binary<I32>,
  ltS: binary<I32, I32>(WASM.i32LtS) as Binary<I32>,
  ltU: binary<I32, I32>(WASM.i32LtU) as Binary<I32>,
  gtU: binary<I32, I32>(WASM.i32GtU) as Binary<I32>,
  leU: binary<I32, I32>(WASM.i32LeU) as Binary<I32>,
  geS: binary<I32, I32>(WASM.i32GeS) as Binary<I32>,
  geU: binary<I32, I32>(WASM.i32GeU) as Binary<I32>,
  add: binary<I32, I32>(WASM.i32Add) as Binary<I32>,
  sub: binary<I32, I32>(WASM.i32Sub) as Binary<I32>,
  mul: binary<I32, I32>(WASM.i32Mul) as Binary<I32>,
  and: binary<I32, I32>(WASM.i32And) as Binary<I32>,
  or: binary<I32, I32>(WASM.i32Or) as Binary<I32>,
  xor: binary<I32, I32>(WASM.i32Xor) as Binary<I32>,
  shl: binary<I32, I32>(WASM.i32Shl) as Binary<I32>,
  shrU: binary<I32, I32>(WASM.i32ShrU) as Binary<I32>,
  rotl: binary<I32, I32>(WASM.i32Rotl) as Binary<I32>,
  /** The low half of a 64-bit value. */
  wrap: unary<I64, I32>(WASM.i32WrapI64) as (a: I64) => I32,
  load: load<I32>(WASM_MEMORY.i32Load),
  store: store<I32>(WASM_MEMORY.i32Store),
};

export const i64 = {
  const: ((value: bigint) => (f: FunctionBody) => void f.i64(value)) as (value: bigint) => I64,
  eqz: unary<I64, I32>(WASM.i64Eqz) as (a: I64) => I32,
  eq: binary<I64, I32>(WASM.i64Eq) as Binary<I64, I32>,
  ne: binary<I64, I32>(WASM.i64Ne) as Binary<I64, I32>,
  ltS: binary<I64, I32>(WASM.i64LtS) as Binary<I64, I32>,
  ltU: binary<I64, I32>(WASM.i64LtU) as Binary<I64, I32>,
  geU: binary<I64, I32>(WASM.i64GeU) as Binary<I64, I32>,
  ctz: unary<I64, I64>(WASM.i64Ctz) as (a: I64) => I64,
  add: binary<I64, I64>(WASM.i64Add) as Binary<I64>,
  sub: binary<I64, I64>(WASM.i64Sub) as Binary<I64>,
  mul: binary<I64, I64>(WASM.i64Mul) as Binary<I64>,
  and: binary<I64, I64>(WASM.i64And) as Binary<I64>,
  or: binary<I64, I64>(WASM.i64Or) as Binary<I64>,
  xor: binary<I64, I64>(WASM.i64Xor) as Binary<I64>,
  shl: binary<I64, I64>(WASM.i64Shl) as Binary<I64>,
  shrU: binary<I64, I64>(WASM.i64ShrU) as Binary<I64>,
  shrS: binary<I64, I64>(WASM.i64ShrS) as Binary<I64>,
  extend: unary<I32, I64>(WASM.i64ExtendI32U) as (a: I32) => I64,
  load: load<I64>(WASM_MEMORY.i64Load),
  store: store<I64>(WASM_MEMORY.i64Store),
};

const vectorBinary =
  (opcode: number) =>
  (a: V128, b: V128): V128 =>
  (f) => {
    a(f);
    b(f);
    f.vector(opcode);
  };
const vectorShift =
  (opcode: number) =>
  (a: V128, count: number): V128 =>
  (f) => {
    a(f);
    f.i32(count).vector(opcode);
  };

/** Four lanes of 32 bits. */
export const v128 = {
  const:
    (lanes: readonly [number, number, number, number]): V128 =>
    (f) =>
      void f.v128Const(lanes),
  load:
    (address: Address, offset = 0): V128 =>
    (f) => {
      const at = base(address, f, offset);
      f.v128Load(at);
    },
  store:
    (address: Address, offset: number, value: V128): Statement =>
    (f) => {
      const at = base(address, f, offset);
      value(f);
      f.v128Store(at);
    },
  add: vectorBinary(WASM_VECTOR.i32x4Add),
  mul: vectorBinary(WASM_VECTOR.i32x4Mul),
  and: vectorBinary(WASM_VECTOR.v128And),
  /** a & ~b. */
  andNot: vectorBinary(WASM_VECTOR.v128AndNot),
  xor: vectorBinary(WASM_VECTOR.v128Xor),
  or: vectorBinary(WASM_VECTOR.v128Or),
  shl: vectorShift(WASM_VECTOR.i32x4Shl),
  shrU: vectorShift(WASM_VECTOR.i32x4ShrU),
  /** Both halves are the 64 bits at an address. */
  load64Splat:
    (address: Address, offset = 0): V128 =>
    (f) => {
      const at = base(address, f, offset);
      f.v128Load(at, WASM_VECTOR.v128Load64Splat);
    },
  /** All ones in each half of 64 bits that is equal. */
  eq64: vectorBinary(WASM_VECTOR.i64x2Eq),
  anyTrue:
    (value: V128): I32 =>
    (f) => {
      value(f);
      f.vector(WASM_VECTOR.v128AnyTrue);
    },
  /** Four times the same. */
  splat:
    (value: I32): V128 =>
    (f) => {
      value(f);
      f.vector(WASM_VECTOR.i32x4Splat);
    },
};

/** `yes` if `condition` is not 0, else `no`; both are computed. */
export function select<T extends I32 | I64>(condition: I32, yes: T, no: T): T {
  return ((f: FunctionBody) => {
    yes(f);
    no(f);
    condition(f);
    f.op(0x1b);
  }) as T;
}

/** One after the other. */
export const seq =
  (...statements: readonly Statement[]): Statement =>
  (f) => {
    for (const statement of statements) statement(f);
  };

export const when =
  (condition: I32, then: Statement, otherwise?: Statement): Statement =>
  (f) => {
    condition(f);
    f.if();
    then(f);
    if (otherwise !== undefined) {
      f.else();
      otherwise(f);
    }
    f.end();
  };

/** A place to leave: `leave` ends the block. */
export const block =
  (body: (leave: (condition?: I32) => Statement) => Statement): Statement =>
  (f) => {
    const label = f.block();
    body(branchTo(label))(f);
    f.end();
  };

/** `again` goes back to the start; without it the loop ends. */
export const loop =
  (body: (again: (condition?: I32) => Statement) => Statement): Statement =>
  (f) => {
    const label = f.loop();
    body(branchTo(label))(f);
    f.end();
  };

const branchTo =
  (label: Label) =>
  (condition?: I32): Statement =>
  (f) => {
    if (condition === undefined) f.br(label);
    else {
      condition(f);
      f.brIf(label);
    }
  };

/** Returns a 32-bit value from the function. */
export const giveBack =
  (value: I32): Statement =>
  (f) => {
    value(f);
    f.op(0x0f);
  };

/** Computes a value that is of no interest: a call for its effects. */
export const discard =
  (value: I32): Statement =>
  (f) => {
    value(f);
    f.op(0x1a);
  };

/** Any of them is not 0; all must be 0 or 1. */
export const any = (...conditions: readonly I32[]): I32 =>
  conditions.length === 0 ? i32.const(0) : conditions.reduce((a, b) => i32.or(a, b));
export const all = (...conditions: readonly I32[]): I32 =>
  conditions.length === 0 ? i32.const(1) : conditions.reduce((a, b) => i32.and(a, b));

/** `vector` for every whole 16 bytes of a range, then `word` for 8 that are left. */
function inVectors(bytes: number, vector: (at: number) => Statement, word: (at: number) => Statement): Statement {
  const parts: Statement[] = [];
  let at = 0;
  for (; at + 16 <= bytes; at += 16) parts.push(vector(at));
  if (at < bytes) parts.push(word(at));
  return seq(...parts);
}

/** Copies between two addresses; a multiple of 8 bytes. */
export function copy(to: Address, toOffset: number, from: Address, fromOffset: number, bytes: number): Statement {
  return inVectors(
    bytes,
    (at) => v128.store(to, toOffset + at, v128.load(from, fromOffset + at)),
    (at) => i64.store(to, toOffset + at, i64.load(from, fromOffset + at)),
  );
}

/**
 * Copies as `copy` does, 8 bytes at a time: what was written 8 bytes at a time a moment ago cannot be read 16 at a time
 * without waiting until it has left the store buffer.
 */
export function copyWords(to: Address, toOffset: number, from: Address, fromOffset: number, bytes: number): Statement {
  const words = Array.from({ length: bytes / 8 }, (_, word) => 8 * word);
  return seq(...words.map((at) => i64.store(to, toOffset + at, i64.load(from, fromOffset + at))));
}

/** Fills with zeros; a multiple of 8 bytes. */
export function clear(to: Address, offset: number, bytes: number): Statement {
  return inVectors(
    bytes,
    (at) => v128.store(to, offset + at, v128.const([0, 0, 0, 0])),
    (at) => i64.store(to, offset + at, i64.const(0n)),
  );
}
