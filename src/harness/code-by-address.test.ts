/** Functions by their address: where an image names nothing, and where it names others. */
import { describe, expect, test } from 'vitest';
import { CODE, type WrittenFile, writeElf } from '../image/elf-writer.test.helper.js';
import { ImageError, type Image } from '../image/image.js';
import { parseImage } from '../image/load.js';
import { addressOfPlace, nameOfPlace, placeName } from '../image/places.js';
import { findFunction } from '../image/symbols.js';
import { functionExtent, symbolicName } from '../stage/functions.js';
import { withFunctionsAt } from './code-by-address.js';

/** `call +0x10; ret`, nothing in between, and `nop; ret`. */
const TEXT = Uint8Array.from([0xe8, 0x0b, 0, 0, 0, 0xc3, ...Array<number>(10).fill(0xcc), 0x90, 0xc3]);
const LOADED = 5;

function linked(change: Partial<WrittenFile> = {}): Image {
  const sections = [{ name: '.text', flags: CODE, address: 0x401000n, align: 16, data: TEXT }];
  const programs = [{ flags: LOADED, address: 0x401000n, section: '.text' }];
  return parseImage(writeElf({ type: 2, sections, programs, ...change }), 'stripped');
}

function object(...names: string[]): Image {
  return parseImage(
    writeElf({ sections: names.map((name) => ({ name, flags: CODE, align: 16, data: TEXT })) }),
    'some.o',
  );
}

test('one place has one name', () => {
  expect(['0X01230', '0x0', '.text+0X0F', 'f', '1230', '0x', '0xg', '0x11112222333344445'].map(placeName)).toEqual([
    '0x1230',
    '0x0',
    '.text+0xf',
    'f',
    '1230',
    '0x',
    '0xg',
    '0x11112222333344445',
  ]);
});

describe('of a linked image', () => {
  test('the address is as objdump prints it, and what is called has a name too', () => {
    const image = withFunctionsAt(linked(), ['0x401000']);
    const { address } = findFunction(image, '0x401000');
    expect(address).toBe(0x401000n);
    expect(functionExtent(image, findFunction(image, '0x401000'))).toEqual({ address, size: 6 });
    expect(symbolicName(image, 0x401005n)).toBe('0x401000+0x5');
    expect(symbolicName(image, 0x401011n)).toBe('0x401010+0x1');
  });

  test('a moved image keeps the addresses that it was linked for', () => {
    const moved = { ...linked(), moved: 0x400000n };
    expect(addressOfPlace(moved, '0x1010')).toBe(0x401010n);
    expect(nameOfPlace(moved, 0x401010n)).toBe('0x1010');
    expect(() => findFunction(moved, '0x401000')).toThrow(/executable memory, which is 0x1000 to 0x1011; /);
  });

  test('what has a symbol keeps its name', () => {
    const symbols = [{ name: 'callee', section: '.text', value: 0x401010n, size: 2n, type: 2, binding: 1 }];
    const image = withFunctionsAt(linked({ symbols }), ['0x401000']);
    expect(symbolicName(image, 0x401011n)).toBe('callee+0x1');
    expect(withFunctionsAt(linked({ symbols }), ['callee', 'absent']).symbols).toHaveLength(1);
  });

  test('a symbol that is called like an address is the symbol', () => {
    const symbols = [{ name: '0x401000', section: '.text', value: 0x401010n, size: 2n, type: 2, binding: 1 }];
    expect(findFunction(withFunctionsAt(linked({ symbols }), ['0x401000']), '0x401000').address).toBe(0x401010n);
  });

  test.each(['0x400fff', '0x401012', '0x0', '0xffffffffffffffff', '.text+0x0'])('%s is no place in it', (name) => {
    const image = withFunctionsAt(linked(), [name]);
    expect(() => findFunction(image, name)).toThrow(ImageError);
    expect(() => findFunction(image, name)).toThrow(/is not in executable memory, which is 0x401000 to 0x401011; /);
  });
});

describe('of an object', () => {
  test('an offset in a section, by its name or in the only one', () => {
    const image = withFunctionsAt(object('.text'), ['.text+0x10', '0x10', '0x0']);
    const [{ address }] = image.segments;
    expect(findFunction(image, '.text+0x10').address).toBe(address + 0x10n);
    expect(findFunction(image, '0x10').address).toBe(address + 0x10n);
    expect(symbolicName(image, address + 1n)).toBe('0x0+0x1');
    expect(nameOfPlace(image, address + 1n)).toBe('.text+0x1');
  });

  test('of several sections it must be said which', () => {
    const image = object('.text', '.init.text');
    expect(() => withFunctionsAt(image, ['0x10'])).toThrow(
      'some.o: 0x10 may be .text+0x10 or .init.text+0x10; say in which section',
    );
    expect(findFunction(withFunctionsAt(image, ['.init.text+0x10']), '.init.text+0x10').address).toBe(
      image.segments[1].address + 0x10n,
    );
    expect(() => withFunctionsAt(object('.text', '.text'), ['.text+0x1'])).toThrow(/2 sections are named .text/);
  });

  test.each(['.text+0x12', '.data+0x0', '0x12'])('%s is no place in it', (name) => {
    const image = withFunctionsAt(object('.text'), [name]);
    expect(() => findFunction(image, name)).toThrow(/is not in executable memory, which is \.text\+0x0 to \+0x11; /);
  });
});
