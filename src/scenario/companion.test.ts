import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { cases } from '../case/arbitrary.js';
import { caseSpaceOf } from './case-space.js';
import { changeGuestSecrets, changeHostValues } from './companion.js';
import { createScenario, readSlot, type Scenario, SLOT_NAMES, scenarioSlot, writeSlot } from './layout.js';
import type { ScenarioSpace } from './space.js';
import { CONTRACT_IDS, differingSlots, spaceOf } from './spaces.test.helper.js';

const KEY = scenarioSlot('companion.key');
const ALL = 0xffffffff_ffffffffn;

/** Scenarios of a space. */
const drawnFrom = (space: ScenarioSpace): fc.Arbitrary<Scenario> =>
  cases(caseSpaceOf(space)).map(([{ words }]) => words);

/** Names of the slots that the companion has another value in. */
function changed(scenario: Scenario, companion: Scenario): string[] {
  return differingSlots(companion, scenario).map((slot) => SLOT_NAMES[slot]);
}

function guestCompanion(scenario: Scenario, space: ScenarioSpace, exposed: number): Scenario {
  const companion = createScenario(space.roles.length).fill(7);
  changeGuestSecrets(scenario, space, exposed, companion);
  return companion;
}

function hostCompanion(scenario: Scenario, space: ScenarioSpace): Scenario {
  const companion = createScenario(space.roles.length).fill(7);
  changeHostValues(scenario, space, companion);
  return companion;
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
const prefixed = (prefix: string, names: string): string[] => words(names).map((name) => `${prefix}.${name}`);
const ENTRY = 'rax rcx rdx rbx rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15';
const without = (names: string, gone: string): string =>
  words(names)
    .filter((name) => !words(gone).includes(name))
    .join(' ');
const fields = (numbers: string): string[] => words(numbers).map((number) => `block.field${number}`);

describe('companion G changes', () => {
  /** Contract, mask that the base run exposed, entry registers that are no secrets, block fields that change. */
  const SECRETS: [id: string, exposed: number, arguments_: string, secretFields: string][] = [
    // Of RSI the bits that are no flags.
    ['linux-5.19/__tdx_hypercall', 0xfc00, 'rdi', ''],
    ['linux-6.4/__tdx_hypercall', 0xffcc, 'rdi', ''],
    // R8 and R9 are fields 0 and 1, RDX is field 11; a broken mask shows the host less than the contract gives.
    ['linux-6.4/__tdx_hypercall', 0xfcc8, 'rdi', '0 1 11'],
    ['linux-6.7/__tdcall_saved_ret', 0xffcc, 'rdi rsi', ''],
    // Field 0 is the mask itself; fields 1 to 12 are RDX R8-R15 RBX RDI RSI.
    ['linux-6.7/__tdcall_saved_ret', 0x0c00, 'rdi rsi', '1 2 3 6 7 8 9 10 11 12'],
    ['linux-6.7/__tdcall_saved_ret', 0, 'rdi rsi', '1 2 3 4 5 6 7 8 9 10 11 12'],
    // The parameters reach the module alone: RDI the leaf, R9 the block, the others plain values.
    ['linux-6.4/__tdx_module_call', 0, 'rdi r9', '0 1 2 3 4 5'],
    // fn, r12 to r15 are plain values: what the mask leaves out is no argument of this case.
    ['linux-rfc-2021/__tdx_hypercall', 0xfc00, 'rdi rsi rdx rcx r8 r9', '0 1 2 3 4'],
    ['linux-rfc-2021/__tdx_hypercall', 0x7800, 'rdi rsi rdx rcx r9', '0 1 2 3 4'],
  ];

  it.each(SECRETS)('%s, mask %i: exactly the secrets', (id, exposed, known, secretFields) => {
    const space = spaceOf(id);
    const companion = guestCompanion(space.neutral, space, exposed);
    expect(changed(space.neutral, companion).sort()).toEqual(
      [...prefixed('entry', without(ENTRY, known)), ...fields(secretFields)].sort(),
    );
  });
});

describe('companion H changes', () => {
  it.each(CONTRACT_IDS)('%s: exactly the answers, and not the success that a branch of the contract looks at', (id) => {
    const space = spaceOf(id);
    const kept = space.compiled.contract.outputs.when.includes('r10-success') ? 'rax r10' : 'rax';
    expect(changed(space.neutral, hostCompanion(space.neutral, space)).sort()).toEqual(
      prefixed('answer', without(ENTRY, kept)).sort(),
    );
  });

  const R10 = scenarioSlot('answer.r10');
  const { contract } = spaceOf('linux-6.4/__tdx_hypercall_ret').compiled;
  const space = spaceOf('linux-6.4/__tdx_hypercall_ret', {
    outputs: { ...contract.outputs, when: ['r10-success'] },
  });

  it('R10 but where it is the success that the contract names', () => {
    const answers = prefixed('answer', without(ENTRY, 'rax')).sort();
    expect(changed(space.neutral, hostCompanion(space.neutral, space)).sort()).toEqual(
      answers.filter((name) => name !== 'answer.r10'),
    );
    const refused = space.neutral.slice();
    writeSlot(refused, R10, 1n << 63n);
    const companion = hostCompanion(refused, space);
    expect(changed(refused, companion).sort()).toEqual(answers);
    expect(readSlot(companion, R10)).toBe(ALL >> 1n);
  });

  it('a refusal to another refusal: the complement of all ones would be success', () => {
    const refused = space.neutral.slice();
    writeSlot(refused, R10, ALL);
    expect(readSlot(hostCompanion(refused, space), R10)).toBe(1n);
    // Nothing is named where the contract says nothing of R10.
    const open = spaceOf('linux-6.4/__tdx_hypercall_ret');
    expect(open.compiled.contract.outputs.when).not.toContain('r10-success');
    expect(readSlot(hostCompanion(refused, open), R10)).toBe(0n);
  });

  test.prop([drawnFrom(space), fc.integer({ min: 0 }), fc.bigInt({ min: 0n, max: ALL })], { numRuns: 500 })(
    'R10 from 0 to 0, and from any other value to another that is not 0',
    (drawn, key, result) => {
      const scenario = drawn.slice();
      writeSlot(scenario, KEY, BigInt(key));
      writeSlot(scenario, R10, result);
      const other = readSlot(hostCompanion(scenario, space), R10);
      expect(other === 0n).toBe(result === 0n);
      expect(other === result).toBe(result === 0n);
    },
  );
});

describe('a changed value', () => {
  const space = spaceOf('linux-6.7/__tdcall_saved_ret');

  test.prop([drawnFrom(space)], { numRuns: 200 })(
    'is the complement with key 0, and another one in any case',
    (drawn) => {
      const scenario = drawn.slice();
      for (const key of [0n, readSlot(drawn, KEY) | 1n]) {
        writeSlot(scenario, KEY, key);
        for (const companion of [guestCompanion(scenario, space, 0x0c00), hostCompanion(scenario, space)]) {
          const slots = differingSlots(companion, scenario);
          expect(slots.length).toBeGreaterThanOrEqual(13);
          if (key !== 0n) continue;
          for (const slot of slots) expect(readSlot(companion, slot)).toBe(readSlot(scenario, slot) ^ ALL);
        }
      }
    },
  );

  test.prop([drawnFrom(space), fc.integer({ min: 1 })], { numRuns: 100 })(
    'differs by bits of its own with another key, so that a XOR of two secrets differs too',
    (drawn, key) => {
      const scenario = drawn.slice();
      writeSlot(scenario, KEY, BigInt(key));
      const companion = guestCompanion(scenario, space, 0xffcc);
      const masks = differingSlots(companion, scenario).map(
        (slot) => readSlot(companion, slot) ^ readSlot(scenario, slot),
      );
      expect(new Set(masks).size).toBe(masks.length);
      expect(masks.every((mask) => (mask & 1n) === 1n)).toBe(true);
      writeSlot(scenario, KEY, BigInt(key + 1));
      const other = guestCompanion(scenario, space, 0xffcc);
      expect(differingSlots(other, companion).length).toBeGreaterThan(10);
    },
  );

  it('leaves the scenario itself alone', () => {
    const before = space.neutral.slice();
    guestCompanion(space.neutral, space, 0);
    hostCompanion(space.neutral, space);
    expect(space.neutral).toEqual(before);
  });
});
