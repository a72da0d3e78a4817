import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from 'iced-x86';
import { describe, expect, test } from 'vitest';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import type { Image } from '../image/image.js';
import { loadImage } from '../image/open-images.js';
import { EDITS_PATH } from './edits.js';
import { EDITED, makeCorpus, writeEdits } from './made-corpus.test.helper.js';
import { MANIFEST_PATH, readManifest } from './manifest.js';

const ROOT = join(import.meta.dirname, '../..');
const all = readManifest(ROOT);
const twins = all.filter((twin) => twin.kind === 'assembly');
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

/** The instruction that begins at `SYMBOL+0x...`, or undefined if none does. */
function instructionAt(object: string, place: string): string | undefined {
  const [symbol, offset] = place.split('+');
  return disassemble(object, symbol).get(Number(offset));
}

describe('the manifest of the assembly twins', () => {
  test('has one row for every function of the broken objects, and no other', () => {
    const objects = [...new Set(twins.map(({ object }) => object))].sort();
    const families = [
      'guest-5.19',
      'guest-6.3',
      'guest-6.4',
      'guest-6.7',
      'guest-rfc-2021',
      'seamcall-2023',
      'seamcall-6.7',
      'unseen-5.19',
      'unseen-6.7',
      'unseen-rfc-2021',
      'unseen-seamcall-6.7',
    ];
    expect(objects).toEqual(families.map((family) => `corpus/bugs/${family}.o`));
    const built = objects.flatMap((object) => functions(object).map((symbol) => `${object} ${symbol}`));
    expect(twins.map(({ object, symbol }) => `${object} ${symbol}`).sort()).toEqual(built.sort());
  });

  test('has, with the edits, a twin for every property, and only properties that exist', () => {
    const names = [...PROPERTY_NAMES].sort();
    expect([...new Set(all.map(({ property }) => property))].sort()).toEqual(names);
    for (const { property, alsoBreaks } of all) {
      expect(names).toEqual(expect.arrayContaining(alsoBreaks));
      expect(alsoBreaks).not.toContain(property);
    }
  });

  test.each(twins)('$id: contract, neighbour and culprit exist', ({ object, symbol, contract, fixed, ...twin }) => {
    const [set, name] = contract.split('/');
    expect(CONTRACT_SETS.find((entry) => entry.name === set)?.contracts[name]).toBeDefined();
    // What once passed stands in objects of its own, beside those of the same family.
    const family = object.replace('unseen-seamcall-', 'seamcall-').replace('unseen-', 'guest-');
    expect(fixed).toEqual({ object: family.replace('bugs', 'targets'), symbol: name });
    expect(twin.id).toBe(`${symbol.replaceAll('_', '-')}-${set.replace('linux-', '')}`);
    expect(twin.place.split('+')[0]).toBe(symbol);
    expect(normal(instructionAt(object, twin.place) ?? 'none')).toBe(normal(twin.instruction));
  });
});

describe('every twin', () => {
  test.each(all)('$id: both functions exist, and an instruction begins at its place', (twin) => {
    expect(functions(twin.object)).toContain(twin.symbol);
    expect(functions(twin.fixed.object)).toContain(twin.fixed.symbol);
    expect(instructionAt(twin.object, twin.place)).toBeDefined();
  });

  test('an edited one has the fields of the others, and its clean object is the neighbour', () => {
    const root = makeCorpus();
    try {
      cpSync(join(ROOT, MANIFEST_PATH), join(root, MANIFEST_PATH));
      const [edited, ...none] = readManifest(root).slice(twins.length);
      const { of, file, replace, with: replacement, ...facts } = EDITED;
      expect(edited).toEqual({
        ...facts,
        kind: 'edited',
        edit: { of, file, replace, with: replacement },
        fixed: { object: of, symbol: EDITED.symbol },
      });
      expect(none).toEqual([]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test.each([
    ['id of an assembly twin', { id: twins[0].id, object: `corpus/bugs/${twins[0].id}.o` }, /two twins have the id/],
    ['object that is not its own', { object: 'corpus/bugs/other.o' }, /twins\.0\.object: not corpus\/bugs\/ID\.o/],
    ['place without an offset', { place: 'logic' }, /twins\.0\.place: SYMBOL\+0x/],
    ['file outside of the sources', { file: 'corpus/targets/../bugs/a.S' }, /twins\.0\.file: a file below/],
    ['empty text to replace', { replace: '' }, /twins\.0\.replace/],
  ])('an edited one with the %s is one line for people', (_, change, message) => {
    const root = makeCorpus();
    try {
      cpSync(join(ROOT, MANIFEST_PATH), join(root, MANIFEST_PATH));
      writeEdits(root, { ...EDITED, ...change });
      expect(() => readManifest(root)).toThrow(message);
      expect(() => readManifest(root)).toThrow(/^[^\n]*$/);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

describe('a broken manifest is one line for people', () => {
  test.each([
    ['not JSON', (text: string) => text.slice(1), /not JSON/],
    ['an unknown key', (text: string) => text.replace('"slot"', '"slott"'), /: 0\.slot/],
    ['an id twice', (text: string) => text.replace(twins[1].id, twins[0].id), /two twins have the id/],
  ])('%s', (_, change, message) => {
    const root = mkdtempSync(join(tmpdir(), 'tdxfuzz-manifest-'));
    try {
      const path = join(root, MANIFEST_PATH);
      for (const list of [MANIFEST_PATH, EDITS_PATH]) cpSync(join(ROOT, list), join(root, list));
      expect(readManifest(root)).toEqual(all);
      writeFileSync(path, change(readFileSync(path, 'utf8')));
      expect(() => readManifest(root)).toThrow(message);
      expect(() => readManifest(root)).toThrow(/^[^\n]*$/);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
