/** A small encoder of WebAssembly modules: what the translation needs of the binary format (core specification 2.0, chapter 5). */
import { WASM_TYPE, WASM_VECTOR, WASM_VECTOR_PREFIX, type WasmType } from './opcodes.js';

/** Appends an unsigned 32-bit number in LEB128. */
export function appendUnsigned(bytes: number[], value: number): void {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
}

/** Appends a signed number of up to 64 bits in LEB128. */
export function appendSigned(bytes: number[], value: bigint): void {
  let rest = value;
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
      bytes.push(low);
      return;
    }
    bytes.push(low | 0x80);
  }
}

/** A place that a branch can go to: the end of a block or `if`, the start of a loop. */
export interface Label {
  /** How many structures were open when this one was opened. */
  readonly depth: number;
}

const BLOCK_TYPE_EMPTY = 0x40;

/** The body of one function: instructions and locals. Local numbers begin with the parameters. */
export class FunctionBody {
  private readonly bytes: number[] = [];
  private readonly localTypes: WasmType[] = [];
  private readonly parameters: number;
  private depth = 0;

  /** @param parameters - how many of them there are */
  constructor(parameters: number) {
    this.parameters = parameters;
  }

  /** Declares a local. @returns its number */
  local(type: WasmType): number {
    this.localTypes.push(type);
    return this.parameters + this.localTypes.length - 1;
  }

  /** Instructions without immediate operands (WASM). */
  op(...opcodes: number[]): this {
    this.bytes.push(...opcodes);
    return this;
  }

  i32(value: number): this {
    this.bytes.push(0x41);
    appendSigned(this.bytes, BigInt(value | 0));
    return this;
  }

  /** @param value - taken modulo 2^64 */
  i64(value: bigint): this {
    this.bytes.push(0x42);
    appendSigned(this.bytes, BigInt.asIntN(64, value));
    return this;
  }

  get(local: number): this {
    return this.withIndex(0x20, local);
  }

  set(local: number): this {
    return this.withIndex(0x21, local);
  }

  tee(local: number): this {
    return this.withIndex(0x22, local);
  }

  /** A load or store (WASM_MEMORY) at a constant offset from the address on the stack. */
  memory(opcode: number, offset: number): this {
    this.bytes.push(opcode, 0);
    appendUnsigned(this.bytes, offset);
    return this;
  }

  /** An instruction on 128 bits without immediate operands (WASM_VECTOR). */
  vector(opcode: number): this {
    this.bytes.push(WASM_VECTOR_PREFIX);
    appendUnsigned(this.bytes, opcode);
    return this;
  }

  /** An instruction on one lane of 128 bits. */
  vectorLane(opcode: number, lane: number): this {
    this.bytes.push(WASM_VECTOR_PREFIX, opcode, lane);
    return this;
  }

  /** Four 32-bit lanes, the lowest first. */
  v128Const(lanes: readonly number[]): this {
    const bytes = new Uint8Array(Int32Array.from(lanes).buffer);
    this.bytes.push(WASM_VECTOR_PREFIX, WASM_VECTOR.v128Const, ...bytes);
    return this;
  }

  /** A 128-bit zero. */
  v128Zero(): this {
    return this.v128Const([0, 0, 0, 0]);
  }

  /** Loads 128 bits at a constant offset from the address on the stack. */
  v128Load(offset: number, opcode: number = WASM_VECTOR.v128Load): this {
    this.bytes.push(WASM_VECTOR_PREFIX, opcode, 0);
    appendUnsigned(this.bytes, offset);
    return this;
  }

  /** Stores 128 bits at a constant offset from the address on the stack. */
  v128Store(offset: number): this {
    this.bytes.push(WASM_VECTOR_PREFIX, WASM_VECTOR.v128Store, 0);
    appendUnsigned(this.bytes, offset);
    return this;
  }

  block(): Label {
    return this.open(0x02);
  }

  loop(): Label {
    return this.open(0x03);
  }

  /** Takes the condition from the stack. */
  if(): Label {
    return this.open(0x04);
  }

  else(): this {
    this.bytes.push(0x05);
    return this;
  }

  end(): this {
    this.depth--;
    this.bytes.push(0x0b);
    return this;
  }

  br(label: Label): this {
    return this.withIndex(0x0c, this.distance(label));
  }

  brIf(label: Label): this {
    return this.withIndex(0x0d, this.distance(label));
  }

  /** Calls the function with this index, imports first. */
  call(index: number): this {
    return this.withIndex(0x10, index);
  }

  /** Branches by the number on the stack; `otherwise` for a number beyond the labels. */
  brTable(labels: readonly Label[], otherwise: Label): this {
    this.bytes.push(0x0e);
    appendUnsigned(this.bytes, labels.length);
    for (const label of labels) appendUnsigned(this.bytes, this.distance(label));
    appendUnsigned(this.bytes, this.distance(otherwise));
    return this;
  }

  /** The function as an entry of the code section, without its length. */
  encode(): number[] {
    if (this.depth !== 0) throw new Error(`a function ends with ${this.depth} open structures`);
    const result: number[] = [];
    const runs: { type: WasmType; count: number }[] = [];
    for (const type of this.localTypes) {
      const last = runs.at(-1);
      if (last !== undefined && last.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    appendUnsigned(result, runs.length);
    for (const { type, count } of runs) {
      appendUnsigned(result, count);
      result.push(type);
    }
    for (const byte of this.bytes) result.push(byte);
    result.push(0x0b);
    return result;
  }

  private open(opcode: number): Label {
    this.bytes.push(opcode, BLOCK_TYPE_EMPTY);
    return { depth: this.depth++ };
  }

  private distance(label: Label): number {
    if (label.depth >= this.depth) throw new Error('a branch to a label that is closed');
    return this.depth - label.depth - 1;
  }

  private withIndex(opcode: number, index: number): this {
    this.bytes.push(opcode);
    appendUnsigned(this.bytes, index);
    return this;
  }
}

/**
 * A module with one function, exported as `run`, that takes and returns 32-bit integers and works on the imported memory
 * `machine.memory`.
 *
 * @param pages - size of the memory in WebAssembly pages of 64 KiB
 */
export function encodeModule(body: FunctionBody, parameters: number, pages: number): Uint8Array<ArrayBuffer> {
  const bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const type = [0x60];
  appendUnsigned(type, parameters);
  for (let i = 0; i < parameters; i++) type.push(WASM_TYPE.i32);
  type.push(1, WASM_TYPE.i32);
  appendSection(bytes, 1, [1, ...type]);
  const imported = [1, ...name('machine'), ...name('memory'), 0x02, 0x01];
  appendUnsigned(imported, pages);
  appendUnsigned(imported, pages);
  appendSection(bytes, 2, imported);
  appendSection(bytes, 3, [1, 0]);
  appendSection(bytes, 7, [1, ...name('run'), 0x00, 0]);
  const code = body.encode();
  const section = [1];
  appendUnsigned(section, code.length);
  for (const byte of code) section.push(byte);
  appendSection(bytes, 10, section);
  return Uint8Array.from(bytes);
}

function name(text: string): number[] {
  return [text.length, ...Buffer.from(text, 'ascii')];
}

function appendSection(bytes: number[], id: number, content: readonly number[]): void {
  bytes.push(id);
  appendUnsigned(bytes, content.length);
  for (const byte of content) bytes.push(byte);
}
