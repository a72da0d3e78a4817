import { describe, expect, test } from 'vitest';
import {
  add8,
  clear,
  jz,
  move,
  NOP,
  pop,
  push,
  RET,
  set32,
  TDCALL,
  test64,
} from '../harness/made-function.test.helper.js';
import { hex } from '../text/hex.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import { type Given, NOTHING_GIVEN } from '../run/told-step.js';
import type { Step } from '../run/trace.js';
import { followHostValues } from './host-values.js';
import { caseOf, runnerOf } from './made-runner.test.helper.js';

/** TDG.VP.VMCALL that shares R10 to R15. */
const VMCALL = [clear('rax'), set32('rcx', 0xfc00), TDCALL];
const AND_R11_0 = [0x49, 0x83, 0xe3, 0x00];
const AND_R13_0 = [0x49, 0x83, 0xe5, 0x00];
const MOV_BL_R10B = [0x44, 0x88, 0xd3];
const MOV_BL_0 = [0xb3, 0x00];
const MOVZX_EBX_BL = [0x0f, 0xb6, 0xdb];
/** LEA RDX, [R10 + RCX]. */
const LEA = [0x49, 0x8d, 0x14, 0x0a];
/** MOV RDX, [RSP]. */
const LOAD_RDX_STACK = [0x48, 0x8b, 0x14, 0x24];

/** ADD RDX, [RSP + R12], where R12 is the host's. */
const ADD_RDX_STACK_R12 = [0x4a, 0x03, 0x14, 0x24];

const SHARED = 'r10 r11 r12 r13 r14 r15';

function givenTo({ call, worldWrote }: Step): Given {
  return call?.by === 'host' ? { wrote: worldWrote, theirs: worldWrote & ~1, memory: [] } : NOTHING_GIVEN;
}

/** Registers that hold host values behind the TDCALL and each step after it, and whether memory began or ceased to. */
function follow(pieces: readonly number[][], compare: boolean): string[] {
  const runner = runnerOf([...VMCALL, ...pieces, RET]);
  runner.run(caseOf(runner));
  const { steps, host } = runner.trace();
  expect(host).toBeDefined();
  const followed = followHostValues(steps, steps.map(givenTo), compare ? host : undefined);
  const call = steps.findIndex(({ call: answered }) => answered !== undefined);
  return followed.slice(call, -1).map(({ registers, added, removed }) => {
    const names = REGISTER_NAMES.filter((_, register) => (registers >>> register) & 1);
    return [...names, ...added.map(() => '+memory'), ...removed.map(() => '-memory')].join(' ');
  });
}

describe.each([
  ['compared with companion H', true],
  ['followed alone', false],
])('values of the host, %s', (_, compare) => {
  test('the answer brings them, MOV, PUSH and POP carry them, constants and other values end them', () => {
    const pieces = [
      move('r8', 'r12'),
      clear('r12'),
      push('r8'),
      pop('r9'),
      set32('r8', 5),
      push('r8'),
      pop('r9'),
      move('r10', 'rbx'),
    ];
    expect(follow(pieces, compare)).toEqual([
      SHARED,
      `r8 ${SHARED}`,
      'r8 r10 r11 r13 r14 r15',
      'r8 r10 r11 r13 r14 r15 +memory',
      'r8 r9 r10 r11 r13 r14 r15',
      'r9 r10 r11 r13 r14 r15',
      'r9 r10 r11 r13 r14 r15 -memory',
      'r10 r11 r13 r14 r15',
      'r11 r13 r14 r15',
    ]);
  });

  test('what is computed from them is theirs, and a narrow write leaves the rest of a register', () => {
    const pieces = [add8('r11', 1), MOV_BL_R10B, LEA, MOV_BL_0, set32('rbx', 1), set32('rdx', 1)];
    const [, added, moved, computed, narrow, cleared, last] = follow(pieces, compare);
    expect(added).toBe(SHARED);
    expect(moved).toBe(`rbx ${SHARED}`);
    expect(computed).toBe(`rdx rbx ${SHARED}`);
    expect(narrow).toBe(`rdx rbx ${SHARED}`);
    expect(cleared).toBe(`rdx ${SHARED}`);
    expect(last).toBe(SHARED);
  });

  test('a load brings what was stored, whoever computed the address', () => {
    const [, pushed, loaded, truncated] = follow([push('r10'), LOAD_RDX_STACK, MOVZX_EBX_BL, pop('rsi')], compare);
    expect(pushed).toBe(`${SHARED} +memory`);
    expect(loaded).toBe(`rdx ${SHARED}`);
    expect(truncated).toBe(`rdx ${SHARED}`);
  });
});

describe('the two ways differ', () => {
  test('in a result that does not depend on its operand: only the comparison knows', () => {
    expect(follow([AND_R11_0], true)[1]).toBe('r10 r12 r13 r14 r15');
    expect(follow([AND_R11_0], false)[1]).toBe(SHARED);
  });

  test('not behind the step where the ways of the two runs part', () => {
    // The base run answers 0 in R12 and jumps; companion H does not.
    const pieces = [test64('r12'), jz(1), NOP, AND_R13_0];
    const steps = follow(pieces, true);
    expect(steps.at(-1)).toBe(SHARED);
    expect(follow([AND_R13_0], true).at(-1)).toBe('r10 r11 r12 r14 r15');
  });
});

test('what was addressed by them is not theirs, where that is all', () => {
  expect(follow([ADD_RDX_STACK_R12], false)[1]).toBe(SHARED);
  expect(follow([push('r11'), ADD_RDX_STACK_R12, pop('rsi')], false)[2]).toBe(`rdx ${SHARED}`);
});

test('words of memory are named by their aligned address', () => {
  const runner = runnerOf([...VMCALL, push('r10'), RET]);
  runner.run(caseOf(runner));
  const { steps } = runner.trace();
  const followed = followHostValues(steps, steps.map(givenTo));
  const at = steps.findIndex(({ instruction }) => instruction?.text === 'push %r10');
  const rsp = BigInt.asUintN(64, (BigInt(steps[at].after[9]) << 32n) | BigInt(steps[at].after[8] >>> 0));
  expect(followed[at].added.map(hex)).toEqual([hex(rsp)]);
});
