/** An outline says what describing every instruction says. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { disassemble } from './decode.js';
import { outline } from './outline.js';

const ADDRESS = 0xffff_ffff_8100_0000n;
const LONGEST = 15;

function described(bytes: Uint8Array) {
  const targets: bigint[] = [];
  let [instructions, conditionalBranches] = [0, 0];
  for (let at = 0; at < bytes.length; instructions++) {
    const { length, flow, target } = disassemble(bytes.subarray(at, at + LONGEST), ADDRESS + BigInt(at));
    if (flow === 'conditional') conditionalBranches++;
    if (target !== undefined) targets.push(target);
    at += Math.max(1, length);
  }
  return { instructions, conditionalBranches, targets };
}

describe('an outline', () => {
  test('counts instructions and conditional branches, and lists direct targets', () => {
    // test %rax,%rax; je +2; call +0; jmp *%rax; ud2
    const code = Uint8Array.of(0x48, 0x85, 0xc0, 0x74, 2, 0xe8, 0, 0, 0, 0, 0xff, 0xe0, 0x0f, 0x0b);
    expect(outline(code, ADDRESS)).toEqual({
      instructions: 5,
      conditionalBranches: 1,
      targets: [ADDRESS + 7n, ADDRESS + 10n],
    });
  });

  test('is that of any bytes, whatever they are, also where they end too early', () => {
    let seed = 1;
    for (let round = 0; round < 200; round++) {
      const bytes = Uint8Array.from({ length: 1 + (round % 64) }, () => (seed = (seed * 48271) % 0x7fffffff) >> 8);
      expect(outline(bytes, ADDRESS)).toEqual(described(bytes));
    }
  });

  test('is that of whole files', () => {
    const folder = 'corpus/targets';
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.o'))) {
      const bytes = new Uint8Array(readFileSync(`${folder}/${file}`));
      expect(outline(bytes, ADDRESS), file).toEqual(described(bytes));
    }
  });
});
