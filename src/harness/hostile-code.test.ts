/** Hostile code cannot break the tool: every run ends with a classified result, on both engines with the same. */
import { describe, expect, it } from 'vitest';
import { ENVIRONMENT } from '../x86/environment.js';
import { VECTOR } from '../x86/exit.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { INSTRUCTION_BUDGET } from './harness.js';
import { type Hostile, HostilePair, type Side } from './hostile-code.test.helper.js';
import * as made from './made-function.test.helper.js';
import { runRandomStrings } from './random-strings.test.helper.js';
import { REGIONS } from '../stage/layout.js';

const { stack, readOnly, block, unmapped } = REGIONS[0];
const { TEXT, RET, NOP, UD2, STD, CLD, TDCALL, call, jmp, jumpThrough, load, store, move, push, pop, set32, set64 } =
  made;

/** Bits 63 to 47 differ. */
const NOT_CANONICAL = 0x0001_0000_0000_0000n;

/** Runs a function once on both engines, and looks at all of the memory. */
function hostile(pieces: readonly made.Piece[], options: made.ImageOptions = {}): Hostile {
  const pair = new HostilePair(made.madeImage(pieces, options));
  const scenario = made.scenarioWith(pair.compiled);
  const outcome = pair.run(scenario);
  // The same again, on code that is translated by now.
  expect(pair.run(scenario)).toEqual(outcome);
  pair.expectRestored();
  expect(pair.translatedEntries).toBeGreaterThan(0);
  return outcome;
}

describe('endless loops end with the budget', () => {
  const loops: [string, made.Piece[]][] = [
    ['a jump to itself', [jmp(-2)]],
    ['a jump back over others', [NOP, NOP, jmp(-4)]],
    ['a conditional jump', [made.test64('rsp'), made.jnz(-5), RET]],
    ['an indirect jump to itself', [set64('r11', TEXT + 10n), jumpThrough('r11')]],
    ['LOOP with a count of 2^64', [made.clear('rcx'), [0xe2, 0xfe], RET]],
    ['stores without end', [store('rsp', -8, 'rax'), jmp(-6)]],
    ['pushes and pops', [push('rax'), pop('rax'), jmp(-4)]],
    ['calls and returns', [call(TEXT + 7n), jmp(-7), RET]],
    ['TDCALL for ever', [TDCALL, jmp(-6)]],
    ['STI and CLI for ever', [made.STI, made.CLI, jmp(-4)]],
    ['a returning function that pushes its own address', [set64('rax', TEXT), push('rax'), RET]],
  ];
  it.each(loops)('%s', (_, pieces) => {
    const outcome = hostile(pieces);
    expect([outcome.end, outcome.instructions]).toEqual(['budget', INSTRUCTION_BUDGET]);
  });

  it('HLT with interrupts off is a stop at once, and with interrupts on waits for nothing', () => {
    const closed = hostile([made.CLI, [0xf4], RET]);
    expect([closed.end, closed.instructions]).toEqual(['stopped', 1]);
    expect(hostile([made.STI, [0xf4], RET]).end).toBe('returned');
  });

  it('a REP whose count is 2^64 - 1 ends with the budget: every iteration counts', () => {
    // mov %rsp,%rsi; mov $-1,%rcx; cld; rep lodsb
    const outcome = hostile([move('rsi', 'rsp'), set64('rcx', 0xffffffff_ffffffffn), CLD, [0xf3, 0xac], RET]);
    expect([outcome.end, outcome.instructions]).toEqual(['budget', INSTRUCTION_BUDGET]);
  });

  it('a REP STOSQ downward through the stack ends at the guard page below', () => {
    const outcome = hostile([move('rdi', 'rsp'), set64('rcx', 0xffffffff_ffffffffn), STD, [0xf3, 0x48, 0xab], RET]);
    expect([outcome.end, outcome.detail]).toEqual(['faulted', VECTOR.PF]);
    expect(outcome.faultAddress).toBe(stack.address - 8n);
  });
});

describe('recursion ends at the stack guard', () => {
  it('a function that calls itself', () => {
    const outcome = hostile([call(TEXT)]);
    expect([outcome.end, outcome.detail, outcome.faultAddress]).toEqual(['faulted', VECTOR.PF, stack.address - 8n]);
  });

  it('two that call each other, with frames', () => {
    // push; sub $0x70,%rsp; call behind; and back.
    const frame: made.Piece[] = [push('rbp'), made.add8('rsp', -0x70)];
    const outcome = hostile([...frame, call(TEXT + 10n), ...frame, call(TEXT)]);
    expect([outcome.end, outcome.detail]).toEqual(['faulted', VECTOR.PF]);
    expect(outcome.faultAddress).toBeLessThan(stack.address);
    expect(outcome.faultAddress).toBeGreaterThanOrEqual(stack.address - 0x80n);
  });

  it('ENTER with the deepest nesting', () => {
    const outcome = hostile([[0xc8, 0x00, 0x00, 0x1f], jmp(-6)]);
    // Unknown to a machine that has no nested frames; one that has them runs into the guard page.
    expect(['faulted', 'unknown']).toContain(outcome.end);
  });

  it('a stack pointer that wraps around', () => {
    const outcome = hostile([set32('rsp', 0), push('rax'), RET]);
    expect([outcome.end, outcome.detail]).toEqual(['faulted', VECTOR.PF]);
    expect(outcome.faultAddress).toBe(0xffffffff_fffffff8n);
  });
});

describe('jumps to what is no code fault at the fetch', () => {
  const places: [string, bigint][] = [
    ['the stack', stack.address + 0x100n],
    ['the block', block.address],
    ['read-only data', readOnly.address],
    ['unmapped memory', unmapped],
    ['address 0', 0n],
    ['the last byte of the address space', 0xffffffff_ffffffffn],
  ];
  it.each(places)('%s', (_, address) => {
    const ways: made.Piece[][] = [
      [set64('rax', address), jumpThrough('rax')],
      [set64('rax', address), push('rax'), RET],
      [set64('rax', address), [0xff, 0xd0]],
    ];
    for (const pieces of ways) {
      const outcome = hostile(pieces);
      expect([outcome.end, outcome.detail, outcome.faultAddress]).toEqual(['faulted', VECTOR.PF, address]);
    }
  });

  it('an address that is not canonical: the branch itself faults', () => {
    const ways: made.Piece[][] = [
      [set64('rax', NOT_CANONICAL), jumpThrough('rax')],
      [set64('rax', NOT_CANONICAL), push('rax'), RET],
      [set64('rax', NOT_CANONICAL), [0xff, 0xd0]],
    ];
    for (const pieces of ways) {
      const { end, detail } = hostile(pieces);
      expect([end, detail]).toEqual(['faulted', VECTOR.GP]);
    }
  });

  it('code that runs off the end of its page', () => {
    const filler = Array.from({ length: 0x1000 - 2 }, () => NOP);
    // The first jump skips the filler; what follows begins with the page's last bytes and goes on where nothing is.
    const pieces: made.Piece[] = [made.jumpTo(TEXT + 0xffen), ...filler.slice(5), [0x48, 0xb8]];
    const outcome = hostile(pieces);
    expect([outcome.end, outcome.detail, outcome.faultAddress]).toEqual(['faulted', VECTOR.PF, TEXT + 0x1000n]);
  });
});

describe('a return into the middle of an instruction executes what the bytes say there', () => {
  const into = (hidden: readonly number[]): Hostile => {
    // mov $address,%rax; push; ret; and a mov whose immediate hides other instructions.
    const immediate = [...hidden, ...Array.from({ length: 8 - hidden.length }, () => 0x90)];
    return hostile([set64('rax', TEXT + 14n), push('rax'), RET, [0x48, 0xbb, ...immediate], RET]);
  };
  it.each([
    ['UD2', UD2, 'trapped', VECTOR.UD],
    ['INT3', made.INT3, 'trapped', VECTOR.BP],
    ['a loop', jmp(-2), 'budget', 0],
    ['RET', RET, 'returned', 0],
    ['VADDPS', made.VADDPS, 'unknown', 0],
    ['HLT', [0xf4], 'stopped', ENVIRONMENT.Hlt],
    ['INT 0x80', [0xcd, 0x80], 'unknown', 0],
    ['IN', [0xec], 'unknown', 0],
    ['a jump into itself', [0xeb, 0xff, 0xc0, 0x0f, 0x0b], 'trapped', VECTOR.UD],
    [
      'eight prefixes, which belong to the RET behind them',
      [0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66],
      'returned',
      0,
    ],
  ])('%s', (_, hidden, end, detail) => {
    const outcome = into(hidden);
    expect(outcome.end).toBe(end);
    if (end !== 'returned') expect(outcome.detail).toBe(detail);
  });
});

describe('accesses to what is not there fault', () => {
  it.each([
    ['a read of unmapped memory', [set64('rdi', unmapped), load('rax', 'rdi')], VECTOR.PF, unmapped],
    ['a write to unmapped memory', [set64('rdi', unmapped), store('rdi', 0, 'rax')], VECTOR.PF, unmapped],
    ['a read of address 0', [made.clear('rdi'), load('rax', 'rdi')], VECTOR.PF, 0n],
    [
      'a write to read-only data',
      [set64('rdi', readOnly.address), store('rdi', 0, 'rax')],
      VECTOR.PF,
      readOnly.address,
    ],
    ['a write to its own code', [set64('rdi', TEXT), store('rdi', 0, 'rax')], VECTOR.PF, TEXT],
    [
      'a read across the end of the stack',
      [set64('rdi', stack.address + BigInt(stack.size) - 4n), load('rax', 'rdi')],
      VECTOR.PF,
      stack.address + BigInt(stack.size),
    ],
    [
      'a write across the end of the stack',
      [set64('rdi', stack.address + BigInt(stack.size) - 4n), store('rdi', 0, 'rax')],
      VECTOR.PF,
      stack.address + BigInt(stack.size),
    ],
    [
      'a read at the top of the address space',
      [set64('rdi', 0xffffffff_fffffffcn), load('rax', 'rdi')],
      VECTOR.PF,
      undefined,
    ],
    ['a read that is not canonical', [set64('rdi', NOT_CANONICAL), load('rax', 'rdi')], VECTOR.GP, undefined],
    ['a write that is not canonical', [set64('rdi', 0x8000_0000_0000n), store('rdi', 0, 'rax')], VECTOR.GP, undefined],
    ['a push on a stack that is not canonical', [set64('rsp', NOT_CANONICAL), push('rax')], VECTOR.SS, undefined],
  ] as [string, made.Piece[], number, bigint | undefined][])('%s', (_, pieces, vector, address) => {
    const outcome = hostile([...pieces, RET]);
    expect([outcome.end, outcome.detail]).toEqual(['faulted', vector]);
    if (address !== undefined) expect(outcome.faultAddress).toBe(address);
  });

  it('no write of a faulting run is seen by the next', () => {
    // Writes to the stack, then faults; HostilePair looks at all of the memory.
    const outcome = hostile([store('rsp', -8, 'rsp'), store('rsp', -16, 'rsp'), made.clear('rdi'), load('rax', 'rdi')]);
    expect(outcome.end).toBe('faulted');
  });
});

runRandomStrings(600);

describe('the checks of this test see what they are for', () => {
  const sideOf = (): { side: Side; pair: HostilePair } => {
    const pair = new HostilePair(made.madeImage([store('rsp', -8, 'rax'), RET]));
    return { side: pair.interpreted, pair };
  };

  it('a byte of code that is not what it was', () => {
    const { side, pair } = sideOf();
    side.pages[side.pages.length - 1] ^= 1;
    expect(() => pair.expectRestored()).toThrow(/pages differ/);
  });

  it('a write to a page that is not writable, though it is undone', () => {
    const { side, pair } = sideOf();
    const { machine } = side;
    const run = machine.run.bind(machine);
    machine.run = (budget) => {
      machine.pokeBytes(readOnly.address, Uint8Array.of(1));
      return run(budget);
    };
    expect(() => pair.run(made.scenarioWith(pair.compiled))).toThrow(/a write to word/);
  });

  it('a run without an end, and a problem that is no line', () => {
    const { side, pair } = sideOf();
    const scenario = made.scenarioWith(pair.compiled);
    pair.run(scenario);
    side.observation[0] = 7;
    expect(() => side.expectClassified()).toThrow(/no END/);
    side.observation[0] = 6;
    for (const problem of ['', 'a line\nand another', `0123456789 ${'x'.repeat(300)}`]) {
      side.harness.stage.problem = problem;
      expect(() => side.expectClassified()).toThrow();
    }
  });

  it('engines that differ', () => {
    const { side, pair } = sideOf();
    const { machine } = side;
    const run = machine.run.bind(machine);
    machine.run = (budget) => {
      machine.state[2 * REGISTER_INDEX.rbx] ^= 1;
      return run(budget);
    };
    expect(() => pair.run(made.scenarioWith(pair.compiled))).toThrow(/observation differ/);
  });
});
