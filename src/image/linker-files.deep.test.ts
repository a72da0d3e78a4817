/**
 * Several files as one image, against GNU ld: every section is linked by ld to the address that the link step chose, file by
 * file, and must have the same bytes; every name must be where ld has it. Needs gcc and binutils; says so when they are absent.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Image } from './image.js';
import { loadImage } from './open-images.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(tool: string, ...args: string[]): string {
  return execFileSync(tool, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

const missing = ['gcc', 'ld', 'objcopy', 'nm', 'ar'].filter((tool) => {
  try {
    run(tool, '--version');
    return false;
  } catch {
    return true;
  }
});
if (missing.length > 0)
  console.warn(`src/image: links of several files are not held against ld, no ${missing.join(', ')}`);

const SOURCES: Readonly<Record<string, string>> = {
  'one.c': `
    int shared; long wide[2]; extern long two(long); __attribute__((weak)) long choice(void) { return 1; }
    static long helper(long x) { return x + shared; } static long kept = 7;
    long one(long x) { return two(helper(x)) + choice() + wide[1] + kept; }
    __attribute__((weak)) extern long nowhere(void); long maybe(void) { return nowhere ? nowhere() : 0; }`,
  'two.c': `
    int shared; long wide[9]; extern long three(long), outside(long); long choice(void) { return 2; }
    static long helper(long x) { return x * shared; } static const char text[] = "two"; const char *name = text;
    long two(long x) { return helper(three(x)) + outside(x) + choice(); } long (*table[])(long) = { two, three, outside };`,
  'three.s': `
    .globl three
    .type three, @function
    three: call *table(%rip)
     call in_group
     call choice
     ret
    .size three, . - three
    .section .text.in_group,"axG",@progbits,in_group,comdat
    .weak in_group
    in_group: mov $3, %eax
     ret
`,
  'four.s': `
    .globl four
    four: call in_group
     jmp one
    .section .text.in_group,"axG",@progbits,in_group,comdat
    .weak in_group
    in_group: mov $4, %eax
     nop
     ret
`,
};
const OBJECTS = Object.keys(SOURCES).map((name) => name.replace(/\.\w$/, '.o'));

/** Links with every section of every file at the address of its segment. */
function link(image: Image): void {
  const input = ({ name, file }: Image['segments'][number]): string =>
    file === undefined ? `*(${name})` : `${OBJECTS[file]}(${name})`;
  const sections = image.segments.map(
    (segment, index) => `s${index} 0x${segment.address.toString(16)} : { ${input(segment)} }`,
  );
  writeFileSync(
    join(folder, 'link.ld'),
    `SECTIONS {\n${sections.join('\n')}\n/DISCARD/ : { *(.note*) *(.comment) *(.eh_frame) }\n}\n`,
  );
  const defined = image.externals.map(({ name, address }) => `--defsym=${name}=0x${address.toString(16)}`);
  const options = ['-static', '-nostdlib', '--no-relax', '--no-warn-rwx-segments', '-e', '0', '-T', 'link.ld'];
  run('ld', ...options, ...defined, '-o', 'linked', ...OBJECTS);
}

test.skipIf(missing.length > 0).each(['-mcmodel=kernel -fno-pie', '-fno-pie'])(
  'weak, common, COMDAT and local symbols of several files are what ld makes of them: %s',
  (flags) => {
    for (const [name, source] of Object.entries(SOURCES)) writeFileSync(join(folder, name), source);
    const options = ['-O1', '-fcommon', '-fno-asynchronous-unwind-tables', ...flags.split(' ')];
    run('gcc', ...options, '-c', ...Object.keys(SOURCES));
    const image = loadImage(OBJECTS.map((name) => join(folder, name)));
    expect(image.badPlaces).toBeUndefined();
    expect(image.externals.map(({ name }) => name)).toEqual(['outside']);
    link(image);
    let compared = 0;
    image.segments.forEach(({ name, bytes, size }, index) => {
      if (bytes.length === 0 || name.startsWith('.note') || name === '.eh_frame') return;
      run('objcopy', '-O', 'binary', '-j', `s${index}`, 'linked', 'section');
      expect(readFileSync(join(folder, 'section')).toString('hex'), name).toBe(Buffer.from(bytes).toString('hex'));
      compared += size;
    });
    expect(compared).toBeGreaterThan(150);
    const addresses = new Map(
      run('nm', 'linked')
        .split('\n')
        .map((line) => line.split(' '))
        .filter(([, type]) => type !== undefined && type === type.toUpperCase())
        .map(([address, , name]) => [name, BigInt(`0x${address}`)]),
    );
    const global = image.symbols.filter((symbol) => symbol.global);
    expect(global.length).toBeGreaterThan(10);
    for (const { name, address } of global) expect([name, addresses.get(name)]).toEqual([name, address]);
  },
);

test.skipIf(missing.length > 0)('an archive of the same files is the same image, thin or not', () => {
  const direct = loadImage(OBJECTS.map((name) => join(folder, name)));
  for (const kind of ['rc', 'rcT']) {
    rmSync(join(folder, 'lib.a'), { force: true });
    run('ar', kind, 'lib.a', ...OBJECTS);
    const library = loadImage(join(folder, 'lib.a'));
    expect(library.segments.map(({ address, bytes }) => [address, Buffer.from(bytes).toString('hex')])).toEqual(
      direct.segments.map(({ address, bytes }) => [address, Buffer.from(bytes).toString('hex')]),
    );
    expect(library.hash).toBe(direct.hash);
  }
});
