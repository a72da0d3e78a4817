import { expect, test } from 'vitest';
import * as words from './clause.js';
import type { Clause } from './clause.js';
import { clauseSlot, renderClause } from './render.js';

const { atCall, constant, equal, fact, final, independent, initial, not, predictedRegister, when, zero } = words;

/** The text of a clause is part of a finding's identity: it changes only with the rule. */
const CLAUSES: [Clause, text: string, slot: string][] = [
  [equal(final('rbx'), initial('rbx')), 'equal(final.rbx, initial.rbx)', 'final.rbx'],
  [
    equal(final('rflags'), predictedRegister('final', 'rflags'), 0x47700n),
    'equal(final.rflags, predicted.final.rflags, mask 0x47700)',
    'final.rflags',
  ],
  [equal(fact('calls'), constant(1n)), 'equal(calls, 1)', 'calls'],
  [equal(atCall('rcx'), constant(0xfc00n)), 'equal(call.rcx, 0xfc00)', 'call.rcx'],
  [zero(words.field('final', 'r11')), 'zero(final.block.r11)', 'final.block.r11'],
  [zero(words.vector('final', 'xmm3.low')), 'zero(final.xmm3.low)', 'final.xmm3.low'],
  [
    { kind: 'oneOf', term: final('rax'), values: [constant(9n), constant(10n)] },
    'oneOf(final.rax, 9, 0xa)',
    'final.rax',
  ],
  [
    { kind: 'within', term: final('rdx'), low: constant(0n), high: constant(255n) },
    'within(final.rdx, 0, 0xff)',
    'final.rdx',
  ],
  [words.endedAs('returned', 'trapped'), 'endedAs(returned, trapped)', 'end'],
  [{ kind: 'endedAsOrBlockFault', ends: ['returned'] }, 'endedAs(returned, fault on the block)', 'end'],
  [{ kind: 'noWriteOutside' }, 'noWriteOutside(stack, block)', 'memory'],
  [{ kind: 'noAccessBelowStackPointer' }, 'noAccessBelowStackPointer()', 'memory'],
  [{ kind: 'before', first: 'sti', second: 'call' }, 'before(sti, call, immediately)', 'sti'],
  [independent(fact('path'), 'host-values'), 'independent(path, host-values)', 'path'],
  [
    when(
      [{ kind: 'called' }, not({ kind: 'ended', as: ['budget', 'faulted'] }), { kind: 'exposed', register: 'r10' }],
      independent(atCall('r10'), 'guest-secrets'),
    ),
    'when(called and not ended budget|faulted and r10 exposed, independent(call.r10, guest-secrets))',
    'call.r10',
  ],
  [
    when([{ kind: 'td-answered' }, { kind: 'outcome', is: ['completed'] }], independent(final('rdx'), 'td-values')),
    'when(td-answered and call completed, independent(final.rdx, td-values))',
    'final.rdx',
  ],
  [when(words.RAISED, zero(final('rax'))), 'when(call generalProtection|invalidOpcode, zero(final.rax))', 'final.rax'],
  [
    when({ kind: 'flag', flag: 'ISSUE_STI', set: false }, equal(fact('stiCount'), constant(0n))),
    'when(ISSUE_STI clear, equal(stiCount, 0))',
    'stiCount',
  ],
  [
    when([{ kind: 'flag', flag: 'HAS_OUTPUT', set: true }, { kind: 'caller-kept' }], words.endedAs('returned')),
    'when(HAS_OUTPUT and caller-kept, endedAs(returned))',
    'end',
  ],
];

test.each(CLAUSES)('%# reads as people do', (clause, text, slot) => {
  expect(renderClause(clause)).toBe(text);
  expect(clauseSlot(clause)).toBe(slot);
});
