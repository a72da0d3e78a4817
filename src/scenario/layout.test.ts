import { describe, expect, it } from 'vitest';
import { joinHalves } from '../halves.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import {
  createScenario,
  FAULT,
  FAULT_NAMES,
  parameterSlot,
  PLACE,
  PLACE_NAMES,
  readSlot,
  SCENARIO_SLOTS,
  SLOT,
  SLOT_NAMES,
  scenarioSlot,
  writeSlot,
} from './layout.js';

/** Case files hold these names: one may be added, none may go or change its meaning. */
const COMMITTED = [
  'entry.rax entry.rcx entry.rdx entry.rbx entry.rbp entry.rsi entry.rdi entry.r8 entry.r9 entry.r10 entry.r11',
  'entry.r12 entry.r13 entry.r14 entry.r15 entry.rflags entry.stack0 entry.stack1 entry.stack2 entry.stack3',
  'stack.offset block.place block.offset block.field0 block.field1 block.field2 block.field3 block.field4',
  'block.field5 block.field6 block.field7 block.field8 block.field9 block.field10 block.field11 block.field12',
  'block.field13 block.field14 block.field15 answer.status answer.rcx answer.rdx answer.rbx answer.rbp answer.rsi',
  'answer.rdi answer.r8 answer.r9 answer.r10 answer.r11 answer.r12 answer.r13 answer.r14 answer.r15 module.rbpMod',
  'fault.kind fault.at fault.value companion.key',
]
  .join(' ')
  .split(' ');

describe('the layout of a scenario', () => {
  it('has every name that a stored case may have', () => {
    expect(COMMITTED.filter((name) => !SLOT_NAMES.includes(name))).toEqual([]);
  });

  it('names each slot once', () => {
    expect(new Set(SLOT_NAMES).size).toBe(SCENARIO_SLOTS);
    for (const [index, name] of SLOT_NAMES.entries()) expect(scenarioSlot(name)).toBe(index);
  });

  it('knows no other name', () => {
    for (const name of ['entry.rsp', 'answer.rax', 'answer.rsp', 'entry.stack11', 'block4.place', 'block.field48', ''])
      expect(() => scenarioSlot(name)).toThrow(RangeError);
  });

  it('keeps the numbers of places and faults, which stored cases hold', () => {
    expect(PLACE).toMatchObject({
      valid: 0,
      callerFrame: 1,
      null: 2,
      unmapped: 3,
      partlyMapped: 4,
      readOnly: 5,
      overlapsStack: 6,
      lowHalfZero: 7,
    });
    expect(FAULT).toMatchObject({ none: 0, interrupt: 1, nmi: 2 });
    expect(PLACE_NAMES.map((name) => PLACE[name])).toEqual(PLACE_NAMES.map((_, index) => index));
    expect(FAULT_NAMES.map((name) => FAULT[name])).toEqual(FAULT_NAMES.map((_, index) => index));
  });

  it('finds registers by their hardware number', () => {
    for (const name of ['rax', 'rbx', 'rdi', 'r15'] as const)
      expect(SLOT.entry[REGISTER_INDEX[name]]).toBe(scenarioSlot(`entry.${name}`));
    for (const name of ['rcx', 'rbp', 'r10'] as const)
      expect(SLOT.answer[REGISTER_INDEX[name]]).toBe(scenarioSlot(`answer.${name}`));
    expect([SLOT.entry[4], SLOT.answer[4], SLOT.answer[0]]).toEqual([-1, -1, -1]);
  });

  it('finds parameters in registers and on the stack', () => {
    expect(parameterSlot({ register: 'rsi' })).toBe(scenarioSlot('entry.rsi'));
    expect(parameterSlot({ stack: 0 })).toBe(scenarioSlot('entry.stack0'));
    expect(parameterSlot({ stack: 3 })).toBe(scenarioSlot('entry.stack3'));
  });

  it('holds 64 bits a slot, low half first', () => {
    const scenario = createScenario();
    const slot = scenarioSlot('answer.r10');
    writeSlot(scenario, slot, 0x8000_0001_ffff_fffen);
    expect([scenario[2 * slot], scenario[2 * slot + 1]]).toEqual([-2, 0x80000001 | 0]);
    expect(readSlot(scenario, slot)).toBe(0x8000_0001_ffff_fffen);
    expect(joinHalves(-1, 0)).toBe(0xffff_ffffn);
    scenario[2 * slot] = 0;
    scenario[2 * slot + 1] = 0;
    expect(scenario.every((half) => half === 0)).toBe(true);
  });
});
