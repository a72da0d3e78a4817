import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { Bench, HOST_CONTRACT, type Piece, RET, SEAMCALL } from '../harness/made-function.test.helper.js';
import { FACT, MOMENT, OUTCOME, RFLAGS_OFFSET, slotValue } from '../observation/layout.js';
import { REGISTER_INDEX, REGISTER_NAMES, type RegisterName } from '../x86/registers.js';
import type { Answer } from './world.js';

const REFUSED_RAX = 0xc0000100_00000000n;
const BUSY = 0x80000200_00000001n;
/** What each register holds at SEAMCALL, and what the module or a TD would answer in it. */
const before = (register: number): bigint => 0xbef00000_00000000n + BigInt(register);
const answered = (register: number): bigint => 0xa115_0000_0000_0000n + BigInt(register);
const NAMES = REGISTER_NAMES.filter((name) => name !== 'rsp' && name !== 'rax');

const BARE: readonly Piece[] = [SEAMCALL, RET];
const bench = new Bench(BARE, HOST_CONTRACT);

interface Result {
  /** Registers that do not hold what they held before, and what they hold. */
  changed: Partial<Record<RegisterName, bigint>>;
  rax: bigint;
  rflags: bigint;
  tdExits: bigint;
  outcome: bigint;
  call: Answer | undefined;
}

/** Executes one SEAMCALL with RAX as given and every other register as `before`. */
function seamcall(rax: bigint, more: Readonly<Record<string, bigint>> = {}): Result {
  const values: Record<string, bigint> = {};
  for (const name of NAMES) {
    values[`entry.${name}`] = before(REGISTER_INDEX[name]);
    values[`answer.${name}`] = answered(REGISTER_INDEX[name]);
  }
  let call: Result['call'];
  const observation = bench.run({ ...values, 'entry.rax': rax, ...more }, 0, {
    before: () => undefined,
    after: (_, events) => {
      if (events.call !== undefined) call = copy(events.call);
    },
  });
  const at = (slot: number): bigint => slotValue(observation, MOMENT.answer + slot);
  const changed = NAMES.flatMap((name): [RegisterName, bigint][] => {
    const value = at(REGISTER_INDEX[name]);
    return value === before(REGISTER_INDEX[name]) ? [] : [[name, value]];
  });
  return {
    changed: Object.fromEntries(changed),
    rax: at(0),
    rflags: at(RFLAGS_OFFSET),
    tdExits: slotValue(observation, FACT.tdExits),
    outcome: slotValue(observation, FACT.outcome),
    call,
  };
}

/** The answer is the world's own object, and more than an answer. */
const copy = ({ wrote, outcome, by }: Answer): Answer => ({ wrote, outcome, by });
const values = (...names: RegisterName[]): Partial<Record<RegisterName, bigint>> =>
  Object.fromEntries(names.map((name) => [name, answered(REGISTER_INDEX[name])]));
const mask = (...names: RegisterName[]): number => names.reduce((bits, name) => bits | (1 << REGISTER_INDEX[name]), 0);

describe('a leaf that the module answers', () => {
  plain('succeeds with its own outputs, and CF is 0', () => {
    const result = seamcall(24n, { 'entry.rflags': 0x8d7n });
    const outputs = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;
    expect(result.changed).toEqual(values(...outputs));
    expect(result.call).toEqual({ wrote: mask('rax', ...outputs), outcome: OUTCOME.completed, by: 'module' });
    expect([result.rax, result.rflags, result.tdExits]).toEqual([0n, 0x8d6n, 0n]);
  });

  plain('fails with the error values of its handler', () => {
    const result = seamcall(24n, { 'answer.status': BUSY });
    expect([result.rax, result.changed]).toEqual([BUSY, { rcx: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n, r11: 0n }]);
  });

  plain('that was interrupted says how far it came, and nothing of the error values', () => {
    const interrupted = 0x80000003_00000000n;
    expect(seamcall(68n, { 'answer.status': interrupted }).call?.wrote).toBe(mask('rax', 'rcx', 'rdx'));
    const { changed, call } = seamcall(24n, { 'answer.status': interrupted });
    expect([changed, call?.wrote]).toEqual([{}, 1]);
  });

  plain('TDH.SERVTD.BIND writes R12 and R13 as well', () => {
    expect(seamcall(48n).changed).toEqual(values('rcx', 'r10', 'r11', 'r12', 'r13'));
  });

  plain.each([42n, 0xffffn, 0x1_0018n, 0x0100_0018n, 0x1_0000_0018n])(
    'RAX = %i is refused, whatever was to come',
    (rax) => {
      for (const status of [0n, BUSY]) {
        const result = seamcall(rax, { 'answer.status': status });
        expect([result.rax, result.changed, result.call?.wrote]).toEqual([REFUSED_RAX, {}, 1]);
      }
    },
  );
});

describe('TDH.VP.ENTER', () => {
  const all = NAMES.filter((name) => name !== 'rbp');

  plain('may answer in every general register, but for RSP and, with NO_RBP_MOD, RBP', () => {
    const result = seamcall(0n, { 'answer.status': 0x4dn });
    expect(result.changed).toEqual(values(...all));
    expect(result.call).toEqual({ wrote: mask('rax', ...all), outcome: OUTCOME.completed, by: 'TD' });
    expect([result.rax, result.tdExits]).toEqual([0x4dn, 1n]);
    expect(seamcall(0n, { 'module.rbpMod': 1n }).changed).toEqual(values(...NAMES));
  });

  plain('that fails changes RAX alone, and was in no TD', () => {
    const result = seamcall(0n, { 'answer.status': BUSY });
    expect([result.rax, result.changed, result.tdExits]).toEqual([BUSY, {}, 0n]);
    expect(result.call?.by).toBe('module');
  });
});

describe('the P-SEAMLDR', () => {
  plain('answers its leaves in RAX alone', () => {
    for (const leaf of [0n, 1n, 2n, 3n]) {
      const result = seamcall((1n << 63n) | leaf, { 'answer.status': 0x80000000_00030001n });
      expect([result.rax, result.changed, result.call?.by]).toEqual([0x80000000_00030001n, {}, 'P-SEAMLDR']);
    }
  });

  test.prop([fc.bigInt({ min: 5n, max: (1n << 63n) - 1n })])('knows no other', (rest) => {
    const result = seamcall((1n << 63n) | rest);
    expect([result.rax, result.changed]).toEqual([0x80000000_00000000n, {}]);
  });
});

describe('a SEAMCALL that does not reach the module', () => {
  plain('VMfailInvalid: CF is 1, the other arithmetic flags 0, no register changes', () => {
    const result = seamcall(24n, { 'call.outcome': 1n, 'entry.rflags': 0x204ad6n });
    expect([result.rax, result.changed]).toEqual([24n, {}]);
    expect(result.rflags).toBe(0x204203n);
    expect(result.outcome).toBe(BigInt(OUTCOME.vmFailInvalid));
  });

  plain('only the low bits of the slot count', () => {
    expect(seamcall(24n, { 'call.outcome': 0x4n }).changed).toEqual(seamcall(24n).changed);
  });
});
