import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from 'iced-x86';
import { describe, expect, test } from 'vitest';
import { PROPERTIES } from '../../properties/all.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import type { Image } from '../image/image.js';
import { loadImage } from '../image/load.js';
import { MANIFEST_PATH, readManifest } from './manifest.js';

const ROOT = join(import.meta.dirname, '../..');
const twins = readManifest(ROOT);
const images = new Map<string, Image>();

function image(object: string): Image {
  const known = images.get(object) ?? loadImage(join(ROOT, object));
  images.set(object, known);
  return known;
}

function functions(object: string): string[] {
  return image(object)
    .symbols.filter(({ kind, global }) => kind === 'function' && global)
    .map(({ name }) => name);
}

/**
 * What objdump and iced-x86 write alike: no size suffix (`ret`, `retq`), no scale of 1, and no target of a direct
 * branch, which is an address for one and a symbol for the other.
 */
function normal(text: string): string {
  const [mnemonic, ...operands] = text.split(' ');
  const direct = /^(j|call)/.test(mnemonic) && !operands.join('').startsWith('*');
  return [
    mnemonic.replace(/^(ret|jmp|testb|popf|pushf)[qb]?$/, '$1'),
    direct ? 'TARGET' : operands.join('').replace(',1)', ')'),
  ].join(' ');
}

/** Offset of each instruction of a function -> its text in GNU syntax. */
function disassemble(object: string, name: string): Map<number, string> {
  const symbol = image(object).symbols.find((entry) => entry.name === name);
  const segment = image(object).segments.find((entry) => entry.name === symbol?.segment);
  if (symbol === undefined || segment === undefined) throw new Error(`${object} has no ${name}`);
  const first = Number(symbol.address - segment.address);
  const decoder = new Decoder(64, segment.bytes.slice(first, first + symbol.size), DecoderOptions.None);
  const formatter = new Formatter(FormatterSyntax.Gas);
  formatter.hexPrefix = '0x';
  formatter.hexSuffix = '';
  formatter.uppercaseHex = false;
  formatter.smallHexNumbersInDecimal = false;
  const found = new Map<number, string>();
  while (decoder.canDecode) {
    const offset = decoder.position;
    const instruction = decoder.decode();
    found.set(offset, formatter.format(instruction));
    instruction.free();
  }
  formatter.free();
  decoder.free();
  return found;
}

describe('the manifest', () => {
  test('has one row for every function of the broken objects, and no other', () => {
    const objects = [...new Set(twins.map(({ object }) => object))].sort();
    const families = ['guest-5.19', 'guest-6.3', 'guest-6.4', 'guest-6.7', 'seamcall-2023', 'seamcall-6.7'];
    expect(objects).toEqual(families.map((family) => `corpus/bugs/${family}.o`));
    const built = objects.flatMap((object) => functions(object).map((symbol) => `${object} ${symbol}`));
    expect(twins.map(({ object, symbol }) => `${object} ${symbol}`).sort()).toEqual(built.sort());
  });

  test('has a twin for every property, and only properties that exist', () => {
    const names = PROPERTIES.map(({ name }) => name).sort();
    expect([...new Set(twins.map(({ property }) => property))].sort()).toEqual(names);
    for (const { property, alsoBreaks } of twins) {
      expect(names).toEqual(expect.arrayContaining(alsoBreaks));
      expect(alsoBreaks).not.toContain(property);
    }
  });

  test.each(twins)('$id: contract, neighbour and culprit exist', ({ object, symbol, contract, fixed, ...twin }) => {
    const [set, name] = contract.split('/');
    expect(CONTRACT_SETS.find((entry) => entry.name === set)?.contracts[name]).toBeDefined();
    expect(fixed).toEqual({ object: object.replace('bugs', 'targets'), symbol: name });
    expect(functions(fixed.object)).toContain(name);
    expect(twin.id).toBe(`${symbol.replaceAll('_', '-')}-${set.replace('linux-', '')}`);
    const text = disassemble(object, symbol).get(Number(twin.offset));
    expect(normal(text ?? 'no instruction begins there')).toBe(normal(twin.instruction));
  });
});

describe('a broken manifest is one line for people', () => {
  test.each([
    ['not JSON', (text: string) => text.slice(1), /not JSON/],
    ['an unknown key', (text: string) => text.replace('"slot"', '"slott"'), /twin 0/],
    ['an id twice', (text: string) => text.replace(twins[1].id, twins[0].id), /two twins have the id/],
  ])('%s', (_, change, message) => {
    const root = mkdtempSync(join(tmpdir(), 'tdxfuzz-manifest-'));
    try {
      const path = join(root, MANIFEST_PATH);
      mkdirSync(dirname(path), { recursive: true });
      cpSync(join(ROOT, MANIFEST_PATH), path);
      expect(readManifest(root)).toEqual(twins);
      writeFileSync(path, change(readFileSync(path, 'utf8')));
      expect(() => readManifest(root)).toThrow(message);
      expect(() => readManifest(root)).toThrow(/^[^\n]*$/);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
