import { describe, expect, it } from 'vitest';
import { EXIT } from '../exit.js';
import { get, low, set, start } from '../testing/run-code.js';
import { bothWith } from '../wasm/both-engines.test.helper.js';

const LOW_PAGE = 0x5000n;

/** BTS with an address of 32 bits: [base + offset of the register] is cut after the sum. */
describe.each([
  // bts [eax], rcx
  ['a register', '67 48 0f ab 08', 0xfffffff0n],
  // bts fs:[eax], rcx; the base of FS is added after the cut
  ['a register and a segment', '64 67 48 0f ab 08', 0xfffffff0n],
  // bts [eax + ecx * 2 - 8], rcx
  ['base, index and displacement', '67 48 0f ab 4c 48 f8', undefined],
])('BTS behind an address of 32 bits: %s', (_name, code, base) => {
  it('wraps within them', () => {
    const bit = 8n * 0x5010n + 3n;
    const rax = base ?? 0xfffffff0n + 8n - 2n * bit;
    const both = bothWith(`${code} eb fe`).both((machine) => {
      machine.map(LOW_PAGE, 4096, { read: true, write: true, execute: false });
      machine.checkpoint();
      start(machine);
      set(machine, 'rax', BigInt.asUintN(32, rax) | (0x1234n << 32n));
      set(machine, 'rcx', bit);
      set(machine, 'fsBase', code.startsWith('64') ? 0x100n : 0n);
    });
    expect(both.run(1)).toBe(EXIT.Budget);
    const address = LOW_PAGE + (code.startsWith('64') ? 0x100n : 0n);
    for (const machine of [both.interpreted, both.translated]) {
      expect(machine.peek64(low(address), 0)).toBe(true);
      expect(machine.peekLow).toBe(8);
      expect(get(machine, 'rflags') & 1n).toBe(0n);
    }
  });
});
