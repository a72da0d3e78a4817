/** The small version of what `rows.deep.test.ts` has in large. */
import { expect, it } from 'vitest';
import { expectSame } from './both-engines.test.helper.js';
import { compareRows, machinesWith } from './rows.test.helper.js';

compareRows({ states: 2, instances: 1, formsOfRow: 2, sequences: 25 });

it('notices a difference', () => {
  const machines = machinesWith(Uint8Array.of(0x90));
  machines.both((machine) => machine.reset());
  machines.translated.state[2] ^= 1;
  expect(() => expectSame(machines.interpreted, machines.translated, 'planted')).toThrow('state');
});
