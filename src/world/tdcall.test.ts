import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { Bench, clear, jz, NOP, RET, set32, TDCALL, test64, type Piece } from '../harness/made-function.test.helper.js';
import { FACT, MOMENT, slotValue } from '../observation/layout.js';
import { REGISTER_NAMES, type RegisterName } from '../x86/registers.js';

const REFUSED_RAX = 0xc0000100_00000000n;
const REFUSED_RCX = 0xc0000100_00000001n;
const ALL_ONES = 0xffffffff_ffffffffn;
/** What each register holds at TDCALL, and what the host or the module would answer in it. */
const before = (register: number): bigint => 0xbef00000_00000000n + BigInt(register);
const answered = (register: number): bigint => 0xa115_0000_0000_0000n + BigInt(register);

/** The whole code: every register at TDCALL is what the scenario says, every one after it can be read at the end. */
const BARE: readonly Piece[] = [TDCALL, RET];

interface Answer {
  registers: Record<RegisterName, bigint>;
  rflags: bigint;
  exits: bigint;
  wrote: number;
}

const bench = new Bench(BARE);

/** Executes one TDCALL with RAX, RCX and every other register as `before`. */
function tdcall(rax: bigint, rcx: bigint, more: Readonly<Record<string, bigint>> = {}): Answer {
  const values: Record<string, bigint> = {};
  for (const [index, name] of REGISTER_NAMES.entries()) {
    if (name === 'rsp') continue;
    values[`entry.${name}`] = before(index);
    if (name !== 'rax') values[`answer.${name}`] = answered(index);
  }
  let wrote = -1;
  const observation = bench.run({ ...values, 'entry.rax': rax, 'entry.rcx': rcx, ...more }, 0, {
    before: () => undefined,
    after: (_, { call }) => (wrote = wrote < 0 ? (call?.wrote ?? 0) : wrote),
  });
  const at = (slot: number): bigint => slotValue(observation, MOMENT.answer + slot);
  const registers = Object.fromEntries(REGISTER_NAMES.map((name, index) => [name, at(index)]));
  return {
    registers: registers as Record<RegisterName, bigint>,
    rflags: at(17),
    exits: slotValue(observation, FACT.hostExits),
    wrote,
  };
}

/** Registers of `names` hold what was answered, the rest what it was. */
function expectWritten(
  { registers, wrote }: Answer,
  rax: bigint,
  written: Partial<Record<RegisterName, bigint>>,
  kept: Partial<Record<RegisterName, bigint>>,
): void {
  let mask = 1;
  for (const [index, name] of REGISTER_NAMES.entries()) {
    if (name === 'rsp') continue;
    const value = written[name];
    if (value !== undefined) mask |= 1 << index;
    expect([name, registers[name]]).toEqual([name, name === 'rax' ? rax : (value ?? kept[name] ?? before(index))]);
  }
  expect(wrote).toBe(mask);
}

describe('TDG.VP.VMCALL', () => {
  // docs/abi/tdvmcall.md#exposure-mask: bits 0 (RAX), 1 (RCX), 4 (RSP) and 63:32 are never legal; bit 5 (RBP) is not with NO_RBP_MOD.
  const masks = fc.tuple(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0n, 0n, 0n, 1n, 0x80000000n));

  test.prop([masks, fc.boolean()])('answers in the exposed registers alone, or refuses the mask', (parts, rbpMod) => {
    const mask = BigInt(parts[0]) | (parts[1] << 32n);
    const legal = parts[1] === 0n && (parts[0] & 0x13) === 0 && (rbpMod || (parts[0] & 0x20) === 0);
    const answer = tdcall(0n, mask, { 'module.rbpMod': rbpMod ? 1n : 0n });
    expect(answer.exits).toBe(legal ? 1n : 0n);
    const exposed = REGISTER_NAMES.map((name, index) => [name, answered(index)] as const).filter(
      (_, index) => legal && (parts[0] >>> index) & 1,
    );
    expectWritten(answer, legal ? 0n : REFUSED_RCX, Object.fromEntries(exposed), { rcx: mask });
  });

  plain('RBP is the host’s with a TD that has no NO_RBP_MOD, and refused otherwise', () => {
    expect(tdcall(0n, 0x20n, { 'module.rbpMod': 1n }).registers.rbp).toBe(answered(5));
    const refused = tdcall(0n, 0x20n);
    expect([refused.registers.rax, refused.registers.rbp]).toEqual([REFUSED_RCX, before(5)]);
  });

  test.prop([fc.bigInt({ min: 1n, max: ALL_ONES }), fc.boolean()])(
    'a failure that was injected changes RAX and nothing else',
    (status, legal) => {
      const mask = legal ? 0xffccn : 0x13n;
      const answer = tdcall(0n, mask, { 'answer.status': status });
      expectWritten(answer, status, {}, { rcx: mask });
      expect(answer.exits).toBe(0n);
    },
  );

  plain('flags and RSP are as before', () => {
    const answer = tdcall(0n, 0xffccn, { 'entry.rflags': 0x8d7n });
    expect(answer.rflags).toBe(0x8d7n);
    expect(answer.registers.rsp).toBe(tdcall(0n, 0n).registers.rsp);
  });

  plain('an exposed XMM register comes back from the host, the others stay', () => {
    const observation = bench.run({ 'entry.rax': 0n, 'entry.rcx': 0x2_0000n });
    const machine = bench.harness.machine.state;
    const xmm = (register: number): number[] => [...machine.subarray(48 + 4 * register, 52 + 4 * register)];
    expect(slotValue(observation, FACT.hostExits)).toBe(1n);
    expect(xmm(1)).toEqual([0, 0, 0, 0]);
    expect(xmm(0)).toEqual([0x33300000, 0x33300001, 0x33300002, 0x33300003]);
    expect(xmm(2)).toEqual([0x33300008, 0x33300009, 0x3330000a, 0x3330000b]);
  });
});

describe('leaves that the module answers alone', () => {
  // Outputs by leaf: docs/abi/tdcall.md#leaves (TDX_1.5.01).
  const SUCCESS: readonly (readonly [number, readonly RegisterName[]])[] = [
    [1, ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11']],
    [6, []],
    [7, ['r8']],
    [8, ['r8']],
    [9, ['rdx', 'r8']],
    [11, ['rdx', 'r8']],
    [12, ['r8']],
    [18, ['rdx', 'r8']],
    [23, ['rcx', 'rdx']],
  ];
  plain.each(SUCCESS)('leaf %i succeeds', (leaf, outputs) => {
    const answer = tdcall(BigInt(leaf), before(1));
    const written = outputs.map((name) => [name, answered(REGISTER_NAMES.indexOf(name))]);
    expectWritten(answer, 0n, Object.fromEntries(written), { rcx: before(1) });
    expect(answer.exits).toBe(0n);
  });

  const FAILURE: readonly (readonly [number, Partial<Record<RegisterName, bigint>>])[] = [
    [1, {}],
    [6, {}],
    [7, { r8: 0n }],
    [9, { rdx: ALL_ONES, r8: 0n }],
    [12, { r8: ALL_ONES }],
    [18, { rdx: ALL_ONES, r8: 0n }],
    [23, { rcx: 0n, rdx: 0n }],
  ];
  plain.each(FAILURE)('leaf %i fails', (leaf, outputs) => {
    const status = 0x80000200_00000009n;
    const answer = tdcall(BigInt(leaf), before(1), { 'answer.status': status });
    expectWritten(answer, status, outputs, { rcx: before(1) });
  });

  plain('a status with bit 63 clear is a success with its outputs', () => {
    const answer = tdcall(23n, before(1), { 'answer.status': 0x00000b0a_00000000n });
    expectWritten(answer, 0x00000b0a_00000000n, { rcx: answered(1), rdx: answered(2) }, {});
  });

  plain('TARGET_UUID_UPDATED brings the UUID in R10 to R13, another status does not', () => {
    const updated = tdcall(18n, before(1), { 'answer.status': 0xc0000d08_00000000n });
    const uuid = { r10: answered(10), r11: answered(11), r12: answered(12), r13: answered(13) };
    expectWritten(updated, 0xc0000d08_00000000n, { rdx: ALL_ONES, r8: 0n, ...uuid }, { rcx: before(1) });
    const other = tdcall(18n, before(1), { 'answer.status': 0xc0000d07_00000000n });
    expectWritten(other, 0xc0000d07_00000000n, { rdx: ALL_ONES, r8: 0n }, { rcx: before(1) });
  });

  plain.each([13n, 17n, 28n, 0xffffn, 0x1_0001n, 0xff_0000n, 0x0100_0001n, 0x1_0000_0001n, 0x8000_0000_0000_0000n])(
    'RAX = %i is refused by the dispatcher, whatever status was to come',
    (rax) => {
      for (const status of [0n, 0x80000200_00000009n]) {
        const answer = tdcall(rax, 0xffccn, { 'answer.status': status });
        expectWritten(answer, REFUSED_RAX, {}, { rcx: 0xffccn });
        expect(answer.exits).toBe(0n);
      }
    },
  );

  plain('TDG.VM.RD: version 1 succeeds with RDX too, a version that the handler does not know is refused by it', () => {
    expectWritten(tdcall(0x1_0007n, before(1)), 0n, { rdx: answered(2), r8: answered(8) }, { rcx: before(1) });
    expectWritten(tdcall(0x5_0007n, before(1)), REFUSED_RAX, { rdx: ALL_ONES, r8: 0n }, { rcx: before(1) });
  });
});

describe('what the host could see', () => {
  const twice = (...between: Piece[]): Bench =>
    new Bench([clear('rax'), set32('rcx', 0x400), TDCALL, clear('rax'), ...between, TDCALL, RET]);
  const factOf = (observation: Int32Array, name: keyof typeof FACT): bigint => slotValue(observation, FACT[name]);

  plain('no exit, no path to the host', () => {
    const refused = bench.run({ 'entry.rax': 0n, 'entry.rcx': 1n });
    expect([factOf(refused, 'calls'), factOf(refused, 'hostExits'), factOf(refused, 'pathToHost')]).toEqual([
      1n,
      0n,
      0n,
    ]);
    const leaf = bench.run({ 'entry.rax': 1n });
    expect([factOf(leaf, 'calls'), factOf(leaf, 'hostExits')]).toEqual([1n, 0n]);
  });

  plain('the path to the host ends at the last exit', () => {
    // test %r11,%r11; jz over a nop: two paths, in front of TDCALL or behind it.
    const fork = [test64('r11'), jz(1), NOP];
    const front = new Bench([...fork, clear('rax'), set32('rcx', 0x400), TDCALL, RET]);
    const behind = new Bench([clear('rax'), set32('rcx', 0x400), TDCALL, ...fork, RET]);
    const path = (made: Bench, r11: bigint): bigint[] => {
      const observation = made.run({ 'entry.r11': r11 });
      return [factOf(observation, 'pathToHost'), factOf(observation, 'path')];
    };
    expect(path(front, 0n)[0]).not.toBe(path(front, 1n)[0]);
    expect(path(behind, 0n)[0]).toBe(path(behind, 1n)[0]);
    expect(path(behind, 0n)[1]).not.toBe(path(behind, 1n)[1]);
    const [once] = path(behind, 0n);
    expect(path(twice(), 0n)[0]).not.toBe(once);
  });

  plain('the registers of a second exit are part of the view, those that it hides are not', () => {
    const made = twice(set32('rcx', 0x800));
    const view = (values: Readonly<Record<string, bigint>>): bigint => factOf(made.run(values), 'restOfHostView');
    expect(factOf(made.run(), 'hostExits')).toBe(2n);
    expect(view({ 'entry.r11': 1n })).not.toBe(view({ 'entry.r11': 2n }));
    expect(view({ 'entry.r12': 1n })).toBe(view({ 'entry.r12': 2n }));
    // One exit shows its registers in the call itself.
    expect(factOf(bench.run({ 'entry.rax': 0n, 'entry.rcx': 0x400n }), 'restOfHostView')).toBe(0n);
  });

  plain('exposed XMM is part of the view', () => {
    const view = (mask: bigint, memory: 0 | 1): bigint =>
      factOf(bench.run({ 'entry.rax': 0n, 'entry.rcx': mask }, memory), 'restOfHostView');
    expect(view(0x1_0000n, 0)).not.toBe(0n);
    expect(view(0x1_0000n, 0)).not.toBe(view(0x2_0000n, 0));
    expect(view(0x1_0000n, 0)).not.toBe(view(0x1_0000n, 1));
  });

  plain('the call and the answer that are recorded are the first ones', () => {
    const made = twice(set32('rcx', 0x800));
    const observation = made.run({ 'answer.r10': 5n, 'answer.r11': 6n });
    expect(slotValue(observation, MOMENT.call + 1)).toBe(0x400n);
    expect(slotValue(observation, MOMENT.answer + 10)).toBe(5n);
    expect(slotValue(observation, MOMENT.answer + 11)).not.toBe(6n);
    expect(slotValue(observation, MOMENT.final + 11)).toBe(6n);
    expect(factOf(observation, 'calls')).toBe(2n);
  });
});
