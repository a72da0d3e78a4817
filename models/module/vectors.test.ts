import { describe, expect, it } from 'vitest';
import { copyOf, type Json, perturbations } from '../vectors/perturbations.test.helper.js';
import { recordedVectors } from '../vectors/recorded-vectors.test.helper.js';
import type { VectorRecord } from '../vectors/vector-file.js';
import { kindOfRecord } from '../vectors/vector-kind.js';
import { checkVectors, type ModuleVectorKind } from './vectors.js';

const vmcall = recordedVectors('vmcall');
const tdcall = recordedVectors('tdcall');

describe('the model agrees with the module', () => {
  it('in all 535 VMCALL vectors, in every field', () => {
    const report = checkVectors('vmcall', vmcall);
    expect(report).toEqual({
      kind: 'vmcall',
      total: 535,
      matched: 535,
      fieldsCompared: 119 * 34 + 416 * 67,
      fieldsTakenAsInput: 0,
      mismatches: [],
      rules: expect.any(Object),
      exceptions: [],
    });
  });

  it('in all 82 TDCALL vectors, in every field', () => {
    const report = checkVectors('tdcall', tdcall);
    expect(report).toEqual({
      kind: 'tdcall',
      total: 82,
      matched: 82,
      fieldsCompared: 82 * 18,
      fieldsTakenAsInput: 0,
      mismatches: [],
      rules: expect.any(Object),
      exceptions: [],
    });
  });
});

const OUTPUTS: Record<ModuleVectorKind, readonly string[]> = {
  vmcall: [
    'outcome',
    'guest_rip_delta',
    'interruptibility_after',
    'host_out',
    'host_xmm_out',
    'reenter_outcome',
    'reenter_rip_delta',
    'guest_out',
    'guest_xmm_out',
  ],
  tdcall: ['outcome', 'rip_delta', 'xmm_preserved', 'guest_out'],
};

describe('one changed output field is one mismatch, named by its field', () => {
  it.each([
    // Every 5th VMCALL vector: refusals and exits, both settings of NO_RBP_MOD.
    ['vmcall', vmcall.filter((_, index) => index % 5 === 0)],
    ['tdcall', tdcall],
  ] as const)('%s', (kind, records) => {
    for (const record of records) {
      let changed = 0;
      for (const [field, value] of perturbations(record, OUTPUTS[kind])) {
        const report = checkVectors(kind, [{ line: 7, value }]);
        expect(report.matched, `${field} of line ${record.line}`).toBe(0);
        expect(report.mismatches.map((mismatch) => mismatch.field)).toContain(field);
        expect(report.mismatches[0].line).toBe(7);
        changed++;
      }
      // No field counts as compared that a change would not show.
      expect(changed).toBe(checkVectors(kind, [record]).fieldsCompared);
    }
  });

  it('covers both outcomes and both settings in the VMCALL sample', () => {
    const sample = vmcall.filter((_, index) => index % 5 === 0).map(({ value }) => value);
    const seen = new Set(sample.map((value) => `${String(value.outcome)} ${String(value.no_rbp_mod)}`));
    expect(seen.size).toBe(4);
  });
});

describe('the vector id', () => {
  it.each(['vmcall', 'tdcall'] as const)('has no say in %s', (kind) => {
    const records = recordedVectors(kind).map(({ line, value }) => ({ line, value: { ...value, id: 'other' } }));
    expect(checkVectors(kind, records).matched).toBe(records.length);
  });
});

describe('fields fed by unrecorded state', () => {
  const template = tdcall.find(({ value }) => value.fill === 0 && kindOfRecord({ line: 1, value }) === 'tdcall');
  const zeros = Object.fromEntries(
    ['rax', 'rcx', 'rdx', 'rbx', 'rbp', 'rsi', 'rdi', ...[8, 9, 10, 11, 12, 13, 14, 15].map((n) => `r${n}`)].map(
      (name) => [name, `0x${'0'.repeat(16)}`],
    ),
  );
  const record = (leaf: number, out: Record<string, string>, more: Json = {}): VectorRecord => ({
    line: 1,
    value: {
      ...template?.value,
      guest_in: { ...zeros, rax: `0x${leaf.toString(16).padStart(16, '0')}` },
      guest_out: { ...zeros, ...out },
      ...more,
    },
  });

  it('are taken as inputs and counted apart: TDG.SYS.RD of a field that the model does not know', () => {
    const failed = checkVectors('tdcall', [record(11, { rax: '0xc0000c0000000000', rdx: '0xffffffffffffffff' })]);
    expect(failed).toMatchObject({ matched: 1, fieldsTakenAsInput: 2, mismatches: [] });
    const succeeded = checkVectors('tdcall', [record(11, { rdx: '0x0000000000000123', r8: '0x0000000000000009' })]);
    expect(succeeded).toMatchObject({ matched: 1, fieldsTakenAsInput: 4, mismatches: [] });
  });

  it('still bind the rest: error values, other registers, and a status that the leaf can give', () => {
    const noErrorValue = checkVectors('tdcall', [record(11, { rax: '0xc0000c0000000000' })]);
    expect(noErrorValue.mismatches).toMatchObject([{ field: 'guest_out.rdx', actual: '0xffffffffffffffff' }]);
    const stray = checkVectors('tdcall', [record(11, { r9: '0x0000000000000001' })]);
    expect(stray.mismatches).toMatchObject([{ field: 'guest_out.r9' }]);
    const impossible = checkVectors('tdcall', [record(11, { rax: '0xc000070400000000', rdx: '0xffffffffffffffff' })]);
    expect(impossible.mismatches).toMatchObject([{ field: 'guest_out.rax' }]);
  });

  it('a call that unrecorded state took to the host is an exception, neither matched nor mismatched', () => {
    const report = checkVectors('tdcall', [record(6, {}, { outcome: 'seamret_to_vmm' })]);
    expect(report).toMatchObject({ matched: 0, fieldsTakenAsInput: 1, mismatches: [] });
    expect(report.exceptions).toEqual([{ count: 1, reason: expect.stringContaining('recorded inputs') }]);
  });

  it('a legal VMCALL among TDCALL records goes to the host', () => {
    expect(checkVectors('tdcall', [record(0, {}, { outcome: 'seamret_to_vmm' })])).toMatchObject({ matched: 1 });
    expect(checkVectors('tdcall', [record(0, {})]).mismatches).toMatchObject([{ field: 'outcome' }]);
    const exit = record(0, {}, { outcome: 'seamret_to_vmm', host_out: { ...zeros, rax: '0x000000000000004d' } });
    expect(checkVectors('tdcall', [exit])).toMatchObject({ matched: 1, fieldsCompared: 17 });
  });

  it('hands out the pending #VE that fill 2 stands for', () => {
    const out = {
      rcx: '0x000000000000001e',
      rdx: '0x0000000003f80000',
      r8: '0x0000000000000111',
      r9: '0x0000000000000222',
      r10: '0x0000000300000004',
    };
    expect(checkVectors('tdcall', [record(3, out, { fill: 2 })])).toMatchObject({ matched: 1, fieldsCompared: 18 });
    expect(checkVectors('tdcall', [record(3, out, { fill: 1 })]).matched).toBe(0);
  });
});

describe('a malformed record is one line, with its place', () => {
  const broken = (change: (value: Json) => void): VectorRecord[] => {
    const value = copyOf(vmcall[1]);
    change(value);
    return [{ line: 4, value }];
  };

  it.each([
    ['missing field', (v: Json) => delete v.guest_out, 'f:4: field guest_out is missing'],
    ['short register', (v: Json) => ((v.guest_in as Json).rax = '0x0'), 'f:4: field guest_in.rax: expected 0x and 16'],
    ['missing register', (v: Json) => delete (v.host_reenter as Json).r9, 'f:4: field host_reenter.r9: expected'],
    ['no register file', (v: Json) => (v.guest_in = []), 'f:4: field guest_in: expected an object of registers'],
    ['too few XMM', (v: Json) => (v.guest_xmm_in as string[]).pop(), 'f:4: field guest_xmm_in: expected a list of 16'],
    ['bad XMM', (v: Json) => ((v.guest_xmm_in as unknown[])[3] = 5), 'f:4: field guest_xmm_in[3]: expected 0x and 32'],
    ['bad flag', (v: Json) => (v.no_rbp_mod = 2), 'f:4: field no_rbp_mod: expected true, false, 0 or 1'],
    ['bad number', (v: Json) => (v.guest_rip_delta = -1), 'f:4: field guest_rip_delta: expected a whole number'],
    ['bad text', (v: Json) => (v.outcome = 1), 'f:4: field outcome: expected text'],
    [
      'another leaf',
      (v: Json) => ((v.guest_in as Json).rax = `0x${'0'.repeat(15)}1`),
      'f:4: field guest_in.rax: expected leaf 0',
    ],
  ])('%s', (_name, change, message) => {
    expect(() => checkVectors('vmcall', broken(change), 'f')).toThrow(message);
  });

  it('an unknown fill', () => {
    expect(() => checkVectors('tdcall', [{ line: 1, value: { ...tdcall[0].value, fill: 3 } }], 'f')).toThrow(
      'f:1: field fill: expected 0, 1 or 2',
    );
  });
});

describe('rules and the vectors that stand on them', () => {
  it('counts both sides of every bit of the mask', () => {
    const { rules } = checkVectors('vmcall', recordedVectors('vmcall'));
    expect(rules['mask taken'] + rules['mask refused']).toBe(535);
    for (const name of ['RDX', 'R15', 'XMM0', 'XMM15'])
      expect(rules[`${name} exposed`] + rules[`${name} hidden`]).toBe(rules['mask taken']);
  });

  it('counts leaves by how they end', () => {
    const { rules } = checkVectors('tdcall', recordedVectors('tdcall'));
    expect(rules['RAX refused']).toBeGreaterThan(1);
    expect(Object.keys(rules)).toEqual(expect.arrayContaining(['leaf 1 succeeds', 'leaf 1 fails']));
  });
});
