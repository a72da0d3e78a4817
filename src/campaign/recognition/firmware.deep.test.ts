/** The contracts of firmware judge: a sound function is silent, each broken one is found by the property that says so. */
import { describe, expect, test } from 'vitest';
import { builtInContract } from '../../contract/find-contract.js';
import { madeImage } from '../../harness/made-function.test.helper.js';
import type { StubTarget } from '../../run/target.js';
import { fuzz } from '../fuzz.js';
import { SCRUBBED, tdVmCallCode, type TdVmCallForm } from './firmware.test.helper.js';

const CASES = 2000;

async function brokenProperties(set: string, form: TdVmCallForm): Promise<string[]> {
  const { contract } = builtInContract(`${set}/TdVmCall`);
  const image = madeImage(tdVmCallCode(form), { symbol: 'TdVmCall' });
  const target: StubTarget = { name: 'TdVmCall', symbol: 'TdVmCall', set, contract, image };
  const { result } = await fuzz({ targets: [target], seed: 'firmware', budget: { runs: CASES }, workers: 1 });
  const [{ cases, findings, problem }] = result.targets;
  expect(problem).toBeUndefined();
  expect(cases).toBe(CASES);
  return [...new Set(findings.map(({ property }) => property))];
}

describe('TdVmCall of EDK2', () => {
  test.each([
    ['edk2', {}],
    ['edk2-202402', { mask: 0xffec }],
    ['edk2-2021', { mask: 0xffec, onlyOnSuccess: true }],
  ])('%s: the sound form is silent', async (set, form) => expect(await brokenProperties(set, form)).toEqual([]));

  test.each([
    ['edk2', { secondOperand: 'r14' }, 'marshals-arguments'],
    ['edk2', { mask: 0x7fcc }, 'vmcall-frame'],
    ['edk2', { scrubbed: SCRUBBED.filter((register) => register !== 'r8') }, 'scrubs-host-values'],
    ['edk2', { onlyOnSuccess: true }, 'writes-outputs'],
    ['edk2-2021', { mask: 0xffec }, 'writes-outputs'],
  ] as const)('%s %o breaks %s', async (set, form, property) =>
    expect(await brokenProperties(set, form)).toContain(property),
  );
});
