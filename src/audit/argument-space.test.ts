import { describe, expect, test } from 'vitest';
import { GIVEN_BY, givenBy, LIKE, mix, pageContent, placeAddress, WINDOWS } from './argument-space.js';

const PAGE = 0xfffn;
const wordsOf = (address: bigint): bigint[] => [...new BigUint64Array(pageContent(address & ~PAGE).buffer)];

describe('argument memory', () => {
  test('an address says who gave it, and no other value does', () => {
    for (const who of Object.values(GIVEN_BY)) expect(givenBy(placeAddress(who, 5, 77))).toBe(who);
    for (const value of [0n, 0x1234n, 0xffff888012340000n, 0xffffffff81000000n, ~0n & 0xffffffffffffffffn])
      expect(givenBy(value)).toBeUndefined();
  });

  test('a window of pointers leads into the memory itself', () => {
    for (const word of wordsOf(placeAddress(GIVEN_BY.caller, LIKE.pointers, 1)))
      expect(givenBy(word)).toBe(GIVEN_BY.caller);
  });

  test('a window of zeros, one of small numbers', () => {
    expect(new Set(wordsOf(placeAddress(GIVEN_BY.caller, LIKE.zeros, 1)))).toEqual(new Set([0n]));
    for (const word of wordsOf(placeAddress(GIVEN_BY.caller, LIKE.small, 1))) expect(word).toBeLessThan(8n);
  });

  test('the pointer of a companion differs in all bytes that can, and leads to the same words', () => {
    const pointer = placeAddress(GIVEN_BY.nobody, 9, 0x1234);
    const other = placeAddress(GIVEN_BY.nobodyOther, 9, 0x1234);
    for (let byte = 0n; byte < 6n; byte++)
      expect((pointer >> (8n * byte)) & 0xffn).not.toBe((other >> (8n * byte)) & 0xffn);
    const at = (address: bigint): bigint => wordsOf(address)[Number((address & PAGE) / 8n)];
    expect(at(other)).toBe(at(pointer));
  });

  test('the windows are all there, and numbers are mixed', () => {
    expect(new Set(Array.from({ length: WINDOWS }, (_, window) => placeAddress(GIVEN_BY.caller, window, 0))).size).toBe(
      WINDOWS,
    );
    expect(mix(1, 2)).not.toBe(mix(2, 1));
  });
});
