import { describe, expect, it } from 'vitest';
import { builtInContract } from '../contract/find-contract.js';
import { readSlot, SLOT_NAMES, scenarioSlot } from './layout.js';
import { ROLE } from './roles.js';
import { CONTRACT_IDS, spaceOf } from './spaces.test.helper.js';

/** Slots of the neutral scenario that are not 0, but for graffiti. */
function plainValues(id: string): Record<string, bigint> {
  const { neutral, roles } = spaceOf(id);
  const values: Record<string, bigint> = {};
  SLOT_NAMES.forEach((name, slot) => {
    const value = readSlot(neutral, slot);
    if (value !== 0n && roles[slot] !== ROLE.secret && name !== 'fault.value') values[name] = value;
  });
  return values;
}

describe('the neutral scenario', () => {
  it('is a plain call that succeeds: arguments, flags and answers 0, valid pointers, no fault, IF=0', () => {
    expect(plainValues('linux-5.19/__tdx_hypercall')).toEqual({ 'entry.rflags': 2n });
    expect(plainValues('linux-6.3/__tdx_hypercall')).toEqual({ 'entry.rflags': 2n });
    expect(plainValues('linux-6.4/__tdx_hypercall_ret')).toEqual({ 'entry.rflags': 2n });
  });

  it('asks for the first leaf of the contract', () => {
    expect(plainValues('linux-6.7/__tdcall')).toEqual({ 'entry.rflags': 2n, 'entry.rdi': 1n });
    expect(plainValues('linux-6.4/__tdx_module_call')).toEqual({ 'entry.rflags': 2n, 'entry.rdi': 1n });
    expect(plainValues('linux-6.7/__tdcall_saved_ret')).toEqual({ 'entry.rflags': 2n });
  });

  it.each(CONTRACT_IDS)('%s: every secret holds graffiti of its own in both halves', (id) => {
    const { neutral, roles } = spaceOf(id);
    const seen = new Set<number>();
    SLOT_NAMES.forEach((name, slot) => {
      if (roles[slot] !== ROLE.secret) return;
      const low = neutral[2 * slot];
      expect(low >>> 8, name).toBe(0x5ec2e7);
      expect(neutral[2 * slot + 1], name).toBe(low);
      seen.add(low);
    });
    expect(seen.size).toBe(roles.filter((role) => role === ROLE.secret).length);
    expect(seen.size).toBeGreaterThan(8);
    expect(seen.has(neutral[2 * scenarioSlot('fault.value')])).toBe(false);
  });

  it.each(CONTRACT_IDS)('%s: what no parameter uses is a secret, a pointer is no value', (id) => {
    const { roles } = spaceOf(id);
    const used = new Map(
      builtInContract(id).contract.parameters.map(({ place, kind }) => [
        'register' in place ? `entry.${place.register}` : `entry.stack${place.stack}`,
        kind,
      ]),
    );
    for (const [slot, name] of SLOT_NAMES.entries()) {
      if (!/^entry\.r([0-9]+|[a-z]{2})$/.test(name)) continue;
      const kind = used.get(name);
      const expected = kind === undefined ? ROLE.secret : kind === 'block' ? ROLE.unused : ROLE.argument;
      expect(roles[slot], name).toBe(expected);
    }
  });

  it('knows which fields of the block are read, and which slots nobody uses', () => {
    const call = spaceOf('linux-6.4/__tdx_module_call');
    expect(call.roles[scenarioSlot('block.field0')], 'an output alone').toBe(ROLE.secret);
    expect(call.roles[scenarioSlot('block.field6')], 'no such field').toBe(ROLE.unused);
    expect(call.roles[scenarioSlot('entry.stack0')]).toBe(ROLE.unused);
    const hypercall = spaceOf('linux-6.4/__tdx_hypercall');
    expect(hypercall.roles[scenarioSlot('block.field11')]).toBe(ROLE.argument);
    expect(hypercall.roles[scenarioSlot('block.field12')]).toBe(ROLE.unused);
    const narrow = spaceOf('linux-6.7/__tdcall');
    expect(narrow.roles[scenarioSlot('block.field5')], 'r11').toBe(ROLE.argument);
    expect(narrow.roles[scenarioSlot('block.field6')], 'r12 is not an input').toBe(ROLE.secret);
  });

  it('says where flags, leaf and mask are', () => {
    const slots = (id: string): string[] => {
      const { flagsSlot, leafSlot, maskSlot } = spaceOf(id);
      return [flagsSlot, leafSlot, maskSlot].map((slot) => SLOT_NAMES[slot] ?? 'none');
    };
    expect(slots('linux-5.19/__tdx_hypercall')).toEqual(['entry.rsi', 'none', 'none']);
    expect(slots('linux-6.7/__tdcall_saved_ret')).toEqual(['none', 'entry.rdi', 'block.field0']);
    expect(slots('linux-6.7/__tdcall'), 'never reaches the host').toEqual(['none', 'entry.rdi', 'none']);
  });
});
