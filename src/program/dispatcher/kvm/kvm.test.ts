/** The adapter in small: a stand-in of KVM's object, sound and with one mistake. All forms and mistakes: kvm.deep.test.ts. */
import { afterAll, describe, expect, test } from 'vitest';
import { Dice } from '../../../case/dice.js';
import { createPlayRunner } from '../../../run/open-runner.js';
import { drawStory } from '../../../story/case-space.js';
import { findToolchain } from '../../../targets/toolchain.js';
import { memberOption } from './members.js';
import { type CodeEdit, StandIns, standInTarget } from './stand-in.test.helper.js';

const standIns = new StandIns();
afterAll(() => standIns.remove());

function violated(edit?: CodeEdit): string[] {
  const runner = createPlayRunner(standInTarget(standIns.build(undefined, edit), 'one-exit'));
  const dice = new Dice([1, 1, 2, 3]);
  const names = new Set<string>();
  for (let count = 0; count < 250; count++) {
    for (const { clause } of runner.run(drawStory(runner.space, dice)) ?? []) names.add(clause.property.name);
    expect(runner.play.problem).toBe('');
  }
  return [...names];
}

test('an offset has the name of its structure and member', () =>
  expect([memberOption('kvm_vcpu', 'arch.pio.count'), memberOption('msr_data', 'sizeof')]).toEqual([
    'kvmVcpuArchPioCount',
    'msrDataSizeof',
  ]));

describe.skipIf(findToolchain() === undefined)('a stand-in (needs gcc)', () => {
  test('is silent', () => expect(violated()).toEqual([]));
  test('is found where it converts a chunk twice', () =>
    expect(violated(['tdx->map_gpa_next += CHUNK;', 'tdx->map_gpa_next += CHUNK / 2;'])).toContain('chunks-map-gpa'));
});
