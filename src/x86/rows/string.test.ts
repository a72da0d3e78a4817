import { describe, expect, it } from 'vitest';
import { EXIT, VECTOR } from '../exit.js';
import { FLAG } from '../flags.js';
import { CODE, DATA, get, set, start } from '../testing/run-code.js';
import { bothWith } from '../wasm/both-engines.test.helper.js';

const END = DATA + 4096n;

/** The flags of equal operands. */
const OF_EQUAL = BigInt(FLAG.ZF | FLAG.PF);

describe.each([
  ['repe scasb', 'f3 ae', 0n],
  ['repne scasb', 'f2 ae', 1n],
  ['repe cmpsb', 'f3 a6', 0n],
])('%s', (name, code, rax) => {
  const rflags = BigInt(FLAG.CF | 2);
  const isCompare = name.endsWith('cmpsb');

  /** Four bytes of zeros before the end of the page, of `count` that are asked for. */
  function machines(count: bigint): ReturnType<typeof bothWith> {
    return bothWith(`${code} eb fe`).both((machine) => {
      start(machine);
      set(machine, 'rax', rax);
      set(machine, 'rcx', count);
      set(machine, 'rsi', DATA);
      set(machine, 'rdi', END - 4n);
      set(machine, 'rflags', rflags);
    });
  }

  it('that faults in a later iteration has the flags that it began with', () => {
    const both = machines(6n);
    expect(both.run(100, name)).toBe(EXIT.Fault);
    const machine = both.interpreted;
    expect(machine.exitDetail).toBe(VECTOR.PF);
    expect([get(machine, 'rip'), get(machine, 'rcx'), get(machine, 'rdi')]).toEqual([CODE, 2n, END]);
    expect(get(machine, 'rsi')).toBe(isCompare ? DATA + 4n : DATA);
    expect(get(machine, 'rflags')).toBe(rflags);
  });

  it('changes the flags in the last iteration only', () => {
    const both = machines(4n);
    for (let left = 3n; left > 0n; left--) {
      expect(both.run(1, name)).toBe(EXIT.Budget);
      expect([get(both.interpreted, 'rcx'), get(both.interpreted, 'rflags')]).toEqual([left, rflags]);
    }
    expect(both.run(1, name)).toBe(EXIT.Budget);
    expect(get(both.interpreted, 'rip')).toBe(CODE + 2n);
    // 1 - 0 sets no flag at all, 0 - 0 those of equality.
    expect(get(both.interpreted, 'rflags')).toBe(rax === 0n ? 2n | OF_EQUAL : 2n);
  });

  it('changes no flags without an iteration', () => {
    const both = machines(0n);
    expect(both.run(1, name)).toBe(EXIT.Budget);
    expect([get(both.interpreted, 'rip'), get(both.interpreted, 'rflags')]).toEqual([CODE + 2n, rflags]);
  });

  it('ends at what it looks for, with the flags of that', () => {
    const both = machines(4n).both((machine) => machine.pokeBytes(END - 3n, Uint8Array.of(1)));
    expect(both.run(2, name)).toBe(EXIT.Budget);
    expect([get(both.interpreted, 'rip'), get(both.interpreted, 'rcx')]).toEqual([CODE + 2n, 2n]);
    // 0 - 1 borrows: CF, SF, AF and the parity of 0xff; REPNE found what equals RAX.
    const borrow = BigInt(FLAG.CF | FLAG.SF | FLAG.AF | FLAG.PF);
    expect(get(both.interpreted, 'rflags')).toBe(2n | (rax === 0n ? borrow : OF_EQUAL));
  });
});
