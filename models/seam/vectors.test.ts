import { describe, expect, it } from 'vitest';
import { copyOf, type Json, perturbations } from '../vectors/perturbations.test.helper.js';
import { recordedVectors } from '../vectors/recorded-vectors.test.helper.js';
import type { VectorRecord } from '../vectors/vector-file.js';
import { checkSeamVectors, type SeamVectorKind } from './vectors.js';

const seamcall = recordedVectors('seamcall');
const asynchronous = recordedVectors('async');

describe('the model agrees with the module', () => {
  it('in all 215 SEAMCALL vectors, in every field but those that six calls took from unrecorded state', () => {
    // Outcome, RIP, XMM and 15 registers each. Inputs: RAX, RDX, R8 of three TDH.SYS.RD; RAX of TDH.SYS.KEY.CONFIG,
    // TDH.SYS.CONFIG and TDH.PHYMEM.CACHE.WB.
    expect(checkSeamVectors('seamcall', seamcall)).toEqual({
      kind: 'seamcall',
      total: 215,
      matched: 215,
      fieldsCompared: 215 * 18 - 12,
      fieldsTakenAsInput: 12,
      mismatches: [],
      rules: expect.any(Object),
      exceptions: [],
    });
  });

  it('in all 152 vectors of asynchronous exits, in every field but what describes the exit and a second entry', () => {
    // 63 exits that stay in the TD: outcome and RIP. 89 that do not: these, 11 registers, RCX bits 33:32, XMM, the
    // second outcome; then the guest's 15 registers and its XMM (49), or RAX (40).
    expect(checkSeamVectors('async', asynchronous)).toEqual({
      kind: 'async',
      total: 152,
      matched: 152,
      fieldsCompared: 63 * 2 + 89 * (2 + 11 + 1 + 16 + 1) + 49 * 16 + 40,
      fieldsTakenAsInput: 89 * 4 + 40 * 14,
      mismatches: [],
      rules: expect.any(Object),
      exceptions: [],
    });
  });
});

describe('rules and the vectors that stand on them', () => {
  it('counts each case of an exit, also those that no vector has', () => {
    const { rules } = checkSeamVectors('async', asynchronous);
    expect(Object.values(rules).reduce((sum, vectors) => sum + vectors, 0)).toBe(152);
    expect(rules).toMatchObject({
      'reason 6: SMI for a machine check': 1,
      'reason 6: another SMI': 1,
      'reason 0: machine check': 0,
      'reason 49: shared GPA': 0,
    });
  });

  it('counts leaves by how they end, and calls that never come to one', () => {
    const { rules } = checkSeamVectors('seamcall', seamcall);
    expect(rules['refused before its leaf']).toBeGreaterThan(100);
    const leaves = Object.entries(rules).filter(([rule]) => rule.startsWith('leaf '));
    const reached = leaves.reduce((sum, [, vectors]) => sum + vectors, 0);
    expect(reached + rules['refused before its leaf']).toBe(215);
  });
});

const OUTPUTS: Record<SeamVectorKind, readonly string[]> = {
  seamcall: ['outcome', 'rip_delta', 'xmm_preserved', 'host_out'],
  async: [
    'outcome',
    'rip_delta',
    'host_out',
    'host_xmm_out',
    'reenter_outcome',
    'guest_out',
    'xmm_restored',
    'host_out2',
  ],
};

/** The record with one of RCX bits 33:32 of the host's view flipped: a field of its own beside the rest of RCX. */
function withVmIndex(record: VectorRecord, bit: 32n | 33n): Json | undefined {
  const copy = copyOf(record);
  const view = copy.host_out as Json | undefined;
  if (view === undefined) return undefined;
  view.rcx = `0x${(BigInt(view.rcx as string) ^ (1n << bit)).toString(16).padStart(16, '0')}`;
  return copy;
}

describe('one changed output field is one mismatch, named by its field, unless it was taken as an input', () => {
  it.each([
    ['seamcall', seamcall],
    ['async', asynchronous],
  ] as const)('%s', (kind, records) => {
    for (const record of records) {
      const right = checkSeamVectors(kind, [record]);
      let compared = 0;
      let inputs = 0;
      for (const [field, value] of perturbations(record, OUTPUTS[kind])) {
        const report = checkSeamVectors(kind, [{ line: 7, value }]);
        if (report.mismatches.length === 0) {
          inputs++;
          continue;
        }
        expect(report.matched, `${field} of line ${record.line}`).toBe(0);
        // Bit 0 of the qualification is an input that decides how these exits end.
        if (field === 'host_out.rcx' && [6, 75].includes(record.value['reason'] as number)) {
          inputs++;
          continue;
        }
        expect(report.mismatches.map((mismatch) => mismatch.field)).toContain(field);
        expect(report.mismatches[0].line).toBe(7);
        compared++;
      }
      for (const bit of kind === 'async' ? ([32n, 33n] as const) : []) {
        const value = withVmIndex(record, bit);
        if (value === undefined) continue;
        const { mismatches } = checkSeamVectors(kind, [{ line: 7, value }]);
        expect(mismatches.map(({ field }) => field)).toEqual(['host_out.rcx[33:32]']);
        if (bit === 32n) compared++;
      }
      expect([compared, inputs]).toEqual([right.fieldsCompared, right.fieldsTakenAsInput]);
    }
  });
});

describe('the vector id', () => {
  it.each(['seamcall', 'async'] as const)('has no say in %s', (kind) => {
    const records = recordedVectors(kind).map(({ line, value }) => ({ line, value: { ...value, id: 'other' } }));
    expect(checkSeamVectors(kind, records).matched).toBe(records.length);
  });
});

describe('fields fed by unrecorded state', () => {
  const zeros = Object.fromEntries(
    ['rax', 'rcx', 'rdx', 'rbx', 'rbp', 'rsi', 'rdi', ...[8, 9, 10, 11, 12, 13, 14, 15].map((n) => `r${n}`)].map(
      (name) => [name, `0x${'0'.repeat(16)}`],
    ),
  );
  const word = (value: bigint): string => `0x${value.toString(16).padStart(16, '0')}`;
  /** A call with a page in a TDMR as both its operands. */
  const record = (rax: bigint, out: Record<string, string>, more: Json = {}): VectorRecord => {
    const registers = { ...zeros, rcx: word(0x40000000n), rdx: word(0x40001000n), r8: word(5n) };
    return {
      line: 1,
      value: {
        sys_state: 3,
        host_in: { ...registers, rax: word(rax) },
        outcome: 'seamret_to_vmm',
        rip_delta: 4,
        xmm_preserved: true,
        host_out: { ...registers, ...out },
        ...more,
      },
    };
  };
  const check = (...args: Parameters<typeof record>): ReturnType<typeof checkSeamVectors> =>
    checkSeamVectors('seamcall', [record(...args)]);

  it('are taken as inputs and counted apart; the rest is bound by the status', () => {
    // TDH.MNG.RD: any value in R8 on success, 0 on error.
    expect(check(11n, { rax: word(0n), r8: word(77n) })).toMatchObject({ matched: 1, fieldsTakenAsInput: 2 });
    const busy = word(0x8000020000000080n);
    expect(check(11n, { rax: busy, r8: word(0n) })).toMatchObject({ matched: 1, fieldsTakenAsInput: 1 });
    expect(check(11n, { rax: busy }).mismatches).toMatchObject([{ field: 'host_out.r8', actual: word(0n) }]);
    expect(check(11n, { rax: word(0n), r9: word(1n) }).mismatches).toMatchObject([{ field: 'host_out.r9' }]);
  });

  it('a status must be one of the module', () => {
    const [mismatch] = check(11n, { rax: word(0x8000fff000000000n) }).mismatches;
    expect(mismatch).toMatchObject({ field: 'host_out.rax', actual: 'a status of the module' });
    // Version 2 passes the dispatcher, and the handler has nothing but an error for it.
    expect(check(0x2000bn, { rax: word(0n) }).matched).toBe(0);
  });

  it('details of the secure EPT come with its errors alone', () => {
    const out = { rcx: word(0x123n), rdx: word(0x300n) };
    expect(check(6n, { rax: word(0xc0000b0000000001n), ...out })).toMatchObject({ matched: 1, fieldsTakenAsInput: 3 });
    expect(check(6n, { rax: word(0x8000020000000080n), ...out }).mismatches.map(({ field }) => field)).toEqual([
      'host_out.rcx',
      'host_out.rdx',
    ]);
  });

  it('TDH.VP.ENTER may run the TD, or come back with anything in all registers but RSP', () => {
    expect(check(0n, {}, { outcome: 'entry_to_td' })).toMatchObject({
      matched: 0,
      fieldsCompared: 0,
      fieldsTakenAsInput: 1,
      exceptions: [{ count: 1 }],
    });
    const exit = check(0n, { rax: word(1n), rbp: word(9n) }, { xmm_preserved: false });
    expect(exit).toMatchObject({ matched: 1, fieldsCompared: 1, fieldsTakenAsInput: 17 });
    const failed = check(0n, { rax: word(0xc000070000000000n), rbp: word(9n) });
    expect(failed.mismatches).toMatchObject([{ field: 'host_out.rbp' }]);
    const lost = check(0n, { rax: word(0xc000070000000000n) }, { xmm_preserved: false });
    expect(lost.mismatches).toMatchObject([{ field: 'xmm_preserved' }]);
  });

  it('leaves that run cryptography may clear XMM', () => {
    const done = check(68n, { rax: word(0n) }, { xmm_preserved: false });
    expect(done).toMatchObject({ matched: 1, fieldsTakenAsInput: 4 });
    expect(check(6n, { rax: word(0n) }, { xmm_preserved: false }).mismatches).toMatchObject([
      { field: 'xmm_preserved' },
    ]);
  });
});

describe('a malformed record is one line, with its place', () => {
  it.each([
    ['seamcall', 'sys_state', 5, 'f:4: field sys_state: expected 0 to 4'],
    ['seamcall', 'host_in', [], 'f:4: field host_in: expected an object of registers'],
    ['async', 'reason', 77, 'f:4: field reason: expected an exit reason that the model knows (8, 10'],
    ['async', 'debug', 2, 'f:4: field debug: expected true, false, 0 or 1'],
    ['async', 'no_rbp_mod', 2, 'f:4: field no_rbp_mod: expected true, false, 0 or 1'],
  ] as const)('%s: %s = %j', (kind, field, content, message) => {
    const value = { ...recordedVectors(kind)[0].value, [field]: content };
    expect(() => checkSeamVectors(kind, [{ line: 4, value }], 'f')).toThrow(message);
  });
});
