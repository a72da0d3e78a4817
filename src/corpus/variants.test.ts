import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fuzz } from '../campaign/fuzz.js';
import { imageCache, variantTarget } from '../campaign/targets/twin-targets.js';
import { functionCode } from '../harness/function-code.js';
import { findFunction } from '../image/symbols.js';
import { packageRoot } from '../package-info.js';
import { readVariants, type Variant, VARIANTS_PATH } from '../targets/variants.js';

const ROOT = packageRoot();
const VARIANTS = readVariants(ROOT);
const IMAGES = imageCache(ROOT);

/** General registers as objdump prints them, by their first name. */
const FAMILIES: readonly (readonly string[])[] = [
  ...['a', 'b', 'c', 'd'].map((letter) => [`r${letter}x`, `e${letter}x`, `${letter}x`, `${letter}l`, `${letter}h`]),
  ...['si', 'di', 'bp', 'sp'].map((name) => [`r${name}`, `e${name}`, name, `${name}l`]),
  ...[8, 9, 10, 11, 12, 13, 14, 15].map((number) => ['', 'd', 'w', 'b'].map((width) => `r${number}${width}`)),
];
const FAMILY = new Map(FAMILIES.flatMap((names, family) => names.map((name, width) => [name, { family, width }])));

/** The instructions with registers numbered in the order in which they appear, and places as distances. */
function shapeOf({ object, symbol }: Variant): string {
  const image = IMAGES(object);
  const { address, size } = findFunction(image, symbol);
  const numbers = new Map<number, number>();
  return functionCode(image, address, size)
    .instructions.map(({ text, target }) => {
      const place = target === undefined ? '' : ` to ${target - address}`;
      return `${text.replaceAll(/%(\w+)/g, (whole, name: string) => {
        const known = FAMILY.get(name);
        if (known === undefined) return whole;
        const number = numbers.get(known.family) ?? numbers.size;
        numbers.set(known.family, number);
        return `%${number}.${known.width}`;
      })}${place}`;
    })
    .join('\n');
}

describe('the variants', () => {
  test('are at least 100 of at least 15 kinds, at most 8 of one kind', () => {
    const kinds = new Map<string, number>();
    for (const { kind } of VARIANTS) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    expect(VARIANTS.length).toBeGreaterThanOrEqual(100);
    expect(kinds.size).toBeGreaterThanOrEqual(15);
    expect([...kinds].filter(([, count]) => count > 8)).toEqual([]);
  });

  test('are no two equal after renaming registers', () => {
    const shapes = new Map<string, string>();
    for (const variant of VARIANTS) {
      const shape = shapeOf(variant);
      expect([variant.id, shapes.get(shape)]).toEqual([variant.id, undefined]);
      shapes.set(shape, variant.id);
    }
  });

  test('have a list that names every function of their objects', () => {
    const folder = join(ROOT, 'corpus/variants');
    const objects = readdirSync(folder).filter((name) => name.endsWith('.o'));
    expect(new Set(VARIANTS.map(({ object }) => object))).toEqual(
      new Set(objects.map((name) => `corpus/variants/${name}`)),
    );
    for (const name of objects) {
      const source = readFileSync(join(folder, name)).toString('latin1');
      for (const { object, symbol } of VARIANTS)
        if (object === `corpus/variants/${name}`) expect([name, source.includes(symbol)]).toEqual([name, true]);
    }
    expect(JSON.parse(readFileSync(join(ROOT, VARIANTS_PATH), 'utf8'))).toHaveProperty('retired');
  });

  // A sample; the museum has them all, with many cases.
  test.each(VARIANTS.filter((_, index) => index % 6 === 0))('$id is silent: $what', async (variant) => {
    const targets = [variantTarget(variant, IMAGES)];
    const { result } = await fuzz({ targets, seed: 'variants', budget: { runs: 1000 }, workers: 1, examine: false });
    const [{ findings, problem, cases }] = result.targets;
    expect(problem).toBeUndefined();
    expect(findings.map(({ property, clause, place }) => `${property}: ${clause} at ${place}`)).toEqual([]);
    expect(cases).toBeGreaterThanOrEqual(1000);
  });
});
