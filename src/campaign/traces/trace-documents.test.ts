import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findAnyContract } from '../../contract/find-contract.js';
import { CONTRACT_SETS } from '../../contract/library/sets.js';
import { UsageError } from '../../errors.js';
import { parseImage } from '../../image/load.js';
import { packageRoot } from '../../package-info.js';
import { readManifest } from '../../targets/manifest.js';
import { REGISTER_NAMES } from '../../x86/registers.js';
import { fuzz } from '../fuzz.js';
import { listingsOf, type Listings, parseListings } from './listing.js';
import type { RunResult } from '../records/result.js';
import type { AnyTarget } from '../targets/target.js';
import type { TraceDocument, TraceStep } from './trace-document.js';
import { tracesOf } from './trace-documents.js';
import { MOST_STEPS } from './trace-steps.js';

/** Stubs: a scrub that is missing, a loop without an end, a store too many, a host that keeps what a TD chose. Programs: a helper, a dispatcher. */
const TWINS = [
  'missing-scrub-r10-5.19',
  'retry-forever-6.3',
  'store-r10-without-flag-5.19',
  'seam-missing-scrub-rdx-6.7',
  'helper-7.3-in-keeps-upper-half',
  'dispatcher-port-truncated',
];

function targetOf(id: string): AnyTarget {
  const twin = readManifest(packageRoot()).find((candidate) => candidate.id === id);
  if (twin === undefined) throw new Error(`no twin ${id}`);
  const { set, contract, program } = findAnyContract(twin.contract, CONTRACT_SETS);
  const image = parseImage(readFileSync(join(packageRoot(), twin.object)), twin.object);
  const { symbol } = twin;
  return program === undefined
    ? { name: id, symbol, set: set.name, contract, image }
    : { name: id, symbol, set: set.name, program: { ...program, symbol }, image };
}

let targets: AnyTarget[];
let result: RunResult;
let traces: TraceDocument[];
let listings: Listings;

beforeAll(async () => {
  targets = TWINS.map(targetOf);
  result = await fuzz({ targets, seed: 'trace documents', budget: { runs: 200 }, workers: 1 });
  traces = tracesOf(result);
  listings = listingsOf(targets, result);
});

function traceOf(id: string): TraceDocument {
  const found = traces.find(({ target }) => target === TWINS.indexOf(id));
  if (found === undefined) throw new Error(`no trace of ${id}`);
  return found;
}

function theirs({ theirs: mask }: TraceStep): string {
  return REGISTER_NAMES.filter((_, register) => (mask >>> register) & 1).join(' ');
}

describe('trace documents', () => {
  test('one for each finding, in order, without a problem', () => {
    const findings = result.result.targets.flatMap((target, index) => target.findings.map((_, at) => [index, at]));
    expect(findings.length).toBeGreaterThanOrEqual(TWINS.length);
    expect(traces.map(({ target, finding }) => [target, finding])).toEqual(findings);
    for (const { problem, rule, fix } of traces) {
      expect(problem).toBeUndefined();
      expect(rule).not.toBe('');
      expect(fix).not.toBe('');
    }
  });

  test('the blamed step is the instruction that the finding names', () => {
    for (const { target, finding, steps, blamed } of traces) {
      const { place, property } = result.result.targets[target].findings[finding];
      // Some are put down to the function as a whole.
      if (blamed >= 0) expect(steps[blamed].place, property).toBe(place);
    }
    expect(traces.filter(({ blamed }) => blamed >= 0).length).toBeGreaterThanOrEqual(TWINS.length);
  });

  test('a stub whose scrub of R10 is missing: what the host put into six registers, and when it left them', () => {
    const { steps, blamed, otherSide, method, register } = traceOf('missing-scrub-r10-5.19');
    expect({ otherSide, method, register }).toEqual({ otherSide: 'host', method: 'compared', register: 'r10' });
    expect(steps[blamed]).toMatchObject({ text: 'tdcall', world: 'the host answers in r10 r11 r12 r13 r14 r15' });
    expect(steps[blamed - 1].theirs).toBe(0);
    // guest-5.19.S: RAX is the host's status, R11 is cleared, R12 to R15 are the caller's again; R10 is forgotten.
    expect(theirs(steps[blamed])).toBe('r10 r11 r12 r13 r14 r15');
    expect(steps.at(-1)?.text).toBe('ret');
    expect(theirs(steps[steps.length - 1])).toBe('rax r10');
  });

  test('a field of the block that has the name of a register is none, and its store carries what the host chose', () => {
    const { steps, blamed, register } = traceOf('store-r10-without-flag-5.19');
    expect(register).toBeUndefined();
    const { text, stores = [], theirMemory } = steps[blamed];
    expect(text).toBe('mov %r10,(%rdi)');
    expect(stores.map(({ address }) => address)).toEqual(theirMemory);
  });

  test('a host stub speaks of the TD', () => {
    const { otherSide, steps } = traceOf('seam-missing-scrub-rdx-6.7');
    expect(otherSide).toBe('TD');
    expect(theirs(steps[steps.length - 1])).toContain('rdx');
  });

  test('registers before the first step and the changes of every step give what the code did', () => {
    const { initial, steps } = traceOf('missing-scrub-r10-5.19');
    const state = new Map(initial);
    const atEntry = state.get('r12');
    for (const { text, changed, stores = [], loads = [] } of steps) {
      if (text === 'push %r12') expect(stores).toMatchObject([{ value: atEntry, bytes: 8 }]);
      if (text === 'pop %r12') expect(loads).toMatchObject([{ value: atEntry, bytes: 8 }]);
      for (const [name, value] of changed) state.set(name, value);
      if (text === 'xor %r11d,%r11d') expect(state.get('r11')).toBe('0x0');
      if (text === 'mov $0xfc00,%ecx') expect(state.get('rcx')).toBe('0xfc00');
    }
    expect(state.get('r12')).toBe(atEntry);
  });

  test('a loop without an end fills the bound and no more', () => {
    const { steps, leftOut, end } = traceOf('retry-forever-6.3');
    expect(steps).toHaveLength(MOST_STEPS);
    expect(leftOut).toEqual({ before: 0, behind: 0 });
    expect(end).toContain('ran out of its instruction budget');
  });

  test("a helper's story: the exchange, the answer, and which of its registers the host chose", () => {
    const { story, steps, otherSide } = traceOf('helper-7.3-in-keeps-upper-half');
    const exchanges = story?.steps.flatMap((step) => step.exchanges) ?? [];
    expect(exchanges.map(({ moment }) => moment)).toEqual(['TDVMCALL', 'return']);
    expect(otherSide).toBe('host');
    const call = exchanges[0].step ?? -1;
    expect(steps[call].text).toBe('tdcall');
    const mask = new Map(steps.slice(0, call).flatMap(({ changed }) => changed)).get('rcx') ?? '0x0';
    const shared = REGISTER_NAMES.filter((_, register) => (Number(mask) >>> register) & 1);
    expect(shared.length).toBeGreaterThan(2);
    expect(theirs(steps[call]).split(' ').sort()).toEqual([...shared].sort());
    expect(steps[call - 1].theirs).toBe(0);
    const wrong = exchanges[1].values.filter(({ expected }) => expected !== undefined);
    expect(wrong).toHaveLength(1);
  });

  test('a case that the tool would not have written is refused in one line', () => {
    const hostile = structuredClone(result);
    const [finding] = hostile.result.targets[0].findings;
    finding.case.code.pages[0].address = '0x800000000000';
    expect(() => tracesOf(hostile)).toThrow(UsageError);
    expect(() => tracesOf(hostile)).toThrow(/^missing-scrub-r10-5\.19: the case of finding 1: .*no page can lie at/);
  });

  test('a finding that does not repeat has no trace, and says so', () => {
    const other = structuredClone(result);
    other.result.targets[0].findings[0].place = 'missing_scrub_r10+0x1';
    expect(tracesOf(other)[0]).toMatchObject({ steps: [], problem: expect.stringContaining('does not find it') });
  });
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
