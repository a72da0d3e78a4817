import { beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../errors.js';
import type { AnyTarget } from '../../run/target.js';
import { anyTwin } from '../../finding/twins.test.helper.js';
import { fuzz } from '../fuzz.js';
import type { RunResult } from '../records/result.js';
import { listingsOf, type Listings, parseListings } from './listing.js';

/** Stubs of guest and host, a helper, a dispatcher. */
const TWINS = [
  'missing-scrub-r10-5.19',
  'retry-forever-6.3',
  'store-r10-without-flag-5.19',
  'seam-missing-scrub-rdx-6.7',
  'helper-7.3-in-keeps-upper-half',
  'dispatcher-port-truncated',
];

let targets: AnyTarget[];
let result: RunResult;
let listings: Listings;

beforeAll(async () => {
  targets = TWINS.map(anyTwin);
  result = await fuzz({ targets, seed: 'trace documents', budget: { runs: 200 }, workers: 1 });
  listings = listingsOf(targets, result);
});

describe('listings', () => {
  test('hold the code byte for byte, each function once', () => {
    const { image } = targets[0];
    const listing = listings.images.find(({ hash }) => hash === image.hash);
    const code = listing?.functions.find(({ symbol }) => symbol === 'missing_scrub_r10');
    const segment = image.segments.find(({ address, size }) => {
      const at = BigInt(code?.address ?? 0);
      return at >= address && at < address + BigInt(size);
    });
    const start = Number(BigInt(code?.address ?? 0) - (segment?.address ?? 0n));
    const bytes = Buffer.from(segment?.bytes.subarray(start, start + (code?.size ?? 0)) ?? []).toString('hex');
    expect(code?.instructions.map((line) => line.bytes).join('')).toBe(bytes);
    expect(bytes).toContain('660f01cc');
    for (const { functions } of listings.images)
      expect(new Set(functions.map(({ address }) => address)).size).toBe(functions.length);
  });

  test('have every function and every instruction that coverage speaks of', () => {
    for (const { imageHash, coverage } of result.result.targets) {
      const functions = listings.images.find(({ hash }) => hash === imageHash)?.functions ?? [];
      for (const { symbol, address, reached, taken, directions } of coverage) {
        const found = functions.find((candidate) => candidate.address === address);
        const offsets = found?.instructions.map(({ offset }) => offset);
        expect(offsets, symbol).toEqual(expect.arrayContaining(reached));
        const branches = found?.instructions.filter(({ branch }) => branch !== undefined) ?? [];
        expect(2 * branches.length).toBe(directions);
        for (const [branch, to] of taken) {
          const line = branches.find(({ offset }) => offset === branch);
          expect([line?.branch, branch + (line?.bytes.length ?? 0) / 2]).toContain(to);
        }
      }
    }
  });

  test('name targets of branches, and lines of source where somebody knows them', () => {
    const text = listings.images.flatMap(({ functions }) => functions.flatMap(({ instructions }) => instructions));
    expect(text.map((line) => line.text)).toContain('je missing_scrub_r10+0x2f');
    const { images } = listingsOf(targets, result, (_, address) => ({
      file: 'f.S',
      line: Number(address & 0xfffn) + 1,
    }));
    expect(images[0].files).toEqual(['f.S']);
    const [code] = images[0].functions;
    const first = Number(BigInt(code.address) & 0xfffn);
    expect(code.instructions[0].source).toEqual([0, first + 1]);
  });

  test('come back from their file as they went', () => {
    expect(parseListings(JSON.stringify(listings), 'listings.json')).toEqual(listings);
  });

  test.each<[string, (value: Listings) => unknown, RegExp]>([
    ['not JSON', () => undefined, /not JSON/],
    ['another version', (value) => ({ ...value, schema: 'tdxfuzz/listings/9' }), /not known to this version/],
    ['another file', () => ({}), /no listings: schema/],
    ['a key too many', (value) => ({ ...value, more: 1 }), /no listings/],
    ['bytes that are none', (value) => edited(value, (line) => (line.bytes = '<b>')), /hexadecimal/],
    ['an offset out of bounds', (value) => edited(value, (line) => (line.offset = 1e15)), /offset/],
    ['a file that is not there', (value) => edited(value, (line) => (line.source = [7, 1])), /source file/],
  ])('%s is refused in one line', (_, edit, message) => {
    const value = edit(structuredClone(listings));
    const json = value === undefined ? '{"schema":' : JSON.stringify(value);
    expect(() => parseListings(json, 'out/listings.json')).toThrow(UsageError);
    expect(() => parseListings(json, 'out/listings.json')).toThrow(message);
    expect(() => parseListings(json, 'out/listings.json')).toThrow(/^out\/listings\.json: [^\n]*$/);
  });
});

type Line = Listings['images'][number]['functions'][number]['instructions'][number];

function edited(value: Listings, edit: (line: Line) => void): Listings {
  edit(value.images[0].functions[0].instructions[0]);
  return value;
}
