/** Files that are handed over by mistake say what they are, and what to do. */
import { expect, test } from 'vitest';
import { DATA, sampleObject, writeElf } from './elf-writer.test.helper.js';
import { ImageError } from './image.js';
import { parseImage } from './load.js';

function messageFor(bytes: Uint8Array): string {
  try {
    parseImage(bytes, 'file');
  } catch (error) {
    if (error instanceof ImageError) return error.message;
    throw error;
  }
  throw new Error('the file was accepted');
}

function at(offset: number, text: string): Uint8Array {
  const bytes = new Uint8Array(256);
  bytes.set(Buffer.from(text, 'latin1'), offset);
  return bytes;
}

test.each<[what: string, bytes: Uint8Array, message: RegExp]>([
  ['raw bitcode', at(0, 'BC\xc0\xde'), /LLVM bitcode, no machine code .*; build without LTO$/],
  ['wrapped bitcode', at(0, '\xde\xc0\x17\x0b'), /LLVM bitcode/],
  ['Mach-O', at(0, '\xcf\xfa\xed\xfe'), /Mach-O, of macOS; build for/],
  ['Mach-O of 32 bits', at(0, '\xce\xfa\xed\xfe'), /Mach-O/],
  ['Mach-O, big-endian', at(0, '\xfe\xed\xfa\xcf'), /Mach-O/],
  ['fat Mach-O', at(0, '\xca\xfe\xba\xbe\0\0\0\x02'), /Mach-O/],
  ['fat Mach-O of 64 bits', at(0, '\xca\xfe\xba\xbf'), /Mach-O/],
  ['a Java class', at(0, '\xca\xfe\xba\xbe\0\0\0\x41'), /a Java class/],
  ['WebAssembly', at(0, '\0asm'), /WebAssembly; give x86-64 code/],
  ['a PDB', at(0, 'Microsoft C/C++ MSF 7.00\r\n'), /a PDB: debug information, no code; give the/],
  ['resources', at(0, '\0\0\0\0\x20\0\0\0\xff\xff\0\0\xff\xff\0\0'), /Windows resources, no code/],
  ['a firmware volume', at(40, '_FVH'), /a firmware volume; take the module out of it/],
  ['a zip archive', at(0, 'PK\x03\x04'), /a zip archive; unpack it first/],
  ['gzip', at(0, '\x1f\x8b'), /compressed with gzip/],
  ['a program for MS-DOS', at(0, 'MZ'), /an MS-DOS program/],
  ['a TE image of 32 bits', at(0, 'VZ\x4c\x01'), /TE image for 32-bit x86/],
  ['text that begins with VZ', at(0, 'VZ text'), /not an ELF, COFF or PE file/],
  ['anything else', at(0, 'anything else'), /not an ELF, COFF or PE file; give an object/],
])('%s', (_what, bytes, message) => {
  expect(messageFor(bytes)).toMatch(message);
});

test('link-time code without machine code is refused, beside it is nobody’s business', () => {
  const lto = { name: '.gnu.lto_.decls', data: new Uint8Array(8) };
  const [, ...others] = sampleObject().sections;
  const slim = writeElf({ sections: [{ name: '.data', flags: DATA, data: new Uint8Array(8) }, lto] });
  expect(messageFor(slim)).toBe(
    'file: compiled with -flto, no machine code in it; build with -fno-lto or -ffat-lto-objects',
  );
  const sound = sampleObject();
  expect(
    parseImage(writeElf({ ...sound, sections: [sound.sections[0], ...others, lto] }), 'file').segments,
  ).not.toEqual([]);
});
