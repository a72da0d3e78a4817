/** What the contenders of the bench execute: built-in stubs, and compiled C code where there is a compiler. */
import { join } from 'node:path';
import { builtInStubs } from '../campaign/targets/built-in-targets.js';
import type { StubTarget } from '../run/target.js';
import type { Image } from '../image/image.js';
import { functionExtent } from '../stage/functions.js';
import { findFunction } from '../image/symbols.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { BLOCK_ADDRESS, CODE_BYTES, makeRecords } from './records.js';

export interface Workload {
  /** Name in the report. */
  name: string;
  /** What one run does, for the report. */
  title: string;
  /** Machine code; entered at its first byte, which lies at CODE_ADDRESS. */
  code: Uint8Array;
  records: Int32Array;
  /** 64-bit words of the argument block that each run fills. */
  blockWords: number;
  /** A run must need fewer instructions. */
  budget: number;
  /** Events that one run may record: the machine's buffer is made large enough, as its owner would. */
  eventCapacity: number;
  /** The assembly file under corpus/targets and the symbol in it, for the contender with TDCALL as a call. */
  stub?: { source: string; symbol: string };
  /** The same stub as a target, for runs in bulk. */
  target?: StubTarget;
}

/** The stub against which the floors of the issue are stated: 5.19's TDVMCALL stub, the one of the first measurements. */
export const MAIN_STUB = 'guest-5.19/__tdx_hypercall';
const RET = Uint8Array.of(0xc3);
const STUBS = [MAIN_STUB, 'guest-6.4/__tdx_hypercall_ret'];

/**
 * The TDVMCALL stubs that are compared with other ways to run them. The module succeeds in every run, and no run asks for STI: both
 * endings would be signals on this CPU, and TDCALL alone is to be measured.
 *
 * @param count records per workload
 */
export function stubWorkloads(count: number): Workload[] {
  const targets = builtInStubs();
  return STUBS.map((name) => {
    const target = targets.find((candidate) => candidate.name === name);
    if (target === undefined) throw new Error(`no built-in target ${name}`);
    const flags = target.contract.parameters.some(({ kind }) => kind === 'flags');
    const blockWords = (target.contract.block?.size ?? 0) / 8;
    const records = makeRecords(count, blockWords, (random) => [
      [REGISTER_INDEX.rdi, BLOCK_ADDRESS, 0],
      ...(flags ? [[REGISTER_INDEX.rsi, random.next() & 1, 0] as const] : []),
    ]);
    const code = functionBytes(target);
    const source = `${name.slice(0, name.indexOf('/'))}.S`;
    const stub = { source, symbol: target.symbol };
    return { name, title: 'one TDVMCALL', code, blockWords, records, budget: 2048, eventCapacity: 4096, stub, target };
  });
}

/** What a run costs that does nothing: set-up and reset, and the way into the code and back. */
export function bareReturn(count: number): Workload {
  const blockWords = 6;
  const records = makeRecords(count, blockWords, () => [[REGISTER_INDEX.rdi, BLOCK_ADDRESS, 0]]);
  const title = 'a return alone: what every run costs, with a block of 6 words';
  return { name: 'bare return', title, code: RET, blockWords, records, budget: 2048, eventCapacity: 4096 };
}

function functionBytes({ image, symbol }: Pick<StubTarget, 'image' | 'symbol'>): Uint8Array {
  const { address, size } = functionExtent(image, findFunction(image, symbol));
  const segment = image.segments.find(
    (found) => address >= found.address && address < found.address + BigInt(found.size),
  );
  if (segment === undefined) throw new Error(`${image.name}: ${symbol} lies in no segment`);
  const start = Number(address - segment.address);
  return segment.bytes.subarray(start, start + size);
}

/** Sizes of the buffer that the compiled code works on, in bytes: what a kernel helper touches, and a whole page. */
const BUFFER_SIZES = { helper: 64, page: 4096 } as const;
/** Names of the compiled workloads. */
export const COMPILED = { helper: 'compiled C, helper', page: 'compiled C, page' } as const;

/** How compiled.c is compiled: as kernels are, and without calls of memcpy that the compiler would invent. */
export const COMPILED_FLAGS: readonly string[] = [
  '-O2',
  '-c',
  '-ffreestanding',
  '-fno-pic',
  '-fcf-protection=branch',
  '-mgeneral-regs-only',
  '-fno-tree-loop-distribute-patterns',
  '-fno-stack-protector',
  '-fno-asynchronous-unwind-tables',
];

/** The page takes some 600,000 instructions: fewer inputs are enough to compare. */
const PAGE_RECORDS = 20;

/** The function `work` of the object made of native/compiled.c, on buffers of two sizes. @throws Error if it is not one section */
export function compiledWorkloads(image: Image, count: number): Workload[] {
  const { address } = findFunction(image, 'work');
  const segment = image.segments.find((found) => found.address === address);
  // Notes are loaded too, and nothing reads them.
  const used = image.segments.filter((found) => found !== segment && !found.name.startsWith('.note'));
  if (segment === undefined || used.length > 0 || segment.size > CODE_BYTES - 16)
    throw new Error(`${image.name}: the compiled code is not one section that begins with work()`);
  return (['helper', 'page'] as const)
    .map((kind) => [kind, BUFFER_SIZES[kind]] as const)
    .map(([kind, size]) => ({
      name: COMPILED[kind],
      title: `fill, sort, search, reverse and sum ${size} bytes`,
      code: segment.bytes,
      blockWords: 0,
      records: makeRecords(size === BUFFER_SIZES.page ? Math.min(count, PAGE_RECORDS) : count, 0, (random) => [
        [REGISTER_INDEX.rdi, BLOCK_ADDRESS, 0],
        [REGISTER_INDEX.rsi, random.next(), random.next()],
        [REGISTER_INDEX.rdx, size, 0],
      ]),
      budget: 1 << 20,
      eventCapacity: size === BUFFER_SIZES.page ? 1 << 17 : 4096,
    }));
}

/** The folder of the C sources: only a checkout has it. */
export function nativeFolder(root: string): string {
  return join(root, 'src/bench/native');
}
