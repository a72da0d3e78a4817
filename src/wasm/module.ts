/** A WebAssembly module of several functions over one imported memory. */
import { appendUnsigned, FunctionBody } from './encoder.js';
import { WASM_TYPE, type WasmType } from './opcodes.js';
import type { I32, I64, Local, Statement, V128 } from './code.js';

/** A function of the module, or an imported one; all take 32-bit integers and return one. */
export interface FunctionHandle {
  readonly index: number;
  /** A call, for its result. */
  call(...parameters: readonly I32[]): I32;
}

/** What a function's builder gets. */
export interface Scope {
  /** The parameters. */
  readonly parameters: readonly Local<I32>[];
  i32(): Local<I32>;
  i64(): Local<I64>;
  v128(): Local<V128>;
}

interface Defined {
  readonly parameters: number;
  readonly body: FunctionBody;
}

/** Builds one module. Imports come before the first function. */
export class ModuleBuilder {
  private readonly imports: { name: string; parameters: number }[] = [];
  private readonly functions: Defined[] = [];
  private readonly exports: { name: string; index: number }[] = [];

  /** @param pages - size of the imported memory `machine.memory` in pages of 64 KiB */
  constructor(private readonly pages: number) {}

  /** Imports a function from `machine`. */
  import(name: string, parameters: number): FunctionHandle {
    if (this.functions.length > 0) throw new Error('imports come before functions');
    this.imports.push({ name, parameters });
    return handle(this.imports.length - 1);
  }

  /**
   * Adds a function.
   *
   * @param name - under which it is exported; empty for none
   * @param build - returns the code, at whose end a 32-bit value is on the stack
   */
  function(name: string, parameters: number, build: (scope: Scope) => [Statement, I32]): FunctionHandle {
    const body = new FunctionBody(parameters);
    const scope: Scope = {
      parameters: Array.from({ length: parameters }, (_, number) => local<I32>(number)),
      i32: () => local<I32>(body.local(WASM_TYPE.i32)),
      i64: () => local<I64>(body.local(WASM_TYPE.i64)),
      v128: () => local<V128>(body.local(WASM_TYPE.v128)),
    };
    const [statement, result] = build(scope);
    statement(body);
    result(body);
    const index = this.imports.length + this.functions.length;
    this.functions.push({ parameters, body });
    if (name !== '') this.exports.push({ name, index });
    return handle(index);
  }

  encode(): Uint8Array<ArrayBuffer> {
    const bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
    const arities = [...new Set([...this.imports, ...this.functions].map(({ parameters }) => parameters))];
    const types = arities.flatMap((count) => [
      0x60,
      count,
      ...Array.from({ length: count }, () => WASM_TYPE.i32),
      1,
      WASM_TYPE.i32,
    ]);
    section(bytes, 1, arities.length, types);
    const memory = [...text('machine'), ...text('memory'), 0x02, 0x01];
    appendUnsigned(memory, this.pages);
    appendUnsigned(memory, this.pages);
    const functions = this.imports.flatMap(({ name, parameters }) => [
      ...text('machine'),
      ...text(name),
      0x00,
      arities.indexOf(parameters),
    ]);
    section(bytes, 2, 1 + this.imports.length, [...memory, ...functions]);
    section(
      bytes,
      3,
      this.functions.length,
      this.functions.map(({ parameters }) => arities.indexOf(parameters)),
    );
    const exported: number[] = [];
    for (const { name, index } of this.exports) {
      exported.push(...text(name), 0x00);
      appendUnsigned(exported, index);
    }
    section(bytes, 7, this.exports.length, exported);
    const code: number[] = [];
    for (const { body } of this.functions) {
      const encoded = body.encode();
      appendUnsigned(code, encoded.length);
      for (const byte of encoded) code.push(byte);
    }
    section(bytes, 10, this.functions.length, code);
    return Uint8Array.from(bytes);
  }
}

function handle(index: number): FunctionHandle {
  return {
    index,
    call:
      (...parameters) =>
      (f) => {
        for (const parameter of parameters) parameter(f);
        f.call(index);
      },
  };
}

function local<T extends Statement>(number: number): Local<T> {
  return {
    number,
    get: ((f: FunctionBody) => void f.get(number)) as unknown as T,
    set: (value) => (f) => {
      value(f);
      f.set(number);
    },
  };
}

function text(value: string): number[] {
  return [value.length, ...Buffer.from(value, 'ascii')];
}

function section(bytes: number[], id: number, count: number, content: readonly number[]): void {
  const whole: number[] = [];
  appendUnsigned(whole, count);
  for (const byte of content) whole.push(byte);
  bytes.push(id);
  appendUnsigned(bytes, whole.length);
  for (const byte of whole) bytes.push(byte);
}

export type { WasmType };
