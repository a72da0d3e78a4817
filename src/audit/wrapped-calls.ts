/** Where an image contains TDCALL and SEAMCALL, and who calls the functions that do. */
import { functionAround } from '../harness/call-graph.js';
import type { Image } from '../image/image.js';
import { segmentAt } from '../image/segments.js';
import { functionExtent, symbolAt } from '../stage/functions.js';
import { type WrappedName, wrappedIn } from '../stage/wrapped-instructions.js';
import type { DecodedInstruction } from '../x86/decode.js';

/** A function to be audited. */
export interface AuditTarget {
  /** Of the symbol that names it. */
  readonly symbol: string;
  readonly address: bigint;
  /** The instructions of its own, in ascending order; empty for a function that calls one which has some. */
  readonly own: readonly WrappedCall[];
  /** Names of the functions that it calls directly, which have one. */
  readonly calls: readonly string[];
}

export interface WrappedCall {
  readonly address: bigint;
  readonly instruction: WrappedName;
}

/** CALL and JMP with a distance of 32 bits, which counts from the end of their 5 bytes. */
const NEAR = [0xe8, 0xe9];
const NEAR_BYTES = 5;
/** CALL and JMP through a word that is named relative to RIP (FF /2 and FF /4): what position-independent code has for direct calls. */
const INDIRECT = 0xff;
const THROUGH_RIP = [0x15, 0x25];
const INDIRECT_BYTES = 6;

interface FoundFunction {
  readonly symbol: string;
  readonly address: bigint;
  readonly instructions: ReadonlyMap<bigint, DecodedInstruction>;
}

/** Bytes of a function that are looked through. */
const MOST_BYTES = 0x40000;

/** The functions of an image that contain such an instruction, and then those that call others directly. */
export class AuditTargets {
  /** Instructions in code that belongs to no symbol: nobody knows where their function begins. */
  readonly nameless: WrappedCall[] = [];
  private readonly functions = new Map<bigint, FoundFunction>();
  private readonly found = new Map<bigint, AuditTarget & { own: WrappedCall[]; calls: string[] }>();

  constructor(private readonly image: Image) {
    for (const { address, name } of wrappedIn(image.segments)) {
      const call = { address, instruction: name };
      const target = this.targetAt(call.address, ({ flow }) => flow === 'environment');
      if (target === undefined) this.nameless.push(call);
      else target?.own.push(call);
    }
  }

  /** By address. */
  get targets(): AuditTarget[] {
    return [...this.found.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  /** Adds the functions that call or jump to one of these. @returns those that were no targets before, by address */
  addCallers(callees: readonly AuditTarget[]): AuditTarget[] {
    const known = new Set(this.found.keys());
    const names = new Map(callees.map(({ address, symbol }) => [address, symbol]));
    for (const { from, to } of nearCalls(this.image, names)) {
      const target = this.targetAt(from, ({ target: direct, flow }) =>
        direct === undefined ? flow === 'call' || flow === 'branch' : direct === to,
      );
      const symbol = names.get(to);
      if (target == null || symbol === undefined || target.address === to || target.calls.includes(symbol)) continue;
      target.calls.push(symbol);
    }
    return this.targets.filter(({ address }) => !known.has(address));
  }

  /** The function around an address, with its instructions; undefined also for one that no compiler makes. */
  private functionAt(address: bigint): FoundFunction | undefined {
    const symbol = symbolAt(this.image, address)?.symbol;
    if (symbol === undefined || functionExtent(this.image, symbol).size > MOST_BYTES) return undefined;
    let known = this.functions.get(symbol.address);
    if (known === undefined) {
      const code = functionAround(this.image, address);
      if (code === undefined) return undefined;
      const instructions = new Map(code.instructions.map((instruction) => [instruction.address, instruction]));
      this.functions.set(symbol.address, (known = { symbol: code.symbol, address: code.address, instructions }));
    }
    return known;
  }

  /** The function around an instruction; null where no such instruction is, undefined where no function is known. */
  private targetAt(
    address: bigint,
    isThere: (instruction: DecodedInstruction) => boolean,
  ): (AuditTarget & { own: WrappedCall[]; calls: string[] }) | null | undefined {
    const code = this.functionAt(address);
    if (code === undefined) return undefined;
    // The bytes may lie in the middle of an instruction, or in a constant.
    const instruction = code.instructions.get(address);
    if (instruction === undefined || !isThere(instruction)) return null;
    let target = this.found.get(code.address);
    if (target === undefined)
      this.found.set(code.address, (target = { symbol: code.symbol, address: code.address, own: [], calls: [] }));
    return target;
  }
}

/** Bytes that would be a direct call of one of these addresses, or a jump to it; also through a table of addresses. */
function nearCalls(image: Image, callees: ReadonlyMap<bigint, string>): { from: bigint; to: bigint }[] {
  const calls: { from: bigint; to: bigint }[] = [];
  if (callees.size === 0) return calls;
  for (const { address, bytes, execute } of image.segments) {
    if (!execute) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Of offsets within the segment: a whole kernel is looked through.
    const offsets = new Map([...callees.keys()].map((callee) => [Number(callee - address), callee]));
    const each = (opcode: number, length: number, found: (at: number) => bigint | undefined): void => {
      for (let at = bytes.indexOf(opcode); at >= 0 && at + length <= bytes.length; at = bytes.indexOf(opcode, at + 1)) {
        const to = found(at);
        if (to !== undefined) calls.push({ from: address + BigInt(at), to });
      }
    };
    for (const opcode of NEAR)
      each(opcode, NEAR_BYTES, (at) => offsets.get(at + NEAR_BYTES + view.getInt32(at + 1, true)));
    each(INDIRECT, INDIRECT_BYTES, (at) => {
      if (!THROUGH_RIP.includes(bytes[at + 1])) return undefined;
      const to = wordAt(image, address + BigInt(at + INDIRECT_BYTES + view.getInt32(at + 2, true)));
      return to !== undefined && callees.has(to) ? to : undefined;
    });
  }
  return calls;
}

/** What the image holds at an address, 8 bytes. */
function wordAt({ segments }: Image, address: bigint): bigint | undefined {
  const segment = segmentAt(segments, address);
  if (segment === undefined) return undefined;
  const at = Number(address - segment.address);
  const { bytes } = segment;
  if (at + 8 > bytes.length) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(at, true);
}
