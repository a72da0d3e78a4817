/**
 * Relocations against GNU ld: an object is loaded, then linked by ld with every section at the address that the loader
 * chose, and the bytes must be the same. Needs binutils (and gcc for one test); says so when they are absent.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Image } from './image.js';
import { loadImage } from './open-images.js';
import { findFunction } from './symbols.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-linker-'));
afterAll(() => rmSync(folder, { recursive: true }));

function has(...tools: string[]): boolean {
  const missing = tools.filter((tool) => {
    try {
      execFileSync(tool, ['--version'], { stdio: 'pipe' });
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length > 0) console.warn(`src/image: tests against GNU ld are skipped, no ${missing.join(', ')}`);
  return missing.length === 0;
}
const binutils = has('as', 'ld', 'objcopy', 'objdump', 'nm');
const gcc = has('gcc');

function run(tool: string, ...args: string[]): string {
  return execFileSync(tool, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** Links the object at the loader's addresses. @returns the linked file's path */
function link(object: string, image: Image): string {
  // ld's name for the table of addresses is `.got`; common symbols are an input of `COMMON`.
  const output = (name: string): string => (name === 'GOT' ? '.got' : name === 'COMMON' ? '.common' : name);
  const input = (name: string): string => (name === 'GOT' ? '*(.got)' : name === 'COMMON' ? '*(COMMON)' : `*(${name})`);
  const script = image.segments.map(({ name, address }) => `"${output(name)}" ${hex(address)} : { ${input(name)} }`);
  writeFileSync(
    join(folder, 'link.ld'),
    `SECTIONS {\n${script.join('\n')}\n.got.plt ${hex(image.segments[0].address + 0x1e000000n)} : { *(.got.plt) }\n/DISCARD/ : { *(.note.gnu.property) *(.comment) }\n}\n`,
  );
  const defined = image.externals.map(({ name, address }) => `--defsym=${name}=${hex(address)}`);
  run(
    'ld',
    '-static',
    '-nostdlib',
    '--no-relax',
    '--no-warn-rwx-segments',
    '-e',
    '0',
    '-T',
    'link.ld',
    ...defined,
    '-o',
    'linked',
    object,
  );
  return join(folder, 'linked');
}

/** What ld wrote into a section of the linked file. */
function section(linked: string, name: string): Buffer {
  run('objcopy', '-O', 'binary', '-j', name, linked, 'section');
  return readFileSync(join(folder, 'section'));
}

/** Offset and addend of the relocations of a section that go through the table of addresses, as objdump lists them. */
function slotReferences(object: string, name: string): { at: number; addend: number }[] {
  return [
    ...run('objdump', '-r', '-j', name, object).matchAll(
      /^([0-9a-f]+) R_X86_64_\w*GOTPCREL\w* +\S+?([-+]0x[0-9a-f]+)?$/gm,
    ),
  ].map(([, offset, addend = '+0']) => ({
    at: parseInt(offset, 16),
    addend: Number(addend.slice(1)) * (addend.startsWith('-') ? -1 : 1),
  }));
}

/**
 * Compares all contents and all symbols. The order of the slots in the table of addresses is the linker's own, so what
 * is compared of it is which address each instruction finds there.
 * @returns the bytes compared
 */
function compare(object: string, image: Image, linked: string): number {
  const got = image.segments.find(({ name }) => name === 'GOT');
  const linkedGot = got === undefined ? Buffer.alloc(0) : section(linked, '.got');
  let compared = 0;
  let slots = 0;
  for (const { name, bytes, address } of image.segments) {
    if (bytes.length === 0 || name === 'GOT' || name === '.note.gnu.property') continue;
    const ours = Buffer.from(bytes);
    const theirs = section(linked, name);
    for (const { at, addend } of slotReferences(object, name)) {
      if (got === undefined) throw new Error(`${object} needs a table of addresses and has none`);
      const distance = Number(address - got.address);
      const slot = (from: Buffer): number => distance + at + from.readInt32LE(at) - addend;
      expect(Buffer.from(got.bytes).readBigUInt64LE(slot(ours)), `${name}+${at}`).toBe(
        linkedGot.readBigUInt64LE(slot(theirs)),
      );
      ours.copy(theirs, at, at, at + 4);
      slots++;
    }
    expect(theirs.toString('hex'), name).toBe(ours.toString('hex'));
    compared += bytes.length;
  }
  if (got !== undefined) expect(slots).toBeGreaterThan(0);
  expect(linkedGot.length).toBe(got?.bytes.length ?? 0);
  const addresses = new Map(
    run('nm', linked)
      .split('\n')
      .map((line) => line.trim().split(' '))
      .map(([address, , name]) => [name, BigInt(`0x${address || 0}`)]),
  );
  for (const { name, address } of image.symbols)
    expect([name, hex(addresses.get(name) ?? -1n)]).toEqual([name, hex(address)]);
  return compared;
}

test.skipIf(!binutils)('every kind of relocation has the bytes that ld writes', () => {
  writeFileSync(
    join(folder, 'all.s'),
    `
    .text
    .globl start, inner
    .type start, @function
start:
    call outside
    call inner@PLT
    jmp elsewhere
    lea datum(%rip), %rax
    lea datum+12(%rip), %rax
    movl $1234567, datum+4(%rip)
    mov $zeroed, %rdi
    mov datum(,%rcx,8), %rsi
    movabs $inner+7, %rdx
    mov datum@GOTPCREL(%rip), %rax
    call *outside@GOTPCREL(%rip)
    cmpq $0, elsewhere@GOTPCREL(%rip)
    mov $absolute, %ebx
    mov $absolute, %bx
    mov $absolute_byte, %bl
    call optional
1:  mov %rax, (%rdi)
    .size start, .-start
inner:
    .byte 0x66, 0x0f, 0x01, 0xcc
    ret
    .pushsection __ex_table, "a"
    .balign 4
    .long 1b - .
    .long fixed - .
    .long 2
    .popsection
    .section .fixup, "ax"
fixed:
    jmp inner
    .data
    .balign 16
datum:
    .quad start, datum + 8, outside - 3, optional
    .long inner - ., datum - .
    .quad outside - ., inner - .
    .long absolute, -absolute_byte
    .short absolute
    .byte absolute_byte
    .comm shared, 40, 32
    .comm shared_byte, 1, 1
    .quad shared, shared_byte
    .bss
    .balign 64
    .skip 100
zeroed:
    .skip 8
    .section .rodata.strings, "aMS", @progbits, 1
    .string "text"
    .weak optional
    .globl absolute, absolute_byte
    .set absolute, 0x7654
    .set absolute_byte, 0x21
`,
  );
  run('as', '--64', '-o', 'all.o', 'all.s');
  const image = loadImage(join(folder, 'all.o'));
  expect(image.externals.map(({ name }) => name).sort()).toEqual(['elsewhere', 'outside']);
  expect(image.segments.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['.text', '.data', '.bss', '__ex_table', '.fixup', 'GOT', 'COMMON']),
  );
  expect(compare('all.o', image, link('all.o', image))).toBeGreaterThan(200);
  expect(image.fixups).toEqual([
    { from: findFunction(image, 'inner').address - 3n, to: findFunction(image, 'fixed').address, type: 2 },
  ]);
});

test.skipIf(!binutils)('short relocations have the bytes that ld writes', () => {
  writeFileSync(
    join(folder, 'short.s'),
    `.text
near: .byte small - 0x100, 0xff
    .reloc ., R_X86_64_PC8, near + 1
    .byte 0
    .reloc ., R_X86_64_PC16, near + 0x100
    .short 0
    .reloc ., R_X86_64_PC64, near - 0x123456789
    .quad 0
    .reloc ., R_X86_64_8, small - 0x70
    .byte 0
    .reloc ., R_X86_64_16, small + 0xff00
    .short 0
    .globl small
    .set small, 0xf0
`,
  );
  run('as', '--64', '-o', 'short.o', 'short.s');
  const image = loadImage(join(folder, 'short.o'));
  expect(compare('short.o', image, link('short.o', image))).toBe(16);
});

const SOURCE = `
  extern long outside(long), table[];
  __attribute__((weak)) long optional(long);
  static long zeroed[40];
  long datum = 5, *pointer = &zeroed[3];
  static long (*functions[])(long) = { outside, optional };
  const char *name = "a name";
  __attribute__((noinline)) static long inner(long x) { return x * datum + zeroed[x & 7]; }
  long start(long x) {
    switch (x & 7) { case 0: return outside(x); case 1: return inner(x); case 2: return table[x]; case 3: return functions[x >> 3](x);
      case 4: return optional ? optional(x) : 1; case 5: return name[x]; default: zeroed[x & 31] = x; return *pointer; } }
`;

test
  .skipIf(!binutils || !gcc)
  .each(['-mcmodel=kernel -fno-pie', '-fno-pie', '-fPIE', '-fPIC', '-mcmodel=kernel -fno-pie -ffunction-sections -g'])(
  'what gcc makes of C has the bytes that ld writes: %s',
  (flags) => {
    writeFileSync(join(folder, 'c.c'), SOURCE);
    run('gcc', '-O2', ...flags.split(' '), '-c', '-o', 'c.o', 'c.c');
    const image = loadImage(join(folder, 'c.o'));
    expect(image.externals.map(({ name }) => name).sort()).toEqual(expect.arrayContaining(['outside', 'table']));
    expect(compare('c.o', image, link('c.o', image))).toBeGreaterThan(200);
    // The linked file, read as an executable, has the same code at the same place.
    const linked = loadImage(join(folder, 'linked'));
    const start = findFunction(linked, 'start');
    expect(start.address).toBe(findFunction(image, 'start').address);
    expect(linked.symbols.length).toBeGreaterThan(5);
  },
);

test.skipIf(!binutils || !gcc)('what gcc -r joins of C and assembly has the bytes that ld writes', () => {
  writeFileSync(join(folder, 'one.c'), SOURCE);
  writeFileSync(
    join(folder, 'two.c'),
    'static long kept = 3; static long second(void) { return ++kept; } const char *last(long x) { return x ? "other" : (char *)second(); }',
  );
  writeFileSync(
    join(folder, 'three.s'),
    '.globl outside, table\n outside: call last\n call further\n ret\n .data\n table: .quad start\n',
  );
  const flags = ['-O2', '-mcmodel=kernel', '-fno-pie', '-fno-asynchronous-unwind-tables'];
  run('gcc', ...flags, '-r', '-nostdlib', '-o', 'joined.o', 'one.c', 'two.c', 'three.s');
  const image = loadImage(join(folder, 'joined.o'));
  expect(image.externals.map(({ name }) => name)).toEqual(['further']);
  expect(image.segments.map(({ name }) => name)).toEqual(expect.arrayContaining(['.text', '.rodata', '.data', '.bss']));
  expect(compare('joined.o', image, link('joined.o', image))).toBeGreaterThan(200);
});

test.skipIf(!binutils || !gcc)('a position-independent executable has its pointers', () => {
  writeFileSync(
    join(folder, 'pie.c'),
    'long x; long *pointer = &x; long f(void) { return *pointer; } void _start(void) { f(); }',
  );
  run('gcc', '-O1', '-fPIE', '-pie', '-nostdlib', '-o', 'pie', 'pie.c');
  const image = loadImage(join(folder, 'pie'));
  const find = (name: string): bigint => image.symbols.find((symbol) => symbol.name === name)?.address ?? -1n;
  const pointer = find('pointer');
  const segment = image.segments.find(
    ({ address, bytes }) => pointer >= address && pointer < address + BigInt(bytes.length),
  );
  if (segment === undefined) throw new Error('the pointer is not loaded');
  const at = segment.bytes.byteOffset + Number(pointer - segment.address);
  expect(new DataView(segment.bytes.buffer).getBigUint64(at, true)).toBe(find('x'));
  expect(find('x')).toBeGreaterThan(0n);
});

const targets = join(import.meta.dirname, '../../corpus/targets');
const objects = existsSync(targets) ? readdirSync(targets).filter((name) => name.endsWith('.o')) : [];
test.skipIf(!binutils || objects.length === 0)('the built-in targets have the bytes that ld writes', () => {
  for (const name of objects) {
    const path = join(targets, name);
    const image = loadImage(path);
    expect(compare(path, image, link(path, image)), name).toBeGreaterThan(0);
  }
});
