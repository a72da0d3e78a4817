/** Functions of a few instructions, assembled by hand, for tests that need no compiler. */
import { compileContract, type CompiledContract } from '../contract/compiled.js';
import type { Contract } from '../contract/contract.js';
import { EXTERNAL_BASE } from '../image/externals.js';
import type { Fixup, Image, ImageSymbol } from '../image/image.js';
import { createObservation } from '../observation/layout.js';
import { type Scenario, scenarioSlot, writeSlot } from '../scenario/layout.js';
import { neutralScenario } from '../scenario/neutral.js';
import { slotRoles } from '../scenario/roles.js';
import { REGISTER_INDEX, type RegisterName } from '../x86/registers.js';
import { Harness } from './harness.js';
import type { StageObserver } from '../stage/observer.js';

/** Where made functions lie. */
export const TEXT = 0xffffffff81000000n;

/** Bytes of one instruction, or how to make them for the address that it gets. */
export type Piece = readonly number[] | ((address: bigint) => readonly number[]);

export const ENDBR64 = [0xf3, 0x0f, 0x1e, 0xfa];
export const TDCALL = [0x66, 0x0f, 0x01, 0xcc];
export const SEAMCALL = [0x66, 0x0f, 0x01, 0xcf];
export const RET = [0xc3];
export const UD2 = [0x0f, 0x0b];
export const INT3 = [0xcc];
export const NOP = [0x90];
export const STI = [0xfb];
export const CLI = [0xfa];
export const STD = [0xfd];
export const CLD = [0xfc];
export const CPUID = [0x0f, 0xa2];
/** VADDPS YMM0, YMM0, YMM0: no part of the machine. */
export const VADDPS = [0xc5, 0xfc, 0x58, 0xc0];
/** MOVQ RDI, XMM0 and MOVQ RSI, XMM0 (AT&T order: source first). */
export const MOVQ_RDI_XMM0 = [0x66, 0x48, 0x0f, 0x6e, 0xc7];
export const MOVQ_RSI_XMM0 = [0x66, 0x48, 0x0f, 0x6e, 0xc6];

/** `jz` and the like over so many bytes. */
export const jz = (bytes: number): number[] => [0x74, bytes & 0xff];
export const jnz = (bytes: number): number[] => [0x75, bytes & 0xff];
export const jmp = (bytes: number): number[] => [0xeb, bytes & 0xff];

const low3 = (register: RegisterName): number => REGISTER_INDEX[register] & 7;
const extended = (register: RegisterName): number => REGISTER_INDEX[register] >> 3;
const rexW = (reg: RegisterName, rm: RegisterName): number => 0x48 | (extended(reg) << 2) | extended(rm);
/** ModRM with an 8-bit displacement; RSP and R12 as a base need a SIB byte. */
const memory = (reg: RegisterName, base: RegisterName, displacement: number): number[] => {
  const sib = low3(base) === 4 ? [0x24] : [];
  return [0x40 | (low3(reg) << 3) | low3(base), ...sib, displacement & 0xff];
};
const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

/** `target = source`, 64 bits. */
export const move = (target: RegisterName, source: RegisterName): number[] => [
  rexW(source, target),
  0x89,
  0xc0 | (low3(source) << 3) | low3(target),
];
/** `target = value`, upper half 0. */
export const set32 = (target: RegisterName, value: number): number[] => [
  ...(extended(target) ? [0x41] : []),
  0xb8 + low3(target),
  ...word(value),
];
export const set64 = (target: RegisterName, value: bigint): number[] => [
  0x48 | extended(target),
  0xb8 + low3(target),
  ...word(Number(value & 0xffffffffn)),
  ...word(Number((value >> 32n) & 0xffffffffn)),
];
export const clear = (register: RegisterName): number[] => [
  ...(extended(register) ? [0x45] : []),
  0x31,
  0xc0 | (low3(register) << 3) | low3(register),
];
/** `register = [base + displacement]`, 64 bits. */
export const load = (register: RegisterName, base: RegisterName, displacement = 0): number[] => [
  rexW(register, base),
  0x8b,
  ...memory(register, base, displacement),
];
/** `[base + displacement] = register`, 64 bits. */
export const store = (base: RegisterName, displacement: number, register: RegisterName): number[] => [
  rexW(register, base),
  0x89,
  ...memory(register, base, displacement),
];
export const push = (register: RegisterName): number[] => [
  ...(extended(register) ? [0x41] : []),
  0x50 + low3(register),
];
export const pop = (register: RegisterName): number[] => [...(extended(register) ? [0x41] : []), 0x58 + low3(register)];
/** TEST register, register. */
export const test64 = (register: RegisterName): number[] => [
  rexW(register, register),
  0x85,
  0xc0 | (low3(register) << 3) | low3(register),
];
/** ADD register, imm8, 64 bits. */
export const add8 = (register: RegisterName, value: number): number[] => [
  0x48 | extended(register),
  0x83,
  0xc0 | low3(register),
  value & 0xff,
];
/** TEST register, imm32 (sign-extended), 64 bits. */
export const testBits = (register: RegisterName, bits: number): number[] => [
  0x48 | extended(register),
  0xf7,
  0xc0 | low3(register),
  ...word(bits),
];
const relative =
  (opcode: number, target: bigint): Piece =>
  (address) => [opcode, ...word(Number(BigInt.asIntN(32, target - address - 5n)))];
export const call = (target: bigint): Piece => relative(0xe8, target);
export const jumpTo = (target: bigint): Piece => relative(0xe9, target);
export const jumpThrough = (register: RegisterName): number[] => [
  ...(extended(register) ? [0x41] : []),
  0xff,
  0xe0 | low3(register),
];

/** Address of the external number `index` of a made image. */
export const external = (index: number): bigint => EXTERNAL_BASE + BigInt(16 * index);

export function assemble(pieces: readonly Piece[], base = TEXT): Uint8Array {
  const bytes: number[] = [];
  for (const piece of pieces) bytes.push(...(typeof piece === 'function' ? piece(base + BigInt(bytes.length)) : piece));
  return Uint8Array.from(bytes);
}

export interface ImageOptions {
  /** Names of externals: `external(0)`, `external(1)`... */
  externals?: readonly string[];
  /** Further symbols. */
  symbols?: readonly ImageSymbol[];
  symbol?: string;
  base?: bigint;
  fixups?: readonly Fixup[];
}

/** An image with one function, `f` if it is not named. */
export function madeImage(pieces: readonly Piece[], options: ImageOptions = {}): Image {
  const { externals = [], symbols = [], symbol = 'f', base = TEXT, fixups = [] } = options;
  const bytes = assemble(pieces, base);
  return {
    name: 'made.o',
    format: 'elf-object',
    convention: 'sysv',
    hash: '0'.repeat(64),
    segments: [{ name: '.text', address: base, size: bytes.length, bytes, read: true, write: false, execute: true }],
    symbols: [
      { name: symbol, address: base, size: bytes.length, kind: 'function', global: true, segment: '.text' },
      ...symbols,
    ],
    externals: externals.map((name, index) => ({ name, address: external(index) })),
    fixups: [...fixups],
  };
}

/** TDG.VP.VMCALL that exposes R10 alone; every other register is the caller's. */
export const BARE_CONTRACT: Contract = {
  symbol: 'f',
  source: 'test',
  convention: 'sysv',
  instruction: 'tdcall',
  parameters: [],
  inputs: { rax: { constant: '0x0' }, rcx: { constant: '0x400' } },
  leaves: [0],
  outputs: { fields: {}, when: [] },
  returns: 'r10',
  onFailure: 'returns',
  scrubsHostValues: false,
  redZone: false,
  vectorState: 'untouched',
};

/** As BARE_CONTRACT, with a block of four fields in RDI: `a` goes to R10 and comes back from it. */
export const BLOCK_CONTRACT: Contract = {
  ...BARE_CONTRACT,
  parameters: [{ kind: 'block', name: 'args', place: { register: 'rdi' }, nullable: false }],
  block: { size: 32, fields: { a: 0, b: 8, c: 16, d: 24 } },
  inputs: { ...BARE_CONTRACT.inputs, r10: { field: 'a' } },
  outputs: { fields: { a: 'r10' }, when: [] },
};

/** SEAMCALL with every register the caller's. */
export const HOST_CONTRACT: Contract = {
  ...BARE_CONTRACT,
  instruction: 'seamcall',
  parameters: [{ kind: 'leaf', name: 'fn', place: { register: 'rax' } }],
  inputs: { rax: { parameter: 'fn' }, rcx: { constant: '0x0' } },
  leaves: [0, 24, 48],
  notEntered: { vmFailInvalid: '0x111', generalProtection: '0x222', invalidOpcode: '0x333' },
  returns: 'status',
};

/** A sound function for BLOCK_CONTRACT. */
export const SOUND: readonly Piece[] = [
  load('r10', 'rdi'),
  clear('rax'),
  set32('rcx', 0x400),
  TDCALL,
  store('rdi', 0, 'r10'),
  move('rax', 'r10'),
  RET,
];

/** A neutral scenario with some slots changed. */
export function scenarioWith(compiled: CompiledContract, values: Readonly<Record<string, bigint>> = {}): Scenario {
  const scenario = neutralScenario(compiled, slotRoles(compiled));
  for (const [name, value] of Object.entries(values)) writeSlot(scenario, scenarioSlot(name), value);
  return scenario;
}

/** A made function in a harness. */
export class Bench {
  readonly compiled: CompiledContract;
  readonly harness: Harness;

  constructor(pieces: readonly Piece[], contract: Contract = BARE_CONTRACT, options: ImageOptions = {}) {
    this.compiled = compileContract(contract, 'made');
    const image = madeImage(pieces, options);
    this.harness = new Harness({ image, symbol: 'f', entry: image.segments[0].address }, this.compiled);
  }

  /** Runs the neutral scenario with some slots changed. */
  run(values: Readonly<Record<string, bigint>> = {}, memory: 0 | 1 = 0, observer?: StageObserver): Int32Array {
    const observation = createObservation();
    this.harness.run(scenarioWith(this.compiled, values), memory, observation, observer);
    return observation;
  }
}
