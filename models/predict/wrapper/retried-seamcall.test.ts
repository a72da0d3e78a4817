import { describe, expect, it } from 'vitest';
import type { Values } from '../../exchange/exchange.js';
import { follow, last, moments } from '../helper/follow.test.helper.js';
import { retriedSeamcall, type RetryOptions } from './retried-seamcall.js';
import { ALL, prefixed } from './seamcall.js';

const ARGS: Values = Object.fromEntries(ALL.map((name, index) => [name, 0x100n + BigInt(index)]));
const VALUES: Values = { fn: 8n, ...prefixed('args', ARGS) };
const OPTIONS: RetryOptions = { errorMap: 'linux-6.8', tries: 10, outputs: 'few' };
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
  it('are those that the try before has stored', () => {
    const done = call({}, { status: NO_ENTROPY, rcx: 0n }, { status: 0n, rdx: 5n });
    expect(done[1].values).toMatchObject({ rax: 8n, rcx: 0n, rdx: ARGS['rdx'] });
    expect(last(done, 'args.rcx', 'args.rdx', 'args.r12')).toEqual([0n, 5n, ARGS['r12']]);
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
    expect(last(done, 'rax', 'args.rcx')).toEqual([{ value: 0xffffffedn, mask: 0xffffffffn }, 0n]);
  });
});
