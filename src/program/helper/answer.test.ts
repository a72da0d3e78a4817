import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXPOSED_REGISTERS } from '../../../models/abi/linux-constants.js';
import { plainAnswer } from '../../world/register-answer.js';
import { answerOf, registerAnswer } from './helper.js';

const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

test('registers without a slot are odd multiples of what the slot for the others says, in 64 bits', () => {
  fc.assert(
    fc.property(word, word, word, (others, r10, status) => {
      const values = { 'host.others': others, 'host.r10': r10, 'host.status': status };
      const expected = ['rcx', ...EXPOSED_REGISTERS].map((name, index) => [
        name,
        name === 'r10' ? r10 : BigInt.asUintN(64, others * BigInt(2 * index + 3)),
      ]);
      const all = Object.entries(answerOf(values, 'host'));
      expect(all).toEqual([['status', status], ...expected]);
      const byName = registerAnswer(values, 'host').values;
      for (const [name, value] of all) expect(byName[name], name).toBe(value);
      expect(byName['rbp']).toBeUndefined();
      expect(Object.entries(plainAnswer(byName))).toEqual(all);
    }),
  );
});
