import { describe, expect, it } from 'vitest';
import { REFERENCE_CONFIGURATION as CONFIG } from './configuration.js';
import { interruptibilityAfterTdcall, leafOf, rejectRax, versionOf } from './dispatch.js';
import { operandInvalidRax } from './status.js';

const IMPLEMENTED = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18, 20, 22, 23, 24, 25, 26, 27];

describe('the TDCALL dispatcher', () => {
  it('takes the leaves of 1.5.01 at version 0, and no other number', () => {
    const taken: number[] = [];
    for (let leaf = 0; leaf <= 0xffff; leaf++) if (!rejectRax(CONFIG, leaf, 0)) taken.push(leaf);
    expect(taken).toEqual(IMPLEMENTED);
  });

  it('takes a version above 0 for TDG.VM.RD alone, and there any', () => {
    const taken = IMPLEMENTED.filter((leaf) => !rejectRax(CONFIG, leaf | (1 << 16), 0));
    expect(taken).toEqual([7]);
    for (let version = 0; version < 256; version++) expect(rejectRax(CONFIG, 7 | (version << 16), 0)).toBe(false);
  });

  it('refuses every reserved bit', () => {
    for (let bit = 24; bit < 32; bit++) expect(rejectRax(CONFIG, 1 | (1 << bit), 0)).toBe(true);
    for (let bit = 0; bit < 32; bit++) expect(rejectRax(CONFIG, 1, 1 << bit)).toBe(true);
  });

  it('splits RAX', () => {
    expect([leafOf(0x00ab1234), versionOf(0x00ab1234)]).toEqual([0x1234, 0xab]);
    expect(versionOf(0xffffffff | 0)).toBe(0xff);
  });

  it('answers a refusal with OPERAND_INVALID|RAX and nothing else', () => {
    const guest = new Int32Array(32).fill(9);
    operandInvalidRax(guest);
    expect([...guest]).toEqual([0, 0xc0000100 | 0, ...Array.from({ length: 30 }, () => 9)]);
  });

  it('clears blocking by STI and by MOV SS, and keeps the rest', () => {
    expect([0, 1, 2, 3, 8, 0xb, 0x1f].map(interruptibilityAfterTdcall)).toEqual([0, 0, 0, 0, 8, 8, 0x1c]);
  });
});
