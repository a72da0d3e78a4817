import { expect, test } from 'vitest';
import type { InputVerdict } from '../campaign/records/result.js';
import { neutralInputs, verdictText } from './input-text.js';

const input = (
  name: string,
  verdict: InputVerdict['verdict'],
  tried: number,
  failed: number,
  note?: string,
): InputVerdict => ({
  name,
  value: '0x0',
  verdict,
  tried,
  failed,
  ...(note !== undefined && { note }),
});

test.each<[InputVerdict, string]>([
  [input('a', 'anything', 20, 20), 'anything: all 20 others tried fail'],
  [input('a', 'must be this', 3, 0), 'must be this: none of 3 others tried fails'],
  [input('a', 'must be this', 0, 0, 'there is no other value'), 'must be this; there is no other value'],
  // The neutral value is among those tried, and not among those that are counted.
  [input('a', 'must differ', 15, 14), 'anything but neutral: 14 of 14 others tried fail'],
  [input('a', 'some values', 9, 4, 'bit 3 must be 1'), '4 of 9 others tried fail; bit 3 must be 1'],
])('%j is told as %j', (verdict, text) => expect(verdictText(verdict)).toBe(text));

test('neutral values that may be anything are one line; the others a row each; what differs is in neither', () => {
  const inputs = [
    input('differs', 'must differ', 15, 14),
    input('status', 'must be this', 82, 0),
    ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => input(name, 'anything', 20, 20)),
  ];
  const lines = neutralInputs({ scenario: { differs: '0x1' }, inputs }, ({ name, value }) => [`<${name}>`, value]);
  expect(lines).toEqual([
    '  neutral   but not free:',
    '              <status>  0x0  must be this: none of 82 others tried fails',
    '  anything  6 neutral values, of which all others tried fail too: a, b, c, d and 2 more',
  ]);
  expect(neutralInputs({ scenario: {}, inputs: [] }, () => ['', ''])).toEqual([]);
});
