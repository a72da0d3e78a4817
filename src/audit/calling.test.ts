import { describe, expect, test } from 'vitest';
import { parseImage } from '../image/load.js';
import { CODE, writeElf } from '../image/elf-writer.test.helper.js';
import { disassemble } from '../x86/decode.js';
import { conventionOfCode, parametersOf } from './calling.js';

/** Instructions of bytes. */
function decode(...bytes: number[]): ReturnType<typeof disassemble>[] {
  const instructions = [];
  for (let at = 0; at < bytes.length;) {
    const instruction = disassemble(Uint8Array.from(bytes.slice(at)), BigInt(at));
    instructions.push(instruction);
    at += instruction.length;
  }
  return instructions;
}

const PUSH_RSI = [0x56];
const PUSH_RDI = [0x57];
const MOV_RDI_RCX = [0x48, 0x89, 0xcf];
const MOV_RAX_RDI = [0x48, 0x89, 0xf8];
const XOR_EDI = [0x31, 0xff];
const SAVE_RDI_IN_SHADOW = [0x48, 0x89, 0x7c, 0x24, 0x08];

describe('the convention that code tells', () => {
  test('who saves RDI and RSI and reads RCX has the Microsoft one', () => {
    const code = decode(...PUSH_RSI, ...PUSH_RDI, ...MOV_RDI_RCX);
    expect(conventionOfCode(code, 'sysv')).toBe('ms-x64');
    expect(parametersOf(code, 'ms-x64')).toEqual(['RCX']);
  });
  test('who saves one of them, or takes a parameter from it, does not', () => {
    expect(conventionOfCode(decode(...PUSH_RSI, ...MOV_RDI_RCX), 'sysv')).toBe('sysv');
    expect(conventionOfCode(decode(...PUSH_RSI, ...PUSH_RDI, ...MOV_RAX_RDI), 'sysv')).toBe('sysv');
  });
  test('who reads RDI has System V, whatever the file', () => {
    const code = decode(...MOV_RAX_RDI);
    expect(conventionOfCode(code, 'ms-x64')).toBe('sysv');
    expect(parametersOf(code, 'sysv')).toEqual(['RDI']);
  });
  test('who saves it, or clears it, does not read it', () => {
    for (const code of [decode(...PUSH_RDI, ...XOR_EDI), decode(...SAVE_RDI_IN_SHADOW), decode(...XOR_EDI)]) {
      expect(conventionOfCode(code, 'ms-x64')).toBe('ms-x64');
      expect(parametersOf(code, 'sysv')).toEqual([]);
    }
  });
});

test('an ELF file goes with System V', () => {
  const image = parseImage(
    writeElf({ sections: [{ name: '.text', flags: CODE, data: Uint8Array.of(0xc3) }] }),
    'made.o',
  );
  expect(image.convention).toBe('sysv');
});
