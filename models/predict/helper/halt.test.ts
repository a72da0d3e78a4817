import { expect, it } from 'vitest';
import { exception, follow, last, LINUX, moments, OK } from './follow.test.helper.js';
import { halt, handleHalt, safeHalt } from './halt.js';

it('__halt says whether interrupts are blocked, and returns R10', () => {
  const exchanges = follow(halt(LINUX, { irq_disabled: 0xff01n, if: 0n }), { ...OK, r10: 1n << 63n });
  expect(exchanges[0].values).toMatchObject({ r11: 12n, r12: 1n, if: 0n, sti: 0n });
  expect(last(exchanges, 'rax')).toEqual([1n << 63n]);
});

it('a safe halt lets interrupts in after the call', () => {
  const exchanges = follow(safeHalt(LINUX), { ...OK, r10: 5n });
  expect(exchanges[0].values).toMatchObject({ r12: 0n, if: 0n, sti: 0n });
  expect(last(exchanges, 'if')).toEqual([1n]);
});

it('or in the shadow of STI', () => {
  const exchanges = follow(safeHalt({ ...LINUX, haltDiscipline: 'sti-shadow' }), OK);
  expect(exchanges[0].values).toMatchObject({ r12: 0n, if: 1n, sti: 1n });
  expect(last(exchanges, 'if')).toEqual([1n]);
});

it('HLT as #VE blocks, and is refused with interrupts on', () => {
  const exchanges = follow(handleHalt(LINUX, exception({ if: 0n })), OK);
  expect(exchanges[0].values).toMatchObject({ r12: 1n, if: 0n, sti: 0n });
  expect(last(exchanges, 'rax')).toEqual([{ value: 2n, mask: 0xffffffffn }]);
  const refused = follow(handleHalt(LINUX, exception({ if: 0n })), { ...OK, r10: 1n });
  const lost = follow(handleHalt(LINUX, exception({ if: 1n })));
  expect(moments(lost)).toEqual(['return']);
  for (const end of [refused, lost]) expect(last(end, 'rax')).toEqual([{ value: 0xfffffffbn, mask: 0xffffffffn }]);
});
