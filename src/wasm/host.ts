/** The part of the WebAssembly JavaScript API that the engine uses; TypeScript's ES2023 library does not declare it. */
interface MemoryObject {
  readonly buffer: ArrayBuffer;
}

interface Api {
  readonly Memory: new (size: { initial: number; maximum: number }) => MemoryObject;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, MemoryObject | TranslatedRun>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

const api = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;

/** Bytes of a page of linear memory. */
const WASM_PAGE = 65_536;

/** A linear memory that never grows, so that its buffer stays the same one. */
export interface LinearMemory {
  readonly object: MemoryObject;
  readonly buffer: ArrayBuffer;
  /** Its size in pages of 64 KiB. */
  readonly pages: number;
}

/** A linear memory of at least this many bytes. */
export function createLinearMemory(bytes: number): LinearMemory {
  const pages = Math.ceil(bytes / WASM_PAGE);
  const object = new api.Memory({ initial: pages, maximum: pages });
  return { object, buffer: object.buffer, pages };
}

/** What the translated function takes: the count to stop at, the end of the budget, the kind of planned interrupt. */
export type TranslatedRun = (stop: number, end: number, interruptKind: number) => number;

/** Compiles and instantiates a module that imports the memory and these functions from `machine`. @returns its exports */
export function instantiateFunctions(
  bytes: Uint8Array<ArrayBuffer>,
  memory: LinearMemory,
  functions: Readonly<Record<string, TranslatedRun>>,
): Readonly<Record<string, unknown>> {
  const imports = { machine: { memory: memory.object, ...functions } };
  return new api.Instance(new api.Module(bytes), imports).exports;
}

/** Compiles and instantiates a module made by `encodeModule`. @returns its function `run` */
export function instantiate(bytes: Uint8Array<ArrayBuffer>, memory: LinearMemory): TranslatedRun {
  const instance = new api.Instance(new api.Module(bytes), { machine: { memory: memory.object } });
  return instance.exports.run as TranslatedRun;
}
