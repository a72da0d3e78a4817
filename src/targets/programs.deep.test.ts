/** Objects that are made of C and assembly, and twins that are one edit of them: all on made sources. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mapImage } from '../stage/map-image.js';
import type { Image } from '../image/image.js';
import { loadImage } from '../image/open-images.js';
import { symbolAt } from '../stage/functions.js';
import { findFunction } from '../image/symbols.js';
import { SLOT } from '../x86/layout.js';
import { EXIT, Machine } from '../x86/machine.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { buildObjects } from './build-objects.js';
import { checkObjects } from './check.js';
import { EDITED, makeCorpus, PROGRAM, writeEdits, writePrograms } from './made-corpus.test.helper.js';
import { listRecipes } from './recipes.js';
import { readRecord, writeRecord } from './record.js';
import { findToolchain } from './toolchain.js';

const LOGIC = 'corpus/targets/made/logic.c';
const HEADER = 'corpus/targets/made/made.h';
const TWIN = EDITED.object;

let root: string;
beforeEach(() => {
  root = makeCorpus();
});
afterEach(() => rmSync(root, { recursive: true }));

function append(path: string, text: string): void {
  appendFileSync(join(root, path), text);
}

/** One machine for the calls of a test, so that what a call stores is there for the next. */
class Caller {
  private readonly machine = new Machine();
  private readonly top = 0x10_0000n;
  private readonly back = 0x20_0000n;

  constructor(private readonly image: Image) {
    mapImage(this.machine, image);
    this.machine.map(this.top - 0x1000n, 0x1000, { read: true, write: true, execute: false });
    this.machine.addExternal(this.back);
    for (const { address } of image.externals) this.machine.addExternal(address);
  }

  private put(slot: number, value: bigint): void {
    this.machine.state[2 * slot] = Number(BigInt.asIntN(32, value));
    this.machine.state[2 * slot + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }

  private get(slot: number): bigint {
    const { state } = this.machine;
    return (BigInt(state[2 * slot + 1] >>> 0) << 32n) | BigInt(state[2 * slot] >>> 0);
  }

  /** Calls `logic`. @returns EAX as an int, or the name of the external function that it calls */
  logic(kind: bigint, value: bigint, answer = 0n): number | string {
    const { machine } = this;
    const stack = this.top - 0x100n - 8n;
    machine.poke64(Number(stack), 0, Number(this.back), 0);
    this.put(REGISTER_INDEX.rsp, stack);
    this.put(REGISTER_INDEX.rdi, kind);
    this.put(REGISTER_INDEX.rsi, value);
    this.put(SLOT.RIP, findFunction(this.image, 'logic').address);
    let exit = machine.run(1000);
    if (exit === EXIT.Environment) {
      expect(this.get(REGISTER_INDEX.rax)).toBe(value);
      this.put(REGISTER_INDEX.rax, 0n);
      this.put(REGISTER_INDEX.rdx, answer);
      machine.completeEnvironment();
      exit = machine.run(1000);
    }
    expect(exit).toBe(EXIT.External);
    const end = this.get(SLOT.RIP);
    if (end === this.back) return Number(BigInt.asIntN(32, this.get(REGISTER_INDEX.rax)));
    return this.image.externals.find(({ address }) => address === end)?.name ?? 'nowhere';
  }
}

const hasToolchain = findToolchain() !== undefined;

describe.runIf(hasToolchain)('a program of C and assembly', () => {
  test('runs: its tables, constants, variables and stub are where its code looks for them', async () => {
    await buildObjects(root);
    const image = loadImage(join(root, PROGRAM));
    expect(image.segments.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['.text', '.noinstr.text', '.rodata', '.rodata.str1.1', '.data', '.bss']),
    );
    expect(image.externals.map(({ name }) => name)).toEqual(['print_line']);
    const caller = new Caller(image);
    expect(caller.logic(1n, 0n)).toBe('print_line');
    expect([0n, 3n, 5n, 6n].map((index) => caller.logic(2n, index))).toEqual([1, 8, 1000, 77]);
    expect(caller.logic(4n, 0n)).toBe(7);
    expect(caller.logic(3n, 91n)).toBe(7);
    expect(caller.logic(4n, 0n)).toBe(91);
    expect(caller.logic(5n, 2n)).toBe(154);
    expect(caller.logic(6n, 40n, 1234n)).toBe(1234);
    expect(caller.logic(9n, 5n)).toBe(-22);
    expect(caller.logic(4n, 0n)).toBe(5);
  });

  test('keeps the names of its local functions, and no path of the machine that built it', async () => {
    await buildObjects(root);
    const image = loadImage(join(root, PROGRAM));
    for (const name of ['logic', 'fail', 'widen', 'at', 'ask_stub']) {
      const { address } = findFunction(image, name);
      expect(symbolAt(image, address + 1n)).toMatchObject({ symbol: { name }, offset: 1 });
    }
    const text = readFileSync(join(root, PROGRAM), 'latin1');
    expect(text).toContain('print_line');
    expect(text).not.toContain(root);
    expect(text).not.toContain('GCC');
  });

  test('has the same bytes in another folder', async () => {
    const other = makeCorpus();
    try {
      const [one, two] = [await buildObjects(root), await buildObjects(other)];
      expect(two).toEqual(one);
      expect(one.objects.map(({ object }) => object)).toEqual([PROGRAM, 'corpus/targets/stub.o', TWIN]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  test('is named with both sources if they have a function of one name, also a local one', async () => {
    append('corpus/targets/made/widen.c', 'static __attribute__((used)) int fail(void) { return 1; }\n');
    const clash = `^${PROGRAM}: corpus/targets/made/logic.c and corpus/targets/made/widen.c both have fail; rename one.*$`;
    await expect(buildObjects(root)).rejects.toThrow(new RegExp(clash));
  });
});

describe.runIf(hasToolchain)('an edited twin', () => {
  test('differs from the clean object by its edit', async () => {
    await buildObjects(root);
    const clean = new Caller(loadImage(join(root, PROGRAM)));
    const broken = new Caller(loadImage(join(root, TWIN)));
    expect([clean.logic(5n, 3n), broken.logic(5n, 3n)]).toEqual([231, 228]);
    for (const kind of [2n, 3n, 4n, 7n]) expect(broken.logic(kind, 1n)).toBe(clean.logic(kind, 1n));
  });

  test('may be an edit of a header, which concerns every part that includes it', async () => {
    writeEdits(root, { ...EDITED, file: HEADER, replace: 'FACTOR 77', with: 'FACTOR 76' });
    await buildObjects(root);
    const broken = new Caller(loadImage(join(root, TWIN)));
    expect([broken.logic(5n, 3n), broken.logic(2n, 6n)]).toEqual([228, 76]);
  });

  test.each([
    ['that stands nowhere', { replace: 'factor' }, `"factor" does not stand in ${LOGIC}`],
    ['that stands often', { replace: 'value)' }, `"value)" stands 5 times in ${LOGIC}`],
    ['in a file of another program', { file: 'corpus/targets/other.c' }, `is no source of ${PROGRAM}`],
    ['that changes no code', { with: 'FACTOR * value' }, `changes no byte of ${PROGRAM}`],
    ['that does not compile', { with: 'value * FACTORS' }, "error: 'FACTORS' undeclared"],
    ['that the compiler warns of', { replace: 'return fail(value)', with: 'break' }, 'error: '],
    ['of an object that nothing makes', { of: 'corpus/targets/none.o' }, 'nothing makes corpus/targets/none.o'],
  ])('has an edit %s: one line that names the twin, and nothing is written', async (_, change, message) => {
    writeEdits(root, { ...EDITED, ...change });
    const built = buildObjects(root);
    await expect(built).rejects.toThrow(message);
    await expect(built).rejects.toThrow(/^[^\n]*corpus\/bugs\/made-wrong-factor\.o[^\n]*$/);
    expect(() => loadImage(join(root, PROGRAM))).toThrow(/no such file/);
  });
});

describe.runIf(hasToolchain)('a change after the build', () => {
  const states = async (toolchain?: 'none'): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await checkObjects(root, toolchain)).map(({ object, state, detail }) => [object, `${state} ${detail}`.trim()]),
    );
  const inStep = { [TWIN]: 'rebuilt-same', [PROGRAM]: 'rebuilt-same', 'corpus/targets/stub.o': 'rebuilt-same' };
  const changed = (what: string): string =>
    `source-differs-from-record ${what}; run npm run build:targets and commit the result`;

  beforeEach(() => buildObjects(root));

  test('is not there at first', async () => {
    expect(await states()).toEqual(inStep);
  });

  test.each([[LOGIC], [HEADER]])('of %s is found in the program and in its twin', async (path) => {
    append(path, '\n');
    expect(await states()).toEqual({ ...inStep, [PROGRAM]: changed(path), [TWIN]: changed(path) });
  });

  test('of an edit is found', async () => {
    writeEdits(root, { ...EDITED, with: 'value * 75' });
    expect(await states()).toEqual({ ...inStep, [TWIN]: changed(`corpus/bugs/edits.json: ${TWIN}`) });
  });

  test('of what the manifest says of a twin needs no build', async () => {
    writeEdits(root, { ...EDITED, place: 'logic+0x2', mistake: 'Another sentence.' });
    expect(await states()).toEqual(inStep);
  });

  test('of the order of parts is found', async () => {
    writePrograms(root, { 'made.o': ['made/widen.c', 'made/logic.c', 'stub.S'] });
    const order = changed('the order of its parts');
    expect(await states('none')).toEqual({ [TWIN]: order, [PROGRAM]: order, 'corpus/targets/stub.o': 'same' });
  });

  test('that takes a twin away leaves an object that nothing makes', async () => {
    writeEdits(root);
    expect((await states())[TWIN]).toBe(changed('nothing makes it'));
    const record = readRecord(root);
    writeRecord(root, { ...record, objects: record.objects.filter(({ object }) => object !== TWIN) });
    expect((await states())[TWIN]).toBe('not-recorded nothing makes it; delete it');
  });

  test('of the recorded C flags shows in the rebuilt bytes', async () => {
    const record = readRecord(root);
    record.flags.c.push('-Os');
    writeRecord(root, record);
    const found = await states();
    expect(found[PROGRAM]).toContain('rebuilt-differs under the recorded compiler: .text');
    expect(found['corpus/targets/stub.o']).toBe('rebuilt-same');
  });
});

describe('a list of programs that is wrong is one line', () => {
  test.each([
    ['a part outside of corpus/targets', { 'made.o': ['../bugs/guest.S'] }, /programs\.made\.o\.0: a \.c or \.S file/],
    ['a part twice', { 'made.o': ['stub.S', 'stub.S'] }, /names a part twice/],
    ['no parts', { 'made.o': [] }, /programs\.made\.o/],
    ['an object elsewhere', { '../made.o': ['stub.S'] }, /programs\.\.\.\/made\.o: Invalid key/],
    ['an object that a source makes', { 'stub.o': ['made/widen.c'] }, /^corpus\/targets\/stub\.o is made twice/],
  ])('%s', (_, programs, message) => {
    writeEdits(root);
    writePrograms(root, programs);
    expect(() => listRecipes(root)).toThrow(message);
    expect(() => listRecipes(root)).toThrow(/^[^\n]*$/);
  });

  test('no JSON', () => {
    writeFileSync(join(root, 'corpus/targets/programs.json'), '{');
    expect(() => listRecipes(root)).toThrow(/programs\.json: not JSON; mend it$/);
  });
});
