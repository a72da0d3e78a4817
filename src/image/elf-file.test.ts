import { expect, test } from 'vitest';
import { sampleExecutable, sampleObject, sectionHeaderAt, writeElf } from './elf-writer.test.helper.js';
import { ImageError } from './image.js';
import { parseImage } from './load.js';

/** The message for bytes, and a check that it is one line that starts with the file's name. */
function messageFor(bytes: Uint8Array): string {
  try {
    parseImage(bytes, 'some.o');
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    expect(error.message).toMatch(/^some\.o: [^\n]+$/);
    return error.message;
  }
  throw new Error('the image was accepted');
}

function patched(at: number, ...values: number[]): Uint8Array {
  const bytes = writeElf(sampleObject());
  bytes.set(values, at);
  return bytes;
}

test.each<[what: string, bytes: Uint8Array, message: RegExp]>([
  ['an empty file', new Uint8Array(0), /empty/],
  ['text', Buffer.from('hello, world'), /not an ELF file/],
  ['a file of one byte', new Uint8Array([0x7f]), /not an ELF file/],
  ['a PE file', Buffer.from('MZ\x90\x00'), /COFF\/PE is not supported yet/],
  ['a COFF object', new Uint8Array([0x64, 0x86, 1, 0]), /COFF\/PE is not supported yet/],
  ['a library', Buffer.from('!<arch>\nfoo.o/'), /truncated: the header of a member at 0x8/],
  ['bitcode', new Uint8Array([0x42, 0x43, 0xc0, 0xde]), /-flto/],
  ['four bytes of ELF', new Uint8Array([0x7f, 0x45, 0x4c, 0x46]), /truncated.*header/],
  ['half a header', writeElf(sampleObject()).slice(0, 40), /truncated.*header/],
  ['32 bits', patched(4, 1), /32-bit ELF for x86-64/],
  ['big-endian', patched(5, 2), /big-endian/],
  ['aarch64', patched(18, 183), /ELF for aarch64/],
  ['riscv', patched(18, 243), /ELF for riscv/],
  ['i386', patched(18, 3), /ELF for i386/],
  ['an unknown machine', patched(18, 0x39, 0x30), /machine 12345/],
  ['a core dump', patched(16, 4), /core dump/],
  ['an unknown type', patched(16, 9), /file type 9/],
  ['an odd section header size', patched(58, 40), /section headers of 40 bytes/],
  ['a section string table out of range', patched(62, 0x77), /section string table is broken/],
  ['a section string table of code', patched(62, 1), /section string table is broken/],
  ['an object without its end', writeElf(sampleObject()).slice(0, -1), /truncated: the section header table/],
  ['a section header table far away', patched(47, 0xff), /truncated: the section header table/],
])('refuses %s', (_what, bytes, message) => {
  expect(messageFor(bytes)).toMatch(message);
});

test('refuses a Linux boot image and says what to give', () => {
  const bytes = new Uint8Array(1024);
  bytes.set(Buffer.from('MZ'));
  bytes.set(Buffer.from('HdrS'), 0x202);
  expect(messageFor(bytes)).toMatch(/bzImage.*vmlinux/);
});

test('names the section that reaches past the end of the file', () => {
  const bytes = writeElf(sampleObject());
  new DataView(bytes.buffer).setUint32(sectionHeaderAt(bytes, 2) + 32, 0x100000, true);
  expect(messageFor(bytes)).toMatch(/truncated: section 2 needs bytes/);
});

test('names the program header that reaches past the end of the file', () => {
  const bytes = writeElf(sampleExecutable());
  new DataView(bytes.buffer).setBigUint64(64 + 8, 0xffffffffffffff00n, true);
  expect(messageFor(bytes)).toMatch(/truncated: program header 0/);
});

test('reads section counts from header 0, as files with many sections have them', () => {
  const bytes = writeElf(sampleObject());
  const view = new DataView(bytes.buffer);
  const plain = parseImage(bytes.slice(), 'some.o');
  const header = sectionHeaderAt(bytes, 0);
  view.setUint32(header + 32, view.getUint16(60, true), true);
  view.setUint32(header + 40, view.getUint16(62, true), true);
  view.setUint16(60, 0, true);
  view.setUint16(62, 0xffff, true);
  expect({ ...parseImage(bytes, 'some.o'), hash: '' }).toEqual({ ...plain, hash: '' });
});

test('bounds and escapes names in messages', () => {
  const file = sampleObject();
  file.sections[0].name = `.text\x1b[31m\n${'x'.repeat(500)}`;
  file.symbols = [];
  file.relocations = [{ section: file.sections[0].name, offset: 1000n, type: 1, symbol: '' }];
  const message = messageFor(writeElf(file));
  expect(message).toContain('\\x1b[31m\\x0a');
  expect(message.length).toBeLessThan(300);
});

test('refuses a name of more than 4096 bytes and one outside its table', () => {
  const file = sampleObject();
  file.symbols?.push({ name: 'x'.repeat(5000), section: 'UND' });
  expect(messageFor(writeElf(file))).toMatch(/no end within 4096 bytes/);
  const bytes = writeElf(sampleObject());
  new DataView(bytes.buffer).setUint32(sectionHeaderAt(bytes, 1), 0x7fffffff, true);
  expect(messageFor(bytes)).toMatch(/outside its string table/);
});
