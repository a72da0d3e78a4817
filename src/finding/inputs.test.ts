/** Of functions whose truth is known the experiment says it; and it says the same every time. */
import { describe, expect, it } from 'vitest';
import { equal, final, initial } from '../clause/clause.js';
import type { Contract } from '../contract/contract.js';
import { BARE_CONTRACT, load, move, type Piece, RET, set32, TDCALL } from '../harness/made-function.test.helper.js';
import { imageOf, STUB, STUB_PROPERTIES, stubContract } from '../play/stub-program.test.helper.js';
import { actionOf, type Case, slotOf, stepOf } from '../case/case.js';
import { PlayRunner } from '../play/play-runner.js';
import { ProgramRunner } from '../run/program-runner.js';
import type { StubRunner } from '../run/stub-runner.js';
import type { InputExperiment } from './input-experiment.js';
import { examineCase } from './inputs.js';
import { caseOf, propertyOf, runnerOf, signaturesOf } from './made-runner.test.helper.js';
import { twinRunner } from './twins.test.helper.js';

/** A function of one argument, in RDI. */
const ARGUMENT: Contract = {
  ...BARE_CONTRACT,
  parameters: [{ kind: 'value', name: 'x', place: { register: 'rdi' } }],
};
const KEPT = propertyOf(equal(final('rbx'), initial('rbx')));
/** The wrong thing: five bytes. */
const CLOBBER = set32('rbx', 5);
const over = (opcode: number): number[] => [opcode, CLOBBER.length];
const [JZ, JNZ, JS, JNS, JA] = [0x74, 0x75, 0x78, 0x79, 0x77].map(over);
const TEST_RDI = [0x48, 0x85, 0xff];
const TEST_EDI = [0x85, 0xff];
/** `test $1, %dil` and `cmp $0x5a5a1234, %rdi`. */
const TEST_BIT_0 = [0x40, 0xf6, 0xc7, 0x01];
const COMPARE = [0x48, 0x81, 0xff, 0x34, 0x12, 0x5a, 0x5a];

function experiment(pieces: readonly Piece[], value: bigint): InputExperiment {
  const runner = runnerOf([...pieces, CLOBBER, RET], ARGUMENT, [KEPT]);
  return named(examined(runner, { 'entry.rdi': value }), 'entry.rdi');
}

function examined(runner: StubRunner, values: Readonly<Record<string, bigint>>): InputExperiment[] {
  const given = caseOf(runner, values);
  const [signature] = signaturesOf(runner, given);
  return examineCase(runner, given, signature);
}

function named(experiments: readonly InputExperiment[], name: string): InputExperiment {
  const found = experiments.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`nothing is said of ${name}`);
  return found;
}

describe('of a value that the function looks at, it is said that', () => {
  it.each<[what: string, pieces: readonly Piece[], value: bigint, verdict: string, note: string | undefined]>([
    ['it may be anything', [], 7n, 'anything', undefined],
    ['it may be anything, also where it is neutral', [], 0n, 'anything', undefined],
    ['it must not be neutral', [TEST_RDI, JZ], 1n, 'must differ', undefined],
    ['it must be this', [COMPARE, JNZ], 0x5a5a1234n, 'must be this', undefined],
    ['it must be neutral', [TEST_RDI, JNZ], 0n, 'must be this', undefined],
    ['one constant of the function is the exception', [COMPARE, JZ], 0n, 'some values', 'not with 0x5a5a1234'],
    ['its sign decides', [TEST_RDI, JNS], 1n << 63n, 'some values', 'bit 63 must be 1; bits 0-62 may be anything'],
    [
      'its sign decides the other way',
      [TEST_RDI, JS],
      1n,
      'some values',
      'bit 63 must be 0; bits 0-62 may be anything',
    ],
    [
      'its sign decides, and that it is not 0',
      [TEST_RDI, [0x7e, CLOBBER.length]],
      1n,
      'some values',
      'bit 63 must be 0; of what was tried in bits 0-62 only 0 does not fail',
    ],
    ['its lowest bit decides', [TEST_BIT_0, JNZ], 0n, 'some values', 'bit 0 must be 0; bits 1-63 may be anything'],
    [
      // `cmp $1, %edi; je over; test %rdi, %rdi; je over; cmp $4, %edi; ja over`: the low half is 0, 2, 3 or 4.
      'its low half is one of some numbers',
      [[0x83, 0xff, 0x01], [0x74, 10 + CLOBBER.length], TEST_RDI, [0x74, 5 + CLOBBER.length], [0x83, 0xff, 0x04], JA],
      4n,
      'some values',
      'bits 3-31 must be 0; bits 32-63 may be anything; of bits 0-2 it depends on others',
    ],
    [
      'its low half decides, and that it is not 0',
      [TEST_RDI, [0x74, CLOBBER.length + 4], TEST_EDI, JNZ],
      1n << 32n,
      'some values',
      'bits 0-31 must be 0; of what was tried in bits 32-63 only 0 does not fail',
    ],
  ])('%s', (_, pieces, value, verdict, note) => {
    const found = experiment(pieces, value);
    expect({ verdict: found.verdict, note: found.note }).toEqual({ verdict, note });
    expect(found.value).toBe(`0x${value.toString(16)}`);
    expect(found.tried).toBeGreaterThanOrEqual(20);
    expect(found.tried).toBeLessThanOrEqual(120);
  });
});

describe('of a twin', () => {
  it('that tests the low half of the status, only that half being 0 matters, and that the other is not', () => {
    const experiments = examined(twinRunner('failure-by-low-half-5.19'), { 'answer.status': 1n << 32n });
    expect(experiments[0]).toMatchObject({
      name: 'answer.status',
      verdict: 'some values',
      note: 'bits 0-31 must be 0; of what was tried in bits 32-63 only 0 does not fail',
    });
    // What the host answers, what the caller asks: nothing of it matters.
    for (const { name, verdict } of experiments.slice(1))
      expect(verdict, name).toBe(name === 'block.place' ? 'some values' : 'anything');
  });

  it('that does not scrub a register, the call must succeed', () => {
    const experiments = examined(twinRunner('missing-scrub-rsi-6.4'), {});
    expect(named(experiments, 'answer.status').verdict).toBe('must be this');
    expect(named(experiments, 'answer.rsi').verdict).toBe('anything');
  });

  it('that loses CF, the outcome must be this one, of all that there are', () => {
    const runner = twinRunner('carry-lost-seamcall-2023');
    const given = caseOf(runner, { 'call.outcome': 1n, 'entry.rdi': 1n });
    const signature = signaturesOf(runner, given).find(({ property }) => property === 'maps-vmfailinvalid');
    if (signature === undefined) throw new Error('not found');
    const outcome = named(examineCase(runner, given, signature), 'call.outcome');
    expect(outcome).toMatchObject({ verdict: 'must be this', tried: 3, failed: 0 });
  });
});

describe('the experiment', () => {
  it('says the same of the same case, by the same runner or by another that ran other cases before', () => {
    const once = twinRunner('status-half-5.19');
    const values = { 'answer.r10': 1n << 40n };
    const first = examined(once, values);
    expect(examined(once, values)).toEqual(first);
    const other = twinRunner('status-half-5.19');
    for (let run = 0; run < 50; run++) other.run(caseOf(other, { 'answer.r10': BigInt(run) }));
    expect(examined(other, values)).toEqual(first);
  });

  it('makes no more than 2,000 runs of a case, and looks at what differs first', () => {
    const runner = twinRunner('missing-scrub-rsi-6.4');
    const names = Array.from({ length: 12 }, (_, field) => `block.field${field}`);
    const values = Object.fromEntries(names.map((name, field) => [name, BigInt(field + 3)]));
    const before = runner.executions;
    const experiments = examined(runner, values);
    expect(experiments.reduce((sum, { tried }) => sum + tried, 0)).toBeLessThanOrEqual(2000);
    expect(runner.executions - before).toBeLessThanOrEqual(3 * 2001);
    expect(experiments.slice(0, names.length).map(({ name }) => name)).toEqual(names);
  });

  it('does not call a function in a way that is not its to answer for', () => {
    // TDG.VP.VMCALL alone is allowed: any other leaf that the module has would be a breach of the caller.
    const contract: Contract = {
      ...BARE_CONTRACT,
      parameters: [
        { kind: 'leaf', name: 'fn', place: { register: 'rdi' } },
        { kind: 'block', name: 'args', place: { register: 'rsi' }, nullable: false },
      ],
      block: { size: 8, fields: { rcx: 0 } },
      inputs: { rax: { parameter: 'fn' }, rcx: { field: 'rcx' } },
    };
    const runner = runnerOf([move('rax', 'rdi'), load('rcx', 'rsi'), TDCALL, CLOBBER, RET], contract, [KEPT]);
    const calls: { leaf: bigint; mask: bigint }[] = [];
    const run = runner.run.bind(runner);
    const { leafSlot, maskSlot } = runner.reference.space;
    runner.run = (given) => {
      const [leaf, mask] = [leafSlot, maskSlot].map((slot) => slotOf(given[0], slot));
      calls.push({ leaf, mask });
      return run(given);
    };
    const experiments = examined(runner, { 'block.field0': 0x400n });
    expect(named(experiments, 'entry.rdi').tried).toBeGreaterThan(10);
    expect(named(experiments, 'block.field0').tried).toBeGreaterThan(20);
    for (const { leaf, mask } of calls) {
      expect([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]).not.toContain(leaf);
      // RAX, RCX and RSP make the module refuse; RBP it would take.
      const refused = (mask & 0x13n) !== 0n || mask >> 32n !== 0n;
      if (leaf === 0n && !refused) expect(mask & 0xffff0020n).toBe(0n);
    }
  });
});

describe('of a story', () => {
  const image = imageOf('corpus/bugs/guest-6.7.o');
  const program = stubContract('store_rbx_rdi_swapped');
  const runner = new ProgramRunner(
    { name: 'swapped', symbol: program.symbol, set: 'made', program, image },
    new PlayRunner(image, program, STUB, STUB_PROPERTIES),
  );
  const call = actionOf(runner.space, 'call');
  const story: Case = [stepOf(call), stepOf(call, { 'answer.rdi': 9n })];
  const examine = (): InputExperiment[] => {
    const signature = signaturesOf(runner, story).find(({ slot }) => slot === 'return.field.rbx');
    if (signature === undefined) throw new Error('not found');
    return examineCase(runner, story, signature);
  };

  it('the value that is stored in the wrong place must differ from the one whose place it is', () => {
    const experiments = examine();
    expect(experiments[0]).toMatchObject({ name: '2.answer.rdi', value: '0x9', verdict: 'must differ' });
    expect(named(experiments, '2.answer.status').verdict).toBe('must be this');
    expect(named(experiments, '2.argument.r10').verdict).toBe('anything');
    expect(named(experiments, '2.answer.rbx')).toMatchObject({
      verdict: 'some values',
      note: expect.any(String) as string,
    });
  });

  it('says the same again', () => expect(examine()).toEqual(examine()));
});
