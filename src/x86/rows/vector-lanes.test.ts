import { Mnemonic } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import { decodeInstruction } from '../decode.js';
import { EXIT } from '../exit.js';
import { SLOT } from '../layout.js';
import { liftInstruction, NO_CONSTANT_SLOTS } from '../lift.js';
import { RandomValues } from '../testing/random-values.js';
import { CODE, high, low, start } from '../testing/run-code.js';
import { bothWith } from '../wasm/both-engines.test.helper.js';

const clamp = (value: number, least: number, greatest: number): number => Math.min(Math.max(value, least), greatest);
const signedByte = (value: number): number => clamp(value, -0x80, 0x7f);
const signedWord = (value: number): number => clamp(value, -0x8000, 0x7fff);
const byte = (value: number): number => clamp(value, 0, 0xff);
const word = (value: number): number => clamp(value, 0, 0xffff);

function split(value: bigint, width: number, signed: boolean): number[] {
  return Array.from({ length: 128 / width }, (_, i) => {
    const lane = value >> BigInt(i * width);
    return Number(signed ? BigInt.asIntN(width, lane) : BigInt.asUintN(width, lane));
  });
}

function join(lanes: readonly number[], width: number): bigint {
  return lanes.reduceRight((sum, lane) => (sum << BigInt(width)) | BigInt.asUintN(width, BigInt(lane)), 0n);
}

type Reference = (a: bigint, b: bigint) => bigint;

function each(width: number, signed: boolean, operation: (a: number, b: number) => number): Reference {
  return (a, b) => {
    const others = split(b, width, signed);
    return join(
      split(a, width, signed).map((lane, i) => operation(lane, others[i])),
      width,
    );
  };
}

function pack(width: number, saturate: (lane: number) => number): Reference {
  return (a, b) => join([...split(a, width, true), ...split(b, width, true)].map(saturate), width / 2);
}

/** Second byte of the opcode behind 66 0F, and what the SDM (volume 2) says lane by lane. */
const CASES: readonly (readonly [name: string, opcode: number, reference: Reference])[] = [
  ['packsswb', 0x63, pack(16, signedByte)],
  ['packssdw', 0x6b, pack(32, signedWord)],
  ['packuswb', 0x67, pack(16, byte)],
  ['paddsb', 0xec, each(8, true, (a, b) => signedByte(a + b))],
  ['paddsw', 0xed, each(16, true, (a, b) => signedWord(a + b))],
  ['paddusb', 0xdc, each(8, false, (a, b) => byte(a + b))],
  ['paddusw', 0xdd, each(16, false, (a, b) => word(a + b))],
  ['psubsb', 0xe8, each(8, true, (a, b) => signedByte(a - b))],
  ['psubsw', 0xe9, each(16, true, (a, b) => signedWord(a - b))],
  ['psubusb', 0xd8, each(8, false, (a, b) => byte(a - b))],
  ['psubusw', 0xd9, each(16, false, (a, b) => word(a - b))],
  ['pminub', 0xda, each(8, false, Math.min)],
  ['pmaxub', 0xde, each(8, false, Math.max)],
  ['pminsw', 0xea, each(16, true, Math.min)],
  ['pmaxsw', 0xee, each(16, true, Math.max)],
  ['pavgb', 0xe0, each(8, false, (a, b) => (a + b + 1) >> 1)],
  ['pavgw', 0xe3, each(16, false, (a, b) => (a + b + 1) >> 1)],
  ['pmullw', 0xd5, each(16, true, (a, b) => a * b)],
  ['pmulhw', 0xe5, each(16, true, (a, b) => (a * b) >> 16)],
  ['pmulhuw', 0xe4, each(16, false, (a, b) => Math.floor((a * b) / 0x10000))],
  [
    'pmaddwd',
    0xf5,
    (a, b) => {
      const others = split(b, 16, true);
      const products = split(a, 16, true).map((lane, i) => lane * others[i]);
      return join(
        [0, 2, 4, 6].map((i) => products[i] + products[i + 1]),
        32,
      );
    },
  ],
  [
    'psadbw',
    0xf6,
    (a, b) => {
      const others = split(b, 8, false);
      const distances = split(a, 8, false).map((lane, i) => Math.abs(lane - others[i]));
      return join(
        [0, 8].map((from) => distances.slice(from, from + 8).reduce((sum, distance) => sum + distance)),
        64,
      );
    },
  ],
];

/** Lanes at which something saturates, wraps or changes its sign. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xff7f, 0xff80, 0xfffe, 0xffff];

function operand(random: RandomValues): bigint {
  const lane = (): number => (random.chance(0.5) ? random.pick(EDGES) : random.below(0x10000));
  return join(Array.from({ length: 8 }, lane), 16);
}

describe('packed integers lane by lane', () => {
  it.each(CASES)('%s', (name, opcode, reference) => {
    const random = new RandomValues(`lanes ${name}`);
    // OP xmm1, xmm2; jump to itself.
    const machines = bothWith(Uint8Array.of(0x66, 0x0f, opcode, 0xca, 0xeb, 0xfe));
    for (let i = 0; i < 300; i++) {
      const a = operand(random);
      const b = operand(random);
      machines.both((machine) => {
        start(machine);
        [a, a >> 64n, b, b >> 64n].forEach((half, at) => {
          machine.state[2 * (SLOT.XMM + 2 + at)] = low(half);
          machine.state[2 * (SLOT.XMM + 2 + at) + 1] = high(half);
        });
      });
      expect(machines.run(1, name)).toBe(EXIT.Budget);
      const { state } = machines.interpreted;
      const words = [3, 2, 1, 0].map((at) => BigInt(state[2 * (SLOT.XMM + 2) + at] >>> 0));
      const result = words.reduce((sum, half) => (sum << 32n) | half, 0n);
      expect(result, `${a.toString(16)} ${b.toString(16)}`).toBe(reference(a, b));
    }
  });

  it.each(CASES)('%s of the most complicated address needs no more temporaries than there are', (name, opcode) => {
    // OP xmm1, gs:[r9d + r10d * 8 + 0x12345678]: with the prefix 67, and every constant in a temporary.
    const bytes = Uint8Array.of(0x65, 0x67, 0x66, 0x43, 0x0f, opcode, 0x8c, 0xd1, 0x78, 0x56, 0x34, 0x12);
    const instruction = decodeInstruction(bytes, CODE);
    expect(Mnemonic[instruction.mnemonic].toLowerCase()).toBe(name);
    expect(liftInstruction(instruction, NO_CONSTANT_SLOTS)).toBeDefined();
    instruction.free();
  });

  it('the MMX forms are not known', () => {
    for (const [name, opcode] of CASES) {
      const instruction = decodeInstruction(Uint8Array.of(0x0f, opcode, 0xca), CODE);
      expect(Mnemonic[instruction.mnemonic].toLowerCase()).toBe(name);
      expect(liftInstruction(instruction, NO_CONSTANT_SLOTS)).toBeUndefined();
      instruction.free();
    }
  });
});
