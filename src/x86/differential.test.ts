import { Code, Mnemonic } from 'iced-x86';
import { afterAll, describe, expect, it } from 'vitest';
import { disassemble } from './decode.js';
import { EXIT } from './exit.js';
import { ARITHMETIC_FLAGS, FLAG } from './flags.js';
import { SLOT } from './layout.js';
import { Machine } from './machine.js';
import type { Row } from './row.js';
import { INSTRUCTION_ROWS } from './table.js';
import { codesOf, encodeForm, type EncodedForm } from './testing/instruction-forms.js';
import { CASE, NATIVE, NativeOracle, RESULT } from './testing/native-oracle.js';
import { RandomValues } from './testing/random-values.js';
import { effectiveAddress, type InitialState, randomState } from './testing/random-state.js';

/** States per encoding; TDXFUZZ_STATES raises it for a long run. */
const STATES = Number(process.env.TDXFUZZ_STATES ?? 8);
/** Random instances (registers, addressing, immediates) per encoding. */
const INSTANCES = Number(process.env.TDXFUZZ_INSTANCES ?? 5);

/** Rows that user mode cannot execute, or that would need state which the native program does not load; machine.test.ts has them. */
const NOT_NATIVE: ReadonlySet<Mnemonic> = new Set([
  Mnemonic.Sti,
  Mnemonic.Cli,
  Mnemonic.Clac,
  Mnemonic.Stac,
  Mnemonic.Ldmxcsr,
  Mnemonic.Stmxcsr,
  Mnemonic.Fldcw,
  Mnemonic.Fnstcw,
  Mnemonic.Enter,
  Mnemonic.Ud0,
  Mnemonic.Ud1,
  Mnemonic.Int1,
  Mnemonic.Int3,
  Mnemonic.Rdfsbase,
  Mnemonic.Rdgsbase,
  Mnemonic.Wrfsbase,
  Mnemonic.Wrgsbase,
]);

const built = NativeOracle.build();
const oracle = typeof built === 'string' ? undefined : built;
if (oracle === undefined) console.warn(`x86: the differential test against the CPU is skipped: ${built as string}`);
let compared = 0;
afterAll(() => {
  oracle?.dispose();
  if (process.env.TDXFUZZ_STATES !== undefined) console.info(`x86: ${compared} cases compared with the CPU`);
});

interface Case {
  readonly form: EncodedForm;
  readonly row: Row;
  readonly initial: InitialState;
}

function isEnvironment(row: Row): boolean {
  const form = codesOf(row.mnemonic)[0];
  if (form === undefined) return true;
  const encoded = encodeForm(form, new RandomValues('environment'), false);
  return encoded !== undefined && disassemble(encoded.bytes, 0n).flow === 'environment';
}

function casesOf(row: Row): Case[] {
  const random = new RandomValues(`differential ${Mnemonic[row.mnemonic]}`);
  const cases: Case[] = [];
  for (const code of codesOf(row.mnemonic)) {
    for (let instance = 0; instance < INSTANCES * 2; instance++) {
      const form = encodeForm(code, random, instance % 2 === 1);
      if (form === undefined || (instance % 2 === 1 && !form.hasMemory)) continue;
      const known = disassemble(form.bytes, BigInt(NATIVE.code));
      if (known.unknown !== undefined || isAwkward(form, row)) continue;
      for (let i = 0; i < STATES; i++) cases.push({ form, row, initial: randomState(form, row.mnemonic, random) });
      const repeated = repeatPrefix(form, row, random);
      if (repeated !== undefined) {
        for (let i = 0; i < STATES; i++) {
          cases.push({ form: repeated, row, initial: randomState(form, row.mnemonic, random) });
        }
      }
    }
  }
  return cases;
}

/** Bit offsets that are part of the address, and stack instructions whose operand is based on RSP, cannot be aimed at the window. */
function isAwkward(form: EncodedForm, row: Row): boolean {
  const isBitTest = [Mnemonic.Bt, Mnemonic.Bts, Mnemonic.Btr, Mnemonic.Btc].includes(row.mnemonic);
  const offset = form.operandRegister[1];
  if (isBitTest && form.hasMemory && (offset === form.base || offset === form.index || offset === 4)) return true;
  // Writing RSP through an operand is fine; jumping through it is not.
  return [Mnemonic.Call, Mnemonic.Jmp].includes(row.mnemonic) && form.operandRegister[0] === 4;
}

function repeatPrefix(form: EncodedForm, row: Row, random: RandomValues): EncodedForm | undefined {
  if (!/^(Movs|Stos|Lods|Cmps|Scas)[bwdq]$/.test(Mnemonic[row.mnemonic])) return undefined;
  const prefix = /^(Cmps|Scas)/.test(Mnemonic[row.mnemonic]) && random.chance(0.5) ? 0xf2 : 0xf3;
  return { ...form, bytes: Uint8Array.from([prefix, ...form.bytes]) };
}

function pack(cases: readonly Case[]): Uint8Array {
  const bytes = new Uint8Array(cases.length * CASE.size);
  const view = new DataView(bytes.buffer);
  cases.forEach(({ form, initial }, i) => {
    const at = i * CASE.size;
    bytes.set(form.bytes, at + CASE.code);
    view.setUint32(at + CASE.codeLength, form.bytes.length, true);
    initial.gpr.forEach((value, r) => view.setBigUint64(at + CASE.gpr + 8 * r, value, true));
    view.setUint32(at + CASE.rflags, initial.rflags, true);
    initial.xmm.forEach((value, x) => view.setBigUint64(at + CASE.xmm + 8 * x, value, true));
    bytes.set(initial.memory, at + CASE.memory);
  });
  return bytes;
}

/** A machine with the native program's memory map; the code page is filled per case. */
function machineLikeNative(): Machine {
  const machine = new Machine({ memoryBytes: 1 << 16, eventCapacity: 64 });
  machine.map(BigInt(NATIVE.code), 4096, { read: true, write: false, execute: true });
  machine.map(BigInt(NATIVE.data), 8192, { read: true, write: true, execute: false });
  return machine;
}

function get64(state: Int32Array, slot: number): bigint {
  return (BigInt(state[2 * slot + 1] >>> 0) << 32n) | BigInt(state[2 * slot] >>> 0);
}

function set64(state: Int32Array, slot: number, value: bigint): void {
  state[2 * slot] = Number(BigInt.asIntN(32, value));
  state[2 * slot + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

/** Flags of this case that the architecture defines, and whether the destination is undefined. */
function undefinedParts(test: Case): { flags: number; destination: boolean } {
  const { row, form } = test;
  let flags = row.undefined;
  let destination = false;
  if (row.undefinedForCount !== undefined) {
    const width = widthOf(form.code);
    const count = countOf(test) & (width === 64 ? 63 : 31);
    if (count !== 0) flags |= row.undefinedForCount(count, width);
    else flags &= ~row.undefined;
    destination = /^Sh[lr]d_rm16/.test(Code[form.code]) && count > 16;
  }
  if (row.mnemonic === Mnemonic.Bsf || row.mnemonic === Mnemonic.Bsr) destination = sourceIsZero(test);
  return { flags, destination };
}

function widthOf(code: Code): number {
  return Number(/_rm(8|16|32|64)/.exec(Code[code])?.[1] ?? 64);
}

function countOf(test: Case): number {
  const operands = disassemble(test.form.bytes, 0n);
  return operands.immediates.length > 0 ? Number(operands.immediates[0] & 0xffn) : Number(test.initial.gpr[1] & 0xffn);
}

function sourceIsZero(test: Case): boolean {
  const width = widthOf(test.form.code);
  const mask = (1n << BigInt(width)) - 1n;
  if (!test.form.hasMemory) return (test.initial.gpr[test.form.operandRegister[1]] & mask) === 0n;
  const at = Number(effectiveAddress(test.form, test.initial.gpr) - BigInt(NATIVE.window));
  return (new DataView(test.initial.memory.buffer).getBigUint64(at, true) & mask) === 0n;
}

/** What differs between the machine and the CPU, or undefined. */
function compare(machine: Machine, test: Case, results: DataView, at: number): string | undefined {
  const { initial, form } = test;
  machine.reset();
  const { state } = machine;
  initial.gpr.forEach((value, r) => set64(state, SLOT.GPR + r, value));
  initial.xmm.forEach((value, x) => set64(state, SLOT.XMM + x, value));
  state[2 * SLOT.RFLAGS] = initial.rflags;
  set64(state, SLOT.RIP, BigInt(NATIVE.code));
  machine.pokeBytes(BigInt(NATIVE.window), initial.memory);
  const exit = machine.run(100);
  const trap = results.getUint32(at + RESULT.trap, true);
  const problems: string[] = [];
  const expectEqual = (what: string, ours: bigint, cpu: bigint): void => {
    if (ours !== cpu) problems.push(`${what} is 0x${ours.toString(16)}, on the CPU 0x${cpu.toString(16)}`);
  };
  const expectSlot = (what: string, number: number, slot: number, position: number): void => {
    const same =
      state[2 * slot] === results.getInt32(position, true) &&
      state[2 * slot + 1] === results.getInt32(position + 4, true);
    if (!same) expectEqual(`${what} ${number}`, get64(state, slot), results.getBigUint64(position, true));
  };
  if (trap === NATIVE.noTrap) {
    if (exit !== EXIT.External) problems.push(`exit ${exit} (${machine.exitDetail}), no trap on the CPU`);
  } else if (exit !== EXIT.Fault || machine.exitDetail !== trap) {
    problems.push(`exit ${exit} (${machine.exitDetail}), trap ${trap} on the CPU`);
  }
  expectEqual('rip', get64(state, SLOT.RIP), results.getBigUint64(at + RESULT.rip, true));
  const hidden = undefinedParts(test);
  for (let r = 0; r < 16; r++) {
    if (hidden.destination && r === form.operandRegister[0]) continue;
    expectSlot('register', r, SLOT.GPR + r, at + RESULT.gpr + 8 * r);
  }
  const mask = trap === NATIVE.noTrap ? (ARITHMETIC_FLAGS | FLAG.DF) & ~hidden.flags : FLAG.DF;
  const cpuFlags = results.getUint32(at + RESULT.rflags, true);
  expectEqual('rflags', BigInt(state[2 * SLOT.RFLAGS] & mask), BigInt(cpuFlags & mask));
  for (let x = 0; x < 32; x++) {
    expectSlot('xmm quadword', x, SLOT.XMM + x, at + RESULT.xmm + 8 * x);
  }
  if (!(hidden.destination && form.hasMemory)) {
    const memory = machine.peekBytes(BigInt(NATIVE.window), NATIVE.windowSize)!;
    for (let i = 0; i < NATIVE.windowSize; i++) {
      const cpu = results.getUint8(at + RESULT.memory + i);
      if (memory[i] !== cpu) problems.push(`memory[${i}] is ${memory[i]}, on the CPU ${cpu}`);
    }
  }
  return problems.length === 0 ? undefined : problems.slice(0, 4).join('; ');
}

function describeCase(test: Case): string {
  const { text } = disassemble(test.form.bytes, BigInt(NATIVE.code));
  const bytes = Array.from(test.form.bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const registers = test.initial.gpr.map((value) => value.toString(16)).join(' ');
  return `${text} (${bytes}) flags ${test.initial.rflags.toString(16)} registers ${registers}`;
}

/** Runs cases on both and tells the first few differences. */
function differences(cases: readonly Case[]): string[] {
  const raw = oracle!.run(pack(cases));
  const results = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const found: string[] = [];
  let machine = machineLikeNative();
  let form: EncodedForm | undefined;
  cases.forEach((test, i) => {
    if (form !== test.form) {
      form = test.form;
      machine = machineLikeNative();
      machine.pokeBytes(BigInt(NATIVE.code), form.bytes);
      machine.addExternal(BigInt(NATIVE.code + form.bytes.length));
      machine.addExternal(BigInt(NATIVE.taken));
      machine.checkpoint();
    }
    const problem = compare(machine, test, results, i * RESULT.size);
    if (problem !== undefined && found.length < 5) found.push(`${describeCase(test)}: ${problem}`);
  });
  return found;
}

describe.skipIf(oracle === undefined)('the machine agrees with the CPU', () => {
  const rows = INSTRUCTION_ROWS.filter((row) => !NOT_NATIVE.has(row.mnemonic) && !isEnvironment(row));
  it.each(rows.map((row) => [Mnemonic[row.mnemonic], row] as const))('%s', (_name, row) => {
    const cases = casesOf(row);
    expect(cases.length).toBeGreaterThan(0);
    compared += cases.length;
    expect(differences(cases)).toEqual([]);
  });

  it('notices a wrong outcome', () => {
    const row = INSTRUCTION_ROWS.find((candidate) => candidate.mnemonic === Mnemonic.Add)!;
    const cases = casesOf(row).slice(0, 8);
    const raw = oracle!.run(pack(cases));
    raw[RESULT.gpr] ^= 1;
    const machine = machineLikeNative();
    machine.pokeBytes(BigInt(NATIVE.code), cases[0].form.bytes);
    machine.addExternal(BigInt(NATIVE.code + cases[0].form.bytes.length));
    machine.checkpoint();
    expect(compare(machine, cases[0], new DataView(raw.buffer, raw.byteOffset, raw.byteLength), 0)).toContain(
      'register 0',
    );
  });
});
