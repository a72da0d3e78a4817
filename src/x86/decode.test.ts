import { describe, expect, it } from 'vitest';
import { disassemble } from './decode.js';
import { ARITHMETIC_FLAGS, FLAG } from './flags.js';
import { REGISTER_INDEX, type RegisterName } from './registers.js';
import { hex } from './testing/run-code.js';

function mask(...names: RegisterName[]): number {
  return names.reduce((bits, name) => bits | (1 << REGISTER_INDEX[name]), 0);
}

const at = (code: string) => disassemble(hex(code), 0x401000n);

describe('disassemble', () => {
  it('describes a load: text, length, registers of the address', () => {
    expect(at('4c 8b 54 8f 10 90')).toMatchObject({
      address: 0x401000n,
      length: 5,
      text: 'mov 0x10(%rdi,%rcx,4),%r10',
      bytes: hex('4c 8b 54 8f 10'),
      readsRegisters: mask('rdi', 'rcx'),
      writesRegisters: mask('r10'),
      touchesVector: false,
      touchesFlags: 0,
      flow: 'next',
    });
  });

  it.each([
    ['48 b8 00 00 00 00 03 02 00 80', 'movabs $0x8000020300000000,%rax'],
    ['48 b8 09 00 00 00 01 00 00 00', 'movabs $0x100000009,%rax'],
    ['48 b8 05 00 00 00 00 00 00 00', 'movabs $5,%rax'],
    ['48 83 c8 ff', 'or $0xffffffffffffffff,%rax'],
  ])('writes all of an immediate: %s', (code, text) => expect(at(code).text).toBe(text));

  it('counts parts of registers and implicit operands', () => {
    expect(at('00 e1')).toMatchObject({ readsRegisters: mask('rax', 'rcx'), writesRegisters: mask('rcx') });
    expect(at('f3 48 ab').writesRegisters).toBe(mask('rcx', 'rdi'));
    expect(at('53')).toMatchObject({ readsRegisters: mask('rbx', 'rsp'), writesRegisters: mask('rsp') });
  });

  it('knows what iced does not: TDCALL and SEAMCALL', () => {
    const all = 0xffff;
    expect(at('66 0f 01 cc')).toMatchObject({
      text: 'tdcall',
      flow: 'environment',
      readsRegisters: all,
      writesRegisters: all & ~mask('rsp'),
    });
    expect(at('66 0f 01 cf')).toMatchObject({
      flow: 'environment',
      readsRegisters: all,
      touchesFlags: ARITHMETIC_FLAGS,
    });
  });

  it('takes the flags of an environment call from the instruction, not from its empty row', () => {
    expect(at('48 cf')).toMatchObject({ flow: 'environment' });
    expect(at('48 cf').touchesFlags & (FLAG.IF | FLAG.DF | FLAG.CF)).toBe(FLAG.IF | FLAG.DF | FLAG.CF);
    expect(at('0f 01 c2')).toMatchObject({ touchesFlags: ARITHMETIC_FLAGS, writesRegisters: 0xffff & ~mask('rsp') });
  });

  it('tells flags, undefined ones, IF and DF included', () => {
    expect(at('48 31 c0').touchesFlags).toBe(ARITHMETIC_FLAGS);
    expect(at('fb').touchesFlags).toBe(FLAG.IF);
    expect(at('fc').touchesFlags).toBe(FLAG.DF);
    expect(at('48 ff c0').touchesFlags).toBe(ARITHMETIC_FLAGS & ~FLAG.CF);
    expect(at('9d').touchesFlags & (FLAG.IF | FLAG.TF | FLAG.NT | FLAG.AC)).toBe(FLAG.IF | FLAG.TF | FLAG.NT | FLAG.AC);
  });

  it('tells vector state, also MXCSR and the x87 control word', () => {
    for (const code of [
      '0f 28 c1',
      '66 0f ef c0',
      '0f ae 17',
      'd9 6f 10',
      'c5 f5 fe c2',
      '48 0f ae 27',
      '48 0f ae 0f',
    ]) {
      expect(at(code).touchesVector).toBe(true);
    }
  });

  it.each([
    ['eb 10', 'branch', 0x401012n],
    ['0f 84 00 01 00 00', 'conditional', 0x401106n],
    ['e8 fb ff ff ff', 'call', 0x401000n],
    ['ff d0', 'call', undefined],
    ['ff e0', 'branch', undefined],
    ['c3', 'return', undefined],
    ['0f 0b', 'trap', undefined],
    ['cc', 'trap', undefined],
    ['f4', 'environment', undefined],
  ])('flow of %s', (code, flow, target) => {
    const found = at(code);
    expect(found.flow).toBe(flow);
    expect(found.target).toBe(target);
  });

  it('gives immediates sign-extended as unsigned 64-bit values', () => {
    expect(at('48 83 c0 ff').immediates).toEqual([0xffffffffffffffffn]);
    expect(at('48 b8 88 77 66 55 44 33 22 11').immediates).toEqual([0x1122334455667788n]);
    expect(at('b9 00 fc 00 00').immediates).toEqual([0xfc00n]);
  });

  it('names what the machine cannot execute', () => {
    expect(at('c5 f5 fe c2').unknown).toBe('vpaddd ymm0,ymm1,ymm2 (c5 f5 fe c2) at 0x401000');
    // Bytes that the CPU refuses can be executed: they fault.
    expect(at('06 90')).toMatchObject({ text: '(bad)', flow: 'trap' });
    expect(at('06 90').unknown).toBeUndefined();
    expect(at('48').unknown).toContain('no valid instruction');
    expect(at('90').unknown).toBeUndefined();
  });
});
