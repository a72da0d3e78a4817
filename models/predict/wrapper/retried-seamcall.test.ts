import { describe, expect, it } from 'vitest';
import type { Values } from '../../exchange/exchange.js';
import { follow, last, moments } from '../helper/follow.test.helper.js';
import { retriedSeamcall, type RetryOptions } from './retried-seamcall.js';
import { ALL, prefixed } from './seamcall.js';

const ARGS: Values = Object.fromEntries(ALL.map((name, index) => [name, 0x100n + BigInt(index)]));
const VALUES: Values = { fn: 8n, ...prefixed('args', ARGS) };
const OPTIONS: RetryOptions = { errorMap: 'linux-6.8', tries: 10, outputs: 'few', retryOn: ['no-entropy'] };
const NO_ENTROPY = 0x8000020300000000n;
const EIO = { value: 0xfffffffbn, mask: 0xffffffffn };

const call = (options: Partial<RetryOptions>, ...answers: Values[]): ReturnType<typeof follow> =>
  follow(retriedSeamcall({ ...OPTIONS, ...options }, VALUES), ...answers, {}, {}, {});

const seamcalls = (exchanges: ReturnType<typeof follow>): number =>
  moments(exchanges).filter((moment) => moment === 'SEAMCALL').length;

describe('the retry', () => {
  it.each([0, 1, 9])('ends with the first answer behind %i without entropy', (refusals) => {
    const refused = Array.from({ length: refusals }, () => ({ status: NO_ENTROPY }));
    const done = call({}, ...refused, { status: 0n });
    expect(seamcalls(done)).toBe(refusals + 1);
    expect(last(done, 'rax')).toEqual([{ value: 0n, mask: 0xffffffffn }]);
  });

  it('comes after the statuses that the options name, whatever their details, and after no others', () => {
    const BUSY = 0x8000020000000001n;
    expect(seamcalls(call({ retryOn: ['operand-busy'] }, { status: BUSY }, { status: 0n }))).toBe(2);
    expect(seamcalls(call({ retryOn: ['operand-busy'] }, { status: NO_ENTROPY }, { status: 0n }))).toBe(1);
    expect(seamcalls(call({}, { status: BUSY }, { status: 0n }))).toBe(1);
    expect(seamcalls(call({}, { status: NO_ENTROPY | 1n }, { status: 0n }))).toBe(1);
  });

  it('may load what the try before has stored, or the caller’s own', () => {
    const [, second] = call({}, { status: NO_ENTROPY, rdx: 7n }, { status: 0n });
    expect(second.values).toEqual({
      rax: 8n,
      rcx: 0x100n,
      rdx: { oneOf: [7n, 0x101n] },
      r8: 0x102n,
      r9: 0x103n,
      r10: 0x104n,
      r11: 0x105n,
    });
  });

  it('asks the module to go on where the options say how', () => {
    const resume = { register: 'rcx', bits: 0x200n } as const;
    const [first, second] = call({ retryOn: ['interrupted'], resume }, { status: 0x8000000300000000n }, { status: 0n });
    expect([first.values['rcx'], second.values['rcx']]).toEqual([0x100n, 0x300n]);
  });

  it('gives up behind the tenth', () => {
    const done = call({}, ...Array.from({ length: 12 }, () => ({ status: NO_ENTROPY })));
    expect(seamcalls(done)).toBe(10);
    expect(moments(done).slice(10)).toEqual(['call print_failure', 'call print_outputs', 'return']);
    expect(done[10].about).toContain('retry');
    expect(last(done, 'rax')).toEqual([EIO]);
  });

  it.each([
    ['the same with details', { status: NO_ENTROPY | 1n }],
    ['TDX_OPERAND_BUSY', { status: 0x8000020000000000n }],
    ['the same without the error bit', { status: 0x0000020300000000n }],
    ['VMfailInvalid', { carry: 1n }],
    ['#GP', { vector: 13n }],
  ])('is not for %s', (_, answer) => expect(seamcalls(call({}, answer))).toBe(1));
});

describe('the arguments', () => {
  it('are those that the try before has stored, or the caller’s own', () => {
    const done = call({}, { status: NO_ENTROPY, rcx: 0n }, { status: 0n, rdx: 5n });
    expect(done[1].values).toMatchObject({ rax: 8n, rcx: { oneOf: [0n, ARGS['rcx']] }, rdx: ARGS['rdx'] });
    expect(last(done, 'args.rcx', 'args.rdx', 'args.r12')).toEqual([{ oneOf: [0n, ARGS['rcx']] }, 5n, ARGS['r12']]);
  });

  it('stay as they are where the stub stores nothing', () => {
    const done = call({ outputs: 'none' }, { status: NO_ENTROPY, rcx: 0n }, { status: 1n, rdx: 5n });
    expect(done[1].values).toMatchObject({ rcx: ARGS['rcx'] });
    expect(moments(done).slice(2)).toEqual(['call print_failure', 'return']);
    expect(last(done, 'args.rcx', 'args.rdx')).toEqual([ARGS['rcx'], ARGS['rdx']]);
  });

  it('are all registers where the stub takes care of all', () => {
    const done = call({ outputs: 'all' }, { status: 0n, rsi: 9n });
    expect(done[0].values).toMatchObject({ rsi: ARGS['rsi'], r15: ARGS['r15'] });
    expect(last(done, 'args.rsi', 'args.rbx')).toEqual([9n, ARGS['rbx']]);
  });

  it('keep what came back before the module was lost', () => {
    const done = call({}, { status: NO_ENTROPY, rcx: 0n }, { carry: 1n });
    expect(done.at(-1)?.about).toContain('no-outputs');
    expect(last(done, 'rax', 'args.rcx')).toEqual([
      { value: 0xffffffedn, mask: 0xffffffffn },
      { oneOf: [0n, ARGS['rcx']] },
    ]);
  });
});
