import { describe, expect, it } from 'vitest';
import { recordedVectors } from './recorded-vectors.test.helper.js';
import { kindOfVectors } from './vector-kind.js';

describe('kinds', () => {
  it.each(['vmcall', 'tdcall', 'seamcall', 'async'] as const)('%s is told by the fields of its records', (kind) => {
    expect(kindOfVectors(recordedVectors(kind), 'a')).toBe(kind);
  });

  it('may not be mixed or unknown', () => {
    const [vmcall] = recordedVectors('vmcall');
    const [tdcall] = recordedVectors('tdcall');
    expect(() => kindOfVectors([vmcall, { ...tdcall, line: 2 }], 'f.jsonl')).toThrow(
      'f.jsonl:2: a tdcall vector in a file of vmcall vectors, split it',
    );
    expect(() => kindOfVectors([{ line: 3, value: {} }], 'f.jsonl')).toThrow('f.jsonl:3: not a vector of a known kind');
    expect(() => kindOfVectors([], 'f.jsonl')).toThrow('f.jsonl: no vectors in it');
  });
});
