/**
 * What a CPU answered, as committed vectors: one file of JSON lines, compressed with gzip (corpus/vectors/README.md).
 *
 * The first line is the header. Every other line is one case: the state before is what its number stands for (`fillBackground` in
 * case-background.ts) with the 64-bit parts in `set` replaced; the state after is the state before with the parts in `got` replaced.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { fillBackground } from './case-background.js';
import { CASE, RESULT, STATE_WORD } from './native-oracle.js';

/** The kind and version of the file. */
export const SCHEMA = 'tdxfuzz/cpu-vectors/1';

/** The file's first line. */
export interface VectorHeader {
  readonly schema: typeof SCHEMA;
  /** The CPU that answered. */
  readonly cpu: string;
  readonly vectors: number;
}

/** Values of 64 bits in hexadecimal, by the name of the part: `rax`, `rflags`, `xmm3.high`, `window+40`... */
export type Parts = Readonly<Record<string, string>>;

/** One case. */
export interface CpuVector {
  readonly row: string;
  /** The instruction, in hexadecimal. */
  readonly code: string;
  readonly number: number;
  readonly set: Parts;
  readonly got: Parts;
  readonly rip: string;
  /** Exception vector, error code and CR2, if it ended in one. */
  readonly trap?: number;
  readonly error?: number;
  readonly address?: string;
  /** Memory that is not recorded was written. */
  readonly stray?: true;
}

const GENERAL = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');

function memoryNames(name: string, words: number): string[] {
  return Array.from({ length: words / 2 }, (_, i) => `${name}+${8 * i}`);
}

/** Names of the 64-bit parts of a state, in the order of STATE_WORD. The last of the control registers holds MXCSR and the x87 control word. */
const PARTS: readonly string[] = [
  ...GENERAL,
  'rflags',
  'fsBase',
  'gsBase',
  'x87Cw:mxcsr',
  ...Array.from({ length: 32 }, (_, i) => `xmm${i >> 1}.${i % 2 === 0 ? 'low' : 'high'}`),
  ...memoryNames('window', STATE_WORD.head - STATE_WORD.window),
  ...memoryNames('head', STATE_WORD.tail - STATE_WORD.head),
  ...memoryNames('tail', STATE_WORD.size - STATE_WORD.tail),
];
const INDEX: ReadonlyMap<string, number> = new Map(PARTS.map((name, i) => [name, i]));

function value(words: Int32Array, at: number): string {
  return ((BigInt(words[at + 1] >>> 0) << 32n) | BigInt(words[at] >>> 0)).toString(16);
}

function put(words: Int32Array, at: number, text: string): void {
  const number = BigInt(`0x${text}`);
  words[at] = Number(BigInt.asIntN(32, number));
  words[at + 1] = Number(BigInt.asIntN(32, number >> 32n));
}

function differing(before: Int32Array, beforeAt: number, after: Int32Array, afterAt: number): Parts {
  const parts: Record<string, string> = {};
  PARTS.forEach((name, i) => {
    const at = 2 * i;
    const same = before[beforeAt + at] === after[afterAt + at] && before[beforeAt + at + 1] === after[afterAt + at + 1];
    if (!same) parts[name] = value(after, afterAt + at);
  });
  return parts;
}

const background = new Int32Array(STATE_WORD.size);

/** The vector of case `index` and its answer. @param number - what CaseMaker.make was given */
export function vectorOf(
  row: string,
  code: Uint8Array,
  number: number,
  cases: Int32Array,
  results: Int32Array,
  index: number,
): CpuVector {
  const state = index * CASE.size + CASE.state;
  const at = index * RESULT.size;
  const trap = results[at + RESULT.trap];
  fillBackground(background, 0, number);
  return {
    row,
    code: Buffer.from(code).toString('hex'),
    number,
    set: differing(background, 0, cases, state),
    got: differing(cases, state, results, at + RESULT.state),
    rip: value(results, at + RESULT.rip),
    ...(trap === -1
      ? {}
      : { trap, error: results[at + RESULT.errorCode], address: value(results, at + RESULT.address) }),
    ...(results[at + RESULT.stray] === 0 ? {} : { stray: true as const }),
  };
}

/** Writes a vector's case and answer to place `index`. @throws Error for a part that no state has */
export function restore(vector: CpuVector, cases: Int32Array, results: Int32Array, index: number): void {
  const start = index * CASE.size;
  const at = index * RESULT.size;
  const code = Buffer.from(vector.code, 'hex');
  new Uint8Array(cases.buffer, cases.byteOffset + 4 * start, 16).set(code);
  cases[start + CASE.codeLength] = code.length;
  const state = start + CASE.state;
  fillBackground(cases, state, vector.number);
  replace(cases, state, vector.set);
  results.set(cases.subarray(state, state + STATE_WORD.size), at + RESULT.state);
  replace(results, at + RESULT.state, vector.got);
  results[at + RESULT.trap] = vector.trap ?? -1;
  results[at + RESULT.errorCode] = vector.error ?? 0;
  results[at + RESULT.stray] = vector.stray === true ? 1 : 0;
  put(results, at + RESULT.rip, vector.rip);
  put(results, at + RESULT.address, vector.address ?? '0');
}

function replace(words: Int32Array, at: number, parts: Parts): void {
  for (const [name, text] of Object.entries(parts)) {
    const index = INDEX.get(name);
    if (index === undefined) throw new Error(`a vector names "${name}", which is no part of a state`);
    put(words, at + 2 * index, text);
  }
}

/** The file's bytes. */
export function encodeVectors(header: VectorHeader, vectors: readonly CpuVector[]): Uint8Array {
  const text = [header, ...vectors].map((line) => JSON.stringify(line)).join('\n');
  return gzipSync(`${text}\n`, { level: 9 });
}

/** @throws Error for a file of another kind */
export function decodeVectors(bytes: Uint8Array): { header: VectorHeader; vectors: CpuVector[] } {
  const [first, ...lines] = gunzipSync(bytes).toString('utf8').trimEnd().split('\n');
  const header = JSON.parse(first) as VectorHeader;
  const schema: string = header.schema;
  if (schema !== SCHEMA) throw new Error(`no CPU vectors: the schema is "${schema}", not "${SCHEMA}"`);
  if (header.vectors !== lines.length)
    throw new Error(`the header counts ${header.vectors} vectors, there are ${lines.length}`);
  return { header, vectors: lines.map((line) => JSON.parse(line) as CpuVector) };
}
