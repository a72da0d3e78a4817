/** A stub played as a program: silent when it is sound, found out where it is not. */
import { describe, expect, it } from 'vitest';
import { drawCases } from '../case/arbitrary.js';
import type { Case } from '../case/case.js';
import { ProgramRunner } from '../run/program-runner.js';
import { accountsOf } from '../finding/account.js';
import { shrinkFailure } from '../finding/shrink.js';
import { type Signature, signatureKey, Signatures } from '../finding/signature.js';
import { PlayRunner } from './play-runner.js';
import { imageOf, STUB, STUB_PROPERTIES, stubContract } from './stub-program.test.helper.js';

const CLEAN = imageOf('corpus/targets/guest-6.7.o');
const BROKEN = imageOf('corpus/bugs/guest-6.7.o');

function runnerFor(symbol: string, image = CLEAN): ProgramRunner {
  const program = stubContract(symbol);
  const target = { name: symbol, symbol, set: 'made', program, image };
  return new ProgramRunner(target, new PlayRunner(image, program, STUB, STUB_PROPERTIES));
}

interface Found {
  signature: Signature;
  values: Case;
}

/** Signatures in `count` stories, each with its first story. */
function found(runner: ProgramRunner, count: number): Found[] {
  const signatures = new Signatures(runner);
  const first = new Map<string, Found>();
  for (const values of drawCases(runner.space, [1, 2, 3, 4], count)) {
    const violations = runner.run(values);
    expect(runner.problem).toBe('');
    for (const signature of signatures.of(violations ?? [])) {
      const key = signatureKey(signature);
      if (!first.has(key)) first.set(key, { signature, values });
    }
  }
  return [...first.values()];
}

describe('a play', () => {
  it('of a sound function agrees with the reference in every story', () => {
    const runner = runnerFor('__tdcall_saved_ret');
    expect(found(runner, 300)).toEqual([]);
    expect([...runner.inForce]).toEqual([1, 1, 1, 1]);
  });

  // What the manifest of the stubs says of the same mistakes, as far as values at TDCALL and in memory show them.
  it.each([
    ['rsi_not_loaded', 'TDVMCALL.rsi', 'asks'],
    ['load_r12_r13_swapped', 'TDVMCALL.r12', 'asks'],
    ['store_rbx_rdi_swapped', 'return.field.rbx', 'stores'],
    ['status_from_r10', 'return.rax', 'stores'],
    ['pops_swapped', 'return.r14', 'keeps'],
    ['missing_pop', 'fault', 'ends'],
    ['store_beyond_block', 'return.stray', 'keeps'],
  ])('of %s goes wrong at %s', (symbol, slot, property) => {
    const runner = runnerFor(symbol, BROKEN);
    const all = found(runner, 100);
    const hit = all.find(({ signature }) => signature.slot === slot && signature.property === property);
    expect(hit?.signature.place).toMatch(new RegExp(`^${symbol}\\+0x`));
    if (hit === undefined) return;
    const simplest = shrinkFailure(runner, hit.values, hit.signature);
    expect(simplest).toHaveLength(1);
    const accounts = accountsOf(runner, simplest);
    expect(accounts.map(({ signature }) => signature)).toContainEqual(hit.signature);
  });

  it('puts a wrong value down to the instruction that brought it', () => {
    const places = found(runnerFor('rsi_not_loaded', BROKEN), 20).map(({ signature }) => signature);
    // As the manifest of the stubs has it for this twin: the TDCALL that RSI reached untouched.
    expect(places.find(({ slot }) => slot === 'TDVMCALL.rsi')?.place).toBe('rsi_not_loaded+0x44');
  });
});
