/** Calls of a program on its stage: what surrounds them is what surrounds a stub (src/harness/*.test.ts). */
import { describe, expect, it } from 'vitest';
import {
  call as callOf,
  clear,
  external,
  type ImageOptions,
  jumpTo,
  load,
  madeImage,
  move,
  MOVQ_RDI_XMM0,
  NOP,
  type Piece,
  pop,
  push,
  RET,
  set32,
  set64,
  store,
  TDCALL,
  TEXT,
} from '../harness/made-function.test.helper.js';
import type { Image } from '../image/image.js';
import { PERCPU_BASE } from '../image/per-cpu.js';
import { type Call, NoVerdict, performCall } from '../play/call.js';
import type { Observed } from '../play/observed.js';
import { FAULT } from '../scenario/layout.js';
import { VECTOR } from '../x86/exit.js';
import { SLOT as STATE } from '../x86/layout.js';
import { EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { PAGE, REGIONS } from './layout.js';
import { ProgramStage } from './program-stage.js';

const PARAMETERS = [1n, 2n, 3n, 4n, 5n, 6n, 0x7777n, 0x8888n];
/** Offsets from RSP at the entry: the return address, then what did not fit into registers. */
const SEVENTH = 8;
const EIGHTH = 16;
const NINTH = 24;

function returned(...pieces: readonly Piece[]): Record<string, bigint> {
  const stage = new ProgramStage(madeImage([...pieces, RET]));
  stage.begin();
  const call = { symbol: 'f', parameters: PARAMETERS, graffiti: 1n, interrupts: false, externals: {} };
  const { value } = performCall(stage, call).next();
  return { ...value?.values };
}

it('passes the parameters behind the sixth on the stack', () => {
  expect(returned(load('rax', 'rsp', SEVENTH))['rax']).toBe(0x7777n);
  expect(returned(load('rax', 'rsp', EIGHTH))['rax']).toBe(0x8888n);
});

it('lets a function change the parameters on its stack, and nothing above them', () => {
  expect(returned(store('rsp', EIGHTH, 'rdi'))['stray']).toBe(0n);
  expect(returned(store('rsp', NINTH, 'rdi'))['stray']).toBe(1n);
});

it('enters with the flags that the ABI has at a call: IF as asked, bit 1 of RFLAGS set, all others clear', () => {
  const stage = new ProgramStage(madeImage([RET]));
  stage.begin();
  stage.enter({ symbol: 'f', parameters: [], graffiti: 1n, interrupts: false });
  expect(stage.flags).toBe(0x2);
  stage.enter({ symbol: 'f', parameters: [], graffiti: 1n, interrupts: true });
  expect(stage.flags).toBe(0x202);
});

const CALL: Call = { symbol: 'f', parameters: [], graffiti: 1n, interrupts: true, externals: {} };

/** A stage with a story begun. */
function stageOf(
  pieces: readonly Piece[],
  options: ImageOptions & Pick<Image, 'gsBase'> = {},
  memory: 0 | 1 = 0,
): ProgramStage {
  const { gsBase, ...rest } = options;
  const image = { ...madeImage(pieces, rest), ...(gsBase !== undefined && { gsBase }) };
  const stage = new ProgramStage(image);
  stage.begin(memory);
  return stage;
}

/** The first exchange of a call. */
function exchange(stage: ProgramStage, call: Partial<Call> = {}): Observed {
  const { value } = performCall(stage, { ...CALL, ...call }).next();
  if (value === undefined) throw new Error('no exchange');
  return value;
}

describe('an interrupt at each boundary of a call', () => {
  const pieces = [push('rbx'), push('r12'), NOP, pop('r12'), pop('rbx'), RET];
  const HANDLER = 0x1badf00d_deadbeefn;

  it.each([0, 1, 2, 3, 4, 5])(
    'before instruction %i: comes once, in either call of a story, and changes nothing',
    (at) => {
      for (const kind of [FAULT.interrupt, FAULT.nmi]) {
        const stage = stageOf(pieces);
        for (const times of [1, 2]) {
          const { moment, values, kept } = exchange(stage, { event: { kind, at, value: HANDLER } });
          expect([moment, stage.interrupts]).toEqual(['return', times]);
          expect(BigInt(stage.interruptedAt >>> 0)).toBe((TEXT & 0xffffffffn) + [0n, 1n, 3n, 4n, 6n, 7n][at]);
          expect(values).toMatchObject({ ...kept });
        }
      }
    },
  );

  it('overwrites what is kept below RSP', () => {
    const stage = stageOf([store('rsp', -8, 'rbx'), load('rax', 'rsp', -8), RET]);
    const rbx = exchange(stage).values['rax'];
    expect(rbx).toBe(stage.register('rbx'));
    expect(exchange(stage, { event: { kind: FAULT.nmi, at: 1, value: HANDLER } }).values['rax']).toBe(HANDLER);
  });

  it('waits for IF, and an NMI does not', () => {
    const stage = stageOf(pieces);
    exchange(stage, { interrupts: false, event: { kind: FAULT.interrupt, at: 2, value: 0n } });
    expect(stage.interrupts).toBe(0);
    exchange(stage, { interrupts: false, event: { kind: FAULT.nmi, at: 2, value: 0n } });
    expect(stage.interrupts).toBe(1);
  });

  it('comes in the call that planned it alone', () => {
    const stage = stageOf(pieces);
    exchange(stage, { event: { kind: FAULT.nmi, at: 9, value: 0n } });
    exchange(stage);
    expect(stage.interrupts).toBe(0);
  });
});

it('enters with the flags that a caller may have, which are kept', () => {
  const stage = stageOf([RET]);
  // NT and IOPL are; DF, TF, IF and the AC of a kernel are not to be chosen so.
  const { kept, values } = exchange(stage, { interrupts: false, flags: 0x47700n });
  expect([kept?.['flags'], values['flags']]).toEqual([0x7000n, 0x7000n]);
  expect(kept?.['if']).toBe(0n);
});

describe('TDG.VP.VMCALL with RBP in its mask', () => {
  const pieces = [clear('rax'), set32('rcx', 0x420), TDCALL, RET];
  const answered = (rbpMod: boolean): bigint[] => {
    const stage = stageOf(pieces);
    const performance = performCall(stage, { ...CALL, rbpMod });
    const { value } = performance.next();
    const end = performance.next({ rbp: 0x77n }).value;
    return [value?.refused === true ? 1n : 0n, end?.values['rbp'] === 0x77n ? 1n : 0n];
  };

  it('is refused with NO_RBP_MOD, and passes without', () => {
    expect(answered(false)).toEqual([1n, 0n]);
    expect(answered(true)).toEqual([0n, 1n]);
  });
});

describe('the second memory', () => {
  it('has other addresses and other poison for everything', () => {
    // Returns what it finds in its own dead stack.
    const pieces = [load('rax', 'rsp', -16), move('rbx', 'rdi'), RET];
    const [first, second] = ([0, 1] as const).map((memory) => {
      const stage = stageOf(pieces, {}, memory);
      const structure = stage.allocate(16);
      const { values, kept } = exchange(stage, { parameters: [structure] });
      return {
        structure,
        poison: stage.read(structure),
        ...values,
        entry: kept?.['rsp'],
        xmm: stage.machine.state[2 * STATE.XMM],
      };
    });
    for (const [name, value] of Object.entries(first))
      if (['structure', 'poison', 'rax', 'entry', 'xmm'].includes(name))
        expect(second[name as keyof typeof second], name).not.toBe(value);
    expect(second.structure).toBe(REGIONS[1].structures.address);
  });

  it('does not touch the structures of the first', () => {
    const stage = stageOf([store('rdi', 0, 'rsi'), RET], {}, 1);
    expect(exchange(stage, { parameters: [REGIONS[0].structures.address, 5n] }).values['stray']).toBe(1n);
    expect(exchange(stage, { parameters: [stage.allocate(8), 5n] }).values['stray']).toBe(0n);
  });
});

describe('a frame of a call that has returned', () => {
  it('is buried before the next one', () => {
    // With RDI = 0: reads its uninitialised local. Else: writes it.
    const [RSP_DOWN, RSP_UP] = [
      [0x48, 0x83, 0xec, 0x10],
      [0x48, 0x83, 0xc4, 0x10],
    ];
    const pieces = [RSP_DOWN, load('rax', 'rsp', 0), store('rsp', 0, 'rdi'), RSP_UP, RET];
    const stage = stageOf(pieces);
    const poison = exchange(stage, { parameters: [0x1234n] }).values['rax'];
    expect(exchange(stage, { parameters: [0n] }).values).toMatchObject({ rax: poison, below: 0n });
  });

  it('is overwritten while the world answers a TDCALL', () => {
    const stage = stageOf([push('rbx'), pop('rbx'), TDCALL, load('rax', 'rsp', -8), RET]);
    const performance = performCall(stage, CALL);
    const asked = performance.next().value as Observed;
    const rbx = stage.register('rbx');
    expect(asked.moment).toMatch(/^TD/);
    const { values, sites } = performance.next({ status: 0n, rbx }).value as Observed;
    expect(values['rax']).not.toBe(rbx);
    expect(sites).toEqual({ below: TEXT + 6n });
  });

  it('is overwritten by functions outside of the image', () => {
    const pieces = [push('rbx'), pop('rbx'), callOf(external(0)), load('rax', 'rsp', -8), RET];
    const stage = stageOf(pieces, { externals: ['query'] });
    const query = { parameters: [], query: () => 0n };
    const { values, sites } = exchange(stage, { externals: { query } });
    expect(values['rax']).not.toBe(values['rbx']);
    expect(values['below']).toBe(1n);
    expect(sites).toEqual({ below: TEXT + 7n });
  });
});

it('says which vector register was changed', () => {
  const { values, kept } = exchange(stageOf([MOVQ_RDI_XMM0, RET]), { parameters: [5n] });
  expect([kept?.['vector-state'], values['vector-state']]).toEqual([0n, 1n]);
  const changed = Object.keys(kept ?? {}).filter((name) => kept?.[name] !== values[name]);
  expect(changed).toEqual(['vector-state']);
});

describe('the GS base', () => {
  const GS_RAX = [0x65, 0x48, 0x8b, 0x04, 0x25];
  const READ_CANARY = [...GS_RAX, 0x28, 0, 0, 0];

  it('is where a stack protector finds its canary', () => {
    const { moment, values } = exchange(stageOf([READ_CANARY, RET]));
    expect(moment).toBe('return');
    expect(values['rax']).not.toBe(0n);
  });

  it('is the one that the image says', () => {
    expect(exchange(stageOf([READ_CANARY, RET], { gsBase: 0n })).values['vector']).toBe(BigInt(VECTOR.PF));
    const stage = stageOf([READ_CANARY, RET], { gsBase: PERCPU_BASE + 8n });
    expect(exchange(stage).values['rax']).toBe(stage.read(PERCPU_BASE + 0x30n));
  });
});

describe('functions that never return', () => {
  const PANIC = {
    name: 'panic',
    address: TEXT + 6n,
    size: 1,
    kind: 'function',
    global: true,
    segment: '.text',
  } as const;

  it('end a call by their names, in the image too', () => {
    const observed = exchange(stageOf([callOf(TEXT + 6n), RET, NOP], { symbols: [PANIC] }));
    expect([observed.moment, observed.at]).toEqual(['stop', TEXT + 5n]);
  });

  it('run where they are the function under test', () => {
    const stage = new ProgramStage(madeImage([RET], { symbol: 'panic' }), 'panic');
    stage.begin();
    expect(exchange(stage, { symbol: 'panic' }).moment).toBe('return');
  });

  it('stop where RSP is nowhere', () => {
    const stage = stageOf([clear('rsp'), jumpTo(external(0))], { externals: ['panic'] });
    expect(exchange(stage).moment).toBe('stop');
  });
});

describe('a symbol from outside', () => {
  const pieces = [NOP, callOf(external(1)), RET];
  const externals = ['__x86_return_thunk', 'mystery'];

  it('that nobody answers has no verdict, beside a thunk too', () => {
    const stage = stageOf(pieces, { externals });
    expect(() => exchange(stage)).toThrow(
      new NoVerdict(
        'external symbol mystery is not modelled; say in tdxfuzz.config.ts what each does, such as surroundings: { mystery: 0 }, or give the file that defines it',
      ),
    );
    stage.trackCaller = true;
    stage.begin();
    expect(() => exchange(stage)).toThrow('external symbol mystery, called at f+0x1, is not modelled');
  });

  it('is answered where it is known', () => {
    const mystery = { parameters: ['first'] };
    const { moment, values } = exchange(stageOf(pieces, { externals }), { parameters: [7n], externals: { mystery } });
    expect([moment, values]).toEqual(['call mystery', { first: 7n }]);
  });

  it('cannot return where RSP is nowhere: the call faults', () => {
    const stage = stageOf([clear('rsp'), jumpTo(external(1))], { externals });
    const mystery = { parameters: [] };
    expect(exchange(stage, { externals: { mystery } })).toMatchObject({ moment: 'fault', values: { vector: 14n } });
  });
});

it('has no verdict for a fixup of a type that is not modelled, and takes one that is', () => {
  const pieces = [set64('rdx', 0x10n), load('rax', 'rdx', 0), RET, NOP, RET];
  const made = (type: number): ProgramStage =>
    stageOf(pieces, { fixups: [{ from: TEXT + 10n, to: TEXT + 15n, type }] });
  expect(exchange(made(2)).values['rax']).toBe(BigInt(VECTOR.PF));
  expect(() => exchange(made(9))).toThrow(
    new NoVerdict('the exception-fixup entry for f+0xa has type 9, which is not modelled'),
  );
});

it('leaves nothing of itself among the events of the code', () => {
  const stage = stageOf([push('rbx'), callOf(external(0)), pop('rbx'), RET], { externals: ['query'] });
  exchange(stage, { externals: { query: { parameters: [], query: () => 0n } } });
  const { events, eventCount } = stage.machine;
  const addresses = Array.from({ length: eventCount }, (_, index) => events[EVENT_WORDS * index + EVENT_WORD.RIP_LOW]);
  expect(addresses.every((low) => BigInt(low >>> 0) - (TEXT & 0xffffffffn) < BigInt(PAGE))).toBe(true);
});
