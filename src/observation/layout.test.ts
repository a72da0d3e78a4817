import { describe, expect, it } from 'vitest';
import { REGISTER_INDEX, REGISTER_NAMES } from '../x86/registers.js';
import {
  BLOCK,
  BLOCK_FIELDS,
  createObservation,
  END,
  END_NAMES,
  FACT,
  FIRST_ANSWER,
  MOMENT,
  type Moment,
  OBSERVATION_SLOTS,
  registerSlot,
  RFLAGS_OFFSET,
  RIP_OFFSET,
  slotValue,
  VECTOR,
  vectorSlot,
} from './layout.js';

const MOMENTS = Object.keys(MOMENT) as Moment[];
const VECTOR_PARTS = [
  'mxcsr',
  'x87cw',
  ...Array.from({ length: 16 }, (_, index) => [`xmm${index}.low`, `xmm${index}.high`]).flat(),
];

describe('the layout of an observation', () => {
  it('gives every fact, register, field and vector part a slot of its own, and leaves none over', () => {
    const slots = [
      ...Object.values(FACT),
      ...MOMENTS.flatMap((moment) =>
        [...REGISTER_NAMES, 'rip' as const, 'rflags' as const].map((register) => registerSlot(moment, register)),
      ),
      ...[BLOCK.initial, BLOCK.final].flatMap((first) => Array.from({ length: BLOCK_FIELDS }, (_, at) => first + at)),
      ...REGISTER_NAMES.map((_, index) => FIRST_ANSWER + index),
      FIRST_ANSWER + RIP_OFFSET,
      FIRST_ANSWER + RFLAGS_OFFSET,
      ...(['initial', 'final'] as const).flatMap((moment) => VECTOR_PARTS.map((part) => vectorSlot(moment, part))),
    ];
    expect([...slots].sort((a, b) => a - b)).toEqual(Array.from({ length: OBSERVATION_SLOTS }, (_, slot) => slot));
  });

  it('has the registers in hardware order, as the machine has them', () => {
    for (const moment of MOMENTS)
      for (const name of REGISTER_NAMES) expect(registerSlot(moment, name) - MOMENT[moment]).toBe(REGISTER_INDEX[name]);
  });

  it('has the vector state in the order in which the harness copies it', () => {
    expect(VECTOR_PARTS.map((part) => vectorSlot('final', part) - VECTOR.final)).toEqual(
      VECTOR_PARTS.map((_, at) => at),
    );
  });

  it('knows no other vector state', () => {
    for (const part of ['xmm16.low', 'xmm1', 'xmm1.top', 'ymm0.low', ''])
      expect(() => vectorSlot('initial', part), part).toThrow(RangeError);
  });

  it('numbers the ends from 1, so that an empty observation has none', () => {
    expect(END_NAMES.map((name) => END[name])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(slotValue(createObservation(), FACT.end)).toBe(0n);
  });

  it('reads 64 bits', () => {
    const observation = createObservation();
    observation[2 * FACT.path] = -1;
    observation[2 * FACT.path + 1] = -2;
    expect(slotValue(observation, FACT.path)).toBe(0xfffffffe_ffffffffn);
  });
});
