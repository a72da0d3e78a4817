import { describe, expect, test } from 'vitest';
import {
  atCall,
  type Clause,
  constant,
  endedAs,
  equal,
  fact,
  field,
  final,
  independent,
  initial,
  vector,
  when,
  zero,
} from '../clause/clause.js';
import type { Contract } from '../contract/contract.js';
import {
  add8,
  BARE_CONTRACT,
  BLOCK_CONTRACT,
  call,
  clear,
  external,
  jmp,
  jumpThrough,
  jumpTo,
  jz,
  load,
  MOVQ_RDI_XMM0,
  move,
  NOP,
  type Piece,
  pop,
  push,
  RET,
  set32,
  STD,
  STI,
  store,
  TDCALL,
  test64,
  UD2,
} from '../harness/made-function.test.helper.js';
import { PLACE } from '../scenario/layout.js';
import { caseOf, propertyOf, runnerOf, signaturesOf } from './made-runner.test.helper.js';

/** Three instructions of 2, 5 and 4 bytes: TDG.VP.VMCALL with R10 exposed. */
const CALL: readonly Piece[] = [clear('rax'), set32('rcx', 0x400), TDCALL];
const TDCALL_AT = 7;

interface Trial {
  pieces: readonly Piece[];
  clause: Clause;
  values?: Readonly<Record<string, bigint>>;
  contract?: Contract;
  externals?: readonly string[];
}

/** Offset of the instruction that a clause's violation is put down to; undefined if it is not violated. */
function blamed({ pieces, clause, values = {}, contract = BARE_CONTRACT, externals = [] }: Trial): number | undefined {
  const runner = runnerOf(pieces, contract, [propertyOf(clause)], { externals });
  const [signature] = signaturesOf(runner, caseOf(runner, values));
  if (signature === undefined) return undefined;
  expect(signature.place).toMatch(/^f\+0x[0-9a-f]+$/);
  return Number(signature.place.slice(2));
}

/** Offset of TDCALL in NOP, CALL: behind the NOP and the instructions that set up the call. */
const CALL_AT = 8;

describe('a register at the return', () => {
  const clause = equal(final('rbx'), initial('rbx'));
  test('the last instruction that wrote it', () => {
    expect(blamed({ pieces: [set32('rbx', 1), set32('rbx', 2), NOP, RET], clause })).toBe(5);
    expect(blamed({ pieces: [NOP, pop('rax'), push('rax'), RET], clause })).toBeUndefined();
  });
  test('TDCALL, for what the host answered', () => {
    expect(blamed({ pieces: [...CALL, NOP, RET], clause: zero(final('r10')), values: { 'answer.r10': 5n } })).toBe(
      TDCALL_AT,
    );
  });
  test('what nothing wrote: the call that passed it on as it came', () => {
    expect(blamed({ pieces: [NOP, ...CALL, RET], clause: zero(final('r11')) })).toBe(CALL_AT);
  });
  test('a part of a register counts as the register', () => {
    // mov $5,%bl
    expect(blamed({ pieces: [NOP, [0xb3, 5], RET], clause })).toBe(1);
  });
  test('oneOf and within', () => {
    const oneOf: Clause = { kind: 'oneOf', term: final('rdx'), values: [constant(1n), constant(2n)] };
    expect(blamed({ pieces: [NOP, set32('rdx', 3), RET], clause: oneOf })).toBe(1);
    expect(blamed({ pieces: [NOP, set32('rdx', 2), RET], clause: oneOf })).toBeUndefined();
    const within: Clause = { kind: 'within', term: final('rdx'), low: constant(4n), high: constant(6n) };
    for (const [value, place] of [
      [3, 1],
      [4, undefined],
      [6, undefined],
      [7, 1],
    ] as const)
      expect(blamed({ pieces: [NOP, set32('rdx', value), RET], clause: within })).toBe(place);
  });
  test('RSP: the RET that popped too much', () => {
    expect(
      blamed({ pieces: [push('rax'), pop('rax'), [0xc2, 8, 0]], clause: equal(final('rsp'), initial('rsp')) }),
    ).toBe(2);
  });
});

describe('a register at the call', () => {
  test('its last writer before TDCALL, not the one behind it', () => {
    const pieces = [NOP, set32('r10', 7), ...CALL, set32('r10', 9), RET];
    expect(blamed({ pieces, clause: zero(atCall('r10')) })).toBe(1);
  });
  test('the call that passed it on where nothing wrote it', () => {
    expect(blamed({ pieces: [NOP, ...CALL, RET], clause: zero(atCall('r12')) })).toBe(CALL_AT);
  });
  test('a condition in front changes nothing', () => {
    const clause = when({ kind: 'called' }, zero(atCall('rcx')));
    expect(blamed({ pieces: [...CALL, RET], clause })).toBe(2);
    expect(blamed({ pieces: [set32('rcx', 1), RET], clause })).toBeUndefined();
  });
});

describe('memory', () => {
  test('a stray store, the first of them', () => {
    const pieces = [NOP, store('rsp', 8, 'rbx'), store('rsp', 16, 'rbx'), RET];
    expect(blamed({ pieces, clause: { kind: 'noWriteOutside' } })).toBe(1);
  });
  test('an access below RSP', () => {
    const pieces = [push('rbx'), pop('rbx'), load('rax', 'rsp', -8), store('rsp', -16, 'rax'), RET];
    expect(blamed({ pieces, clause: { kind: 'noAccessBelowStackPointer' } })).toBe(2);
  });
  describe('a field', () => {
    const clause = equal(field('final', 'b'), field('initial', 'b'));
    const contract = BLOCK_CONTRACT;
    const stored = (...pieces: Piece[]): number | undefined => blamed({ pieces: [...pieces, RET], clause, contract });
    test('the last store into it, also one that only touches it', () => {
      expect(stored(NOP, store('rdi', 8, 'rbx'), store('rdi', 16, 'rbx'))).toBe(1);
      expect(stored(NOP, store('rdi', 8, 'rbx'), store('rdi', 8, 'r12'))).toBe(5);
      expect(stored(NOP, store('rdi', 8, 'rbx'), store('rdi', 15, 'rbx'))).toBe(5);
      expect(stored(NOP, store('rdi', 8, 'rbx'), store('rdi', 1, 'rbx'))).toBe(5);
      // mov %bl,0xb(%rdi): one byte in the middle.
      expect(stored(NOP, store('rdi', 8, 'rbx'), [0x88, 0x5f, 0x0b])).toBe(5);
    });
    test('a push into a block below RSP', () => {
      const pieces = [add8('rsp', -16), push('rbx'), pop('rbx'), add8('rsp', 16), RET];
      const values = { 'block.place': BigInt(PLACE.overlapsStack) };
      expect(blamed({ pieces, clause, contract, values })).toBe(4);
    });
    test('TDCALL where a store is missing', () => {
      const missing = equal(field('final', 'a'), constant(5n));
      expect(blamed({ pieces: [...CALL, RET], clause: missing, contract })).toBe(TDCALL_AT);
    });
  });
});

describe('how the run ended', () => {
  const clause = endedAs('returned');
  test('the trap, the access that faulted', () => {
    expect(blamed({ pieces: [NOP, UD2], clause })).toBe(1);
    expect(blamed({ pieces: [NOP, clear('rax'), load('rax', 'rax'), RET], clause })).toBe(3);
  });
  test('the call of what never returns', () => {
    expect(blamed({ pieces: [NOP, call(external(0))], clause, externals: ['panic'] })).toBe(1);
  });
  test('the jump to where no code is', () => {
    expect(blamed({ pieces: [NOP, clear('r11'), jumpThrough('r11')], clause })).toBe(4);
    expect(blamed({ pieces: [push('rbx'), RET], clause })).toBe(1);
  });
  test('the jump to a thunk, not the thunk', () => {
    const externals = ['__x86_return_thunk'];
    expect(blamed({ pieces: [push('rbx'), jumpTo(external(0))], clause, externals })).toBe(1);
  });
  test('a fault on the block is legal for the clause that says so', () => {
    const legal: Clause = { kind: 'endedAsOrBlockFault', ends: ['returned'] };
    const values = { 'block.place': BigInt(PLACE.null) };
    const on = (offset: number): Trial => ({
      pieces: [NOP, store('rdi', offset, 'rbx'), RET],
      clause: legal,
      values,
      contract: BLOCK_CONTRACT,
    });
    expect(blamed(on(24))).toBeUndefined();
    expect(blamed(on(32))).toBe(1);
  });
  test('an endless loop: its last instruction', () => {
    expect(blamed({ pieces: [NOP, jmp(-2)], clause: endedAs('returned') })).toBe(1);
  });
});

describe('flags and vector state', () => {
  test('the last instruction that changed them', () => {
    // DF is bit 10.
    const clause = equal(final('rflags'), initial('rflags'), 0x400n);
    expect(blamed({ pieces: [STI, STD, NOP, STI, RET], clause })).toBe(1);
  });
  test('XMM', () => {
    const clause = equal(vector('final', 'xmm0.low'), vector('initial', 'xmm0.low'));
    expect(blamed({ pieces: [NOP, MOVQ_RDI_XMM0, NOP, RET], clause })).toBe(1);
  });
});

describe('STI', () => {
  const clause: Clause = { kind: 'before', first: 'sti', second: 'call' };
  test('the STI that stands in the wrong place', () => {
    expect(blamed({ pieces: [NOP, STI, ...CALL, RET], clause })).toBe(1);
    expect(blamed({ pieces: [clear('rax'), set32('rcx', 0x400), STI, TDCALL, RET], clause })).toBeUndefined();
  });
  test('TDCALL where there is none', () => {
    expect(blamed({ pieces: [...CALL, RET], clause })).toBe(TDCALL_AT);
  });
  test('the last of too many', () => {
    const count = equal(fact('stiCount'), constant(1n));
    expect(blamed({ pieces: [STI, NOP, STI, RET], clause: count })).toBe(2);
    expect(blamed({ pieces: [...CALL, RET], clause: count })).toBe(TDCALL_AT);
  });
});

describe('information flow', () => {
  const guest = (name: 'pathToHost' | 'restOfHostView' | 'addresses'): Clause =>
    independent(fact(name), 'guest-secrets');
  const host = (name: 'path' | 'addresses' | 'faultAddress'): Clause => independent(fact(name), 'host-values');

  test('a secret register at the call: its writer, or the call that passed it on', () => {
    const clause = independent(atCall('r10'), 'guest-secrets');
    expect(blamed({ pieces: [NOP, move('r10', 'rbx'), ...CALL, RET], clause })).toBe(1);
    expect(blamed({ pieces: [NOP, ...CALL, RET], clause })).toBe(CALL_AT);
    expect(blamed({ pieces: [clear('r10'), ...CALL, RET], clause })).toBeUndefined();
  });
  test('a path to the host that a secret decides: the branch', () => {
    // RBX is a secret; 0 in the base run, and so not 0 in the companion.
    const pieces = [NOP, test64('rbx'), jz(1), NOP, ...CALL, RET];
    expect(blamed({ pieces, clause: guest('pathToHost'), values: { 'entry.rbx': 0n } })).toBe(4);
    const later = [NOP, ...CALL, test64('rbx'), jz(1), NOP, RET];
    expect(blamed({ pieces: later, clause: guest('pathToHost'), values: { 'entry.rbx': 0n } })).toBeUndefined();
  });
  test('a second exit: the last TDCALL', () => {
    const pieces = [...CALL, clear('rax'), set32('rcx', 0x800), move('r11', 'rbx'), TDCALL, RET];
    expect(blamed({ pieces, clause: guest('restOfHostView') })).toBe(0x15);
  });
  test('a path that the host decides: the branch', () => {
    const pieces = [...CALL, test64('r10'), jz(1), NOP, RET];
    expect(blamed({ pieces, clause: host('path'), values: { 'answer.r10': 0n } })).toBe(0xe);
  });
  test('an address that the host decides: the access', () => {
    // and $0xf8,%r10d; then a load from the block at that offset: no fault in either run.
    const pieces = [...CALL, [0x41, 0x83, 0xe2, 0x18], [0x4a, 0x8b, 0x04, 0x17], RET];
    expect(blamed({ pieces, clause: host('addresses'), contract: BLOCK_CONTRACT })).toBe(0xf);
  });
  test('a fault at an address that the host decides: the access', () => {
    const pieces = [...CALL, load('rax', 'r10'), RET];
    expect(blamed({ pieces, clause: host('faultAddress'), values: { 'answer.r10': 0x1000n } })).toBe(0xb);
    expect(blamed({ pieces, clause: host('addresses'), values: { 'answer.r10': 0xffffc9000040a800n } })).toBe(0xb);
  });
  test('where no host answered nothing flows', () => {
    const pieces = [NOP, move('r10', 'rbx'), ...CALL, RET];
    const clause = independent(atCall('r10'), 'guest-secrets');
    expect(blamed({ pieces, clause, values: { 'answer.status': 1n } })).toBeUndefined();
  });
});
