import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import type { Contract } from '../contract/contract.js';
import { BLOCK, END, FACT, MOMENT, registerSlot, slotValue, VECTOR } from '../observation/layout.js';
import { ACROSS_CARRY, PLACE, PLACE_NAMES, readSlot, SCENARIO_SLOTS, scenarioSlot } from '../scenario/layout.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import {
  BARE_CONTRACT,
  Bench,
  BLOCK_CONTRACT,
  load,
  NOP,
  RET,
  scenarioWith,
  store,
} from './made-function.test.helper.js';
import { REGIONS } from '../stage/layout.js';

const SIZE = 32n;
const PAGE = 0x1000n;
const initial = (observation: Int32Array, register: 'rdi' | 'rsp'): bigint =>
  slotValue(observation, registerSlot('initial', register));

describe('the block lies where its place says', () => {
  const bench = new Bench([RET], BLOCK_CONTRACT);
  const places = fc.constantFrom(...PLACE_NAMES);
  const offsets = fc.bigInt({ min: 0n, max: 255n });

  test.prop([places, offsets, offsets, fc.boolean(), fc.constantFrom(0 as const, 1 as const)])(
    'aligned, and apart from everything else',
    (place, offset, stackOffset, isAcross, memory) => {
      const values = { 'block.place': BigInt(PLACE[place]), 'block.offset': offset };
      const chosen = stackOffset | (isAcross ? BigInt(ACROSS_CARRY) : 0n);
      const observation = bench.run({ ...values, 'stack.offset': chosen }, memory);
      const block = initial(observation, 'rdi');
      const rsp = initial(observation, 'rsp');
      const regions = REGIONS[memory];
      const { block: region, blockStart, readOnly, unmapped, acrossCarry } = regions;
      const stack = isAcross ? regions.stackAcrossCarry : regions.stack;
      const stackEntry = isAcross ? regions.stackAcrossEntry : regions.stackEntry;
      const inside = (outer: { address: bigint; size: number }): boolean =>
        block >= outer.address && block + SIZE <= outer.address + BigInt(outer.size);
      expect(rsp).toBe(stackEntry - 8n * stackOffset);
      expect([block % 8n, rsp % 8n]).toEqual([0n, 0n]);
      // Room for the function below, for the caller's frame above.
      expect(rsp - stack.address).toBeGreaterThanOrEqual(PAGE);
      expect(stack.address + BigInt(stack.size) - rsp).toBeGreaterThanOrEqual(PAGE);
      switch (place) {
        case 'valid':
          expect(inside(region)).toBe(true);
          if (offset < 128n) expect(block).toBe(blockStart + 8n * offset);
          break;
        case 'callerFrame':
          // Above the return address and four stack parameters.
          expect([inside(stack), block >= rsp + 40n]).toEqual([true, true]);
          break;
        case 'null':
          expect(block).toBe(0n);
          break;
        case 'unmapped':
          expect([block >= unmapped, block + SIZE <= unmapped + PAGE]).toEqual([true, true]);
          break;
        case 'partlyMapped':
          expect([block + SIZE / 2n, inside(region)]).toEqual([region.address + BigInt(region.size), false]);
          break;
        case 'readOnly':
          expect(inside(readOnly)).toBe(true);
          break;
        case 'lowHalfZero': {
          expect(inside(acrossCarry)).toBe(true);
          const low = block & 0xffffffffn;
          if (offset < 128n) expect(low).toBe(0n);
          else expect(low + SIZE > 1n << 32n).toBe(true);
          break;
        }
        case 'overlapsStack':
          expect(block + SIZE).toBe(rsp);
          break;
      }
    },
  );

  plain('one field too far faults for a block that is flush with the guard page', () => {
    const beyond = new Bench([store('rdi', 32, 'rbx'), RET], BLOCK_CONTRACT);
    const flush = beyond.run({ 'block.offset': 255n });
    expect(initial(flush, 'rdi') + SIZE).toBe(REGIONS[0].block.address + BigInt(REGIONS[0].block.size));
    expect(flush[2 * FACT.end]).toBe(END.faulted);
    expect(slotValue(flush, FACT.faultOnBlock)).toBe(0n);
    // One step away the store lands in memory, and is a stray one.
    const apart = beyond.run({ 'block.offset': 254n });
    expect([apart[2 * FACT.end], apart[2 * FACT.strayWrites]]).toEqual([END.returned, 1]);
  });

  plain('every region has an unmapped page before and behind it', () => {
    const { machine } = bench.harness;
    for (const { stack, block, readOnly, unmapped } of REGIONS) {
      for (const { address, size } of [stack, block, readOnly]) {
        expect(machine.peekBytes(address, size)).toHaveLength(size);
        expect(machine.peekBytes(address - 1n, 1)).toBeUndefined();
        expect(machine.peekBytes(address + BigInt(size), 1)).toBeUndefined();
      }
      expect(machine.peekBytes(unmapped, 1)).toBeUndefined();
    }
    expect(machine.peekBytes(0n, 1)).toBeUndefined();
  });

  plain('the fields hold what the scenario says, and are read back at the end', () => {
    const values = { 'block.field0': 10n, 'block.field1': 11n, 'block.field2': 12n, 'block.field3': 13n };
    const made = new Bench([store('rdi', 8, 'rbx'), RET], BLOCK_CONTRACT);
    const observation = made.run({ ...values, 'entry.rbx': 99n });
    const fields = (first: number): bigint[] => [0, 1, 2, 3].map((index) => slotValue(observation, first + index));
    expect(fields(BLOCK.initial)).toEqual([10n, 11n, 12n, 13n]);
    expect(fields(BLOCK.final)).toEqual([10n, 99n, 12n, 13n]);
  });
});

const FOUR_ON_STACK: Pick<Contract, 'parameters'> = {
  parameters: [0, 1, 2, 3].map((stack) => ({ kind: 'value' as const, name: `p${stack}`, place: { stack } })),
};

describe('parameters on the stack', () => {
  // System V: directly above the return address. Microsoft x64: above 32 bytes of shadow space (docs/abi/calling-conventions.md#microsoft-x64).
  plain.each([
    ['sysv', 8],
    ['ms-x64', 40],
  ] as const)('%s: the first is at RSP + %i', (convention, offset) => {
    const values = { 'entry.stack0': 50n, 'entry.stack1': 51n, 'entry.stack2': 52n, 'entry.stack3': 53n };
    for (const index of [0, 1, 2, 3]) {
      const contract = { ...BARE_CONTRACT, ...FOUR_ON_STACK, convention };
      const bench = new Bench([load('rax', 'rsp', offset + 8 * index), RET], contract);
      expect(slotValue(bench.run(values), registerSlot('final', 'rax'))).toBe(50n + BigInt(index));
    }
  });

  plain('a block that arrives on the stack', () => {
    const contract: Contract = {
      ...BLOCK_CONTRACT,
      convention: 'ms-x64',
      parameters: [{ kind: 'block', name: 'args', place: { stack: 1 }, nullable: false }],
    };
    const bench = new Bench([load('rdi', 'rsp', 48), load('rax', 'rdi', 8), RET], contract);
    const observation = bench.run({ 'block.field1': 77n, 'block.offset': 3n });
    expect(slotValue(observation, registerSlot('final', 'rax'))).toBe(77n);
    expect(slotValue(observation, registerSlot('final', 'rdi'))).toBe(REGIONS[0].blockStart + 24n);
  });
});

describe('the state at the entry', () => {
  plain('registers, flags and vector control are what the scenario and the ABI say', () => {
    const bench = new Bench([NOP, RET]);
    const values = Object.fromEntries(
      REGISTER_NAMES.filter((name) => name !== 'rsp').map((name, index) => [`entry.${name}`, BigInt(index) << 33n]),
    );
    const observation = bench.run({ ...values, 'entry.rflags': 0xffff_ffff_ffff_ffffn });
    for (const [index, name] of REGISTER_NAMES.filter((register) => register !== 'rsp').entries())
      expect(slotValue(observation, registerSlot('initial', name))).toBe(BigInt(index) << 33n);
    const flags = slotValue(observation, registerSlot('initial', 'rflags'));
    // DF (bit 10) and TF (bit 8) are 0 at a call, bit 1 is 1, nothing lies above bit 21.
    expect([flags & 0x500n, flags & 2n, flags >> 22n]).toEqual([0n, 2n, 0n]);
    expect(flags & 0x200n).toBe(0x200n);
    expect(slotValue(observation, VECTOR.initial)).toBe(0x1f80n);
    expect(slotValue(observation, VECTOR.initial + 1)).toBe(0x037fn);
  });
});

describe('the two memories', () => {
  const bench = new Bench([NOP, RET], BLOCK_CONTRACT);
  test.prop([fc.constantFrom(...PLACE_NAMES), fc.bigInt({ min: 0n, max: 255n })])(
    'differ in every address',
    (place, offset) => {
      const values = { 'block.place': BigInt(PLACE[place]), 'block.offset': offset, 'stack.offset': offset };
      const [a, b] = [bench.run(values, 0), bench.run(values, 1)];
      expect(initial(a, 'rsp')).not.toBe(initial(b, 'rsp'));
      if (place !== 'null') expect(initial(a, 'rdi')).not.toBe(initial(b, 'rdi'));
      // A leak of the low byte alone is a leak; only a block that is flush with its page cannot differ there.
      const low = (address: bigint): bigint => address & 0xffn;
      if (place === 'callerFrame' || (place === 'valid' && offset < 128n))
        expect(low(initial(a, 'rdi'))).not.toBe(low(initial(b, 'rdi')));
      expect(low(initial(a, 'rsp'))).not.toBe(low(initial(b, 'rsp')));
      expect(slotValue(a, FACT.returnAddress)).not.toBe(slotValue(b, FACT.returnAddress));
    },
  );

  plain('differ in every byte of poison and in every XMM register', () => {
    bench.run();
    const { machine } = bench.harness;
    for (const kind of ['stack', 'block', 'readOnly'] as const) {
      // Before the entry wrote anything there: the lowest page of each region.
      const [a, b] = REGIONS.map((regions) => machine.peekBytes(regions[kind].address, 0x100));
      const same = a?.filter((byte, index) => byte === b?.[index]);
      expect([kind, a?.length, same?.length]).toEqual([kind, 0x100, 0]);
    }
    const [a, b] = [bench.run({}, 0), bench.run({}, 1)];
    for (let slot = 2; slot < 34; slot++)
      expect(slotValue(a, VECTOR.initial + slot)).not.toBe(slotValue(b, VECTOR.initial + slot));
    expect(slotValue(a, VECTOR.initial)).toBe(slotValue(b, VECTOR.initial));
  });

  plain('hold the same scenario otherwise', () => {
    const [a, b] = [bench.run({}, 0), bench.run({}, 1)];
    for (const [index, name] of REGISTER_NAMES.entries()) {
      if (name === 'rsp' || name === 'rdi') continue;
      expect(slotValue(a, MOMENT.initial + index)).toBe(slotValue(b, MOMENT.initial + index));
      expect(slotValue(a, MOMENT.initial + index)).toBe(
        readSlot(scenarioWith(bench.compiled), scenarioSlot(`entry.${name}`)),
      );
    }
    expect(SCENARIO_SLOTS).toBeGreaterThan(50);
  });
});
