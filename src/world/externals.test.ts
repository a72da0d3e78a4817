import { describe, expect, test } from 'vitest';
import { Bench, call, external, jumpTo, NOP, RET, set64, TEXT, UD2 } from '../harness/made-function.test.helper.js';
import { END, FACT, MOMENT, slotValue } from '../observation/layout.js';
import { disassemble } from '../x86/decode.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import { externalModel } from './externals.js';

const endOf = (observation: Int32Array): number => observation[2 * FACT.end];

describe('thunks run as the code that they are', () => {
  test('a return through the return thunk', () => {
    const bench = new Bench([jumpTo(external(0))], undefined, { externals: ['__x86_return_thunk'] });
    const observation = bench.run();
    expect(endOf(observation)).toBe(END.returned);
    expect(observation[2 * FACT.instructions]).toBe(2);
  });

  test('a call of __fentry__ comes back', () => {
    const bench = new Bench([call(external(0)), RET], undefined, { externals: ['__fentry__'] });
    expect(endOf(bench.run())).toBe(END.returned);
  });

  const through = REGISTER_NAMES.filter((name) => name !== 'rsp');
  test.each(through)('an indirect jump through %s', (name) => {
    // mov $target,%name (10 bytes), jmp thunk (5), ud2 (2): the target is the RET behind them.
    const pieces = [set64(name, TEXT + 17n), jumpTo(external(0)), UD2, RET];
    const bench = new Bench(pieces, undefined, { externals: [`__x86_indirect_thunk_${name}`] });
    const observation = bench.run();
    expect(bench.harness.problem).toBe('');
    expect([endOf(observation), observation[2 * FACT.instructions]]).toEqual([END.returned, 4]);
  });

  test.each(REGISTER_NAMES)('the thunk of %s jumps through it', (name) => {
    const model = externalModel(`__x86_indirect_thunk_${name}`);
    if (model.kind !== 'code') throw new Error('no code');
    expect(disassemble(model.bytes, 0n).text.replace(/\s+/, ' ')).toBe(`jmp *%${name}`);
  });
});

test.each(['__tdx_hypercall_failed', 'panic', '__stack_chk_fail', 'do_exit'])('%s ends the run', (name) => {
  const bench = new Bench([NOP, call(external(0)), RET], undefined, { externals: [name] });
  const observation = bench.run();
  expect(endOf(observation)).toBe(END.stopped);
  expect(slotValue(observation, MOMENT.final + 16)).toBe(external(0));
  expect(bench.harness.problem).toBe('');
});

test('a function of the image that never returns ends the run as well', () => {
  const stop = {
    name: 'panic',
    address: TEXT + 6n,
    size: 1,
    kind: 'function',
    global: true,
    segment: '.text',
  } as const;
  const bench = new Bench([call(TEXT + 6n), RET, RET], undefined, { symbols: [stop] });
  expect(endOf(bench.run())).toBe(END.stopped);
});

test.each(['__x86_indirect_thunk_', '__x86_indirect_thunk_r16', '__x86_indirect_thunk_eax', 'memcpy', 'toString'])(
  '%s is not modelled: no verdict, and one line says where',
  (name) => {
    const bench = new Bench([NOP, call(external(1)), RET], undefined, { externals: ['panic', name] });
    expect(endOf(bench.run())).toBe(END.unknown);
    const { problem } = bench.harness;
    expect(problem).toContain(name);
    expect(problem.split('\n')).toHaveLength(1);
    // The address of a call is the symbol's own by then; the line must lead to the code that was to blame.
    expect(problem).toContain('f+0x1');
  },
);
