import { expect, test } from 'vitest';
import { equalHalves, writeHalves } from './halves.js';
import { Layout, makeRoom } from './named-words.js';

const LAYOUT = new Layout(['one', 'two']);

test('values have their names in order, and places of their own', () => {
  const rooms = Array.from({ length: 5000 }, (_, index) => {
    const room = makeRoom(LAYOUT);
    writeHalves(room.words, room.at, BigInt(index));
    writeHalves(room.words, room.at + 2, 1n << 63n);
    return room;
  });
  rooms.forEach((room, index) => {
    const record = room.record();
    if (record['one'] !== BigInt(index)) throw new Error(`room ${index} was used twice`);
    expect(Object.keys(record)).toEqual(['one', 'two']);
  });
  expect(rooms[3].record(1)).toEqual({ two: 1n << 63n });
  expect([LAYOUT.indexOf('two'), LAYOUT.indexOf('three')]).toEqual([1, -1]);
  expect(() => new Layout(['one', 'two', 'one'])).toThrow('a name is there twice');
});

test('both halves count when values are compared', () => {
  const words = Int32Array.of(0, -1, 1);
  expect(equalHalves(words, 1, 0x1_ffff_ffffn)).toBe(true);
  expect(equalHalves(words, 1, 0xffff_ffffn)).toBe(false);
  expect(equalHalves(words, 1, 0x1_0000_0000n)).toBe(false);
});
