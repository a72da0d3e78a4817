/** The entry for vitest: one test for each property; properties/gate.test.ts and cli/pack.deep.test.ts run what it makes. */
import { fc as peer } from '@fast-check/vitest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fc } from './index.js';

afterEach(() => {
  vi.doUnmock('@fast-check/vitest');
  vi.resetModules();
});

describe('fast-check', () => {
  it('is one and the same for the library and @fast-check/vitest', () => {
    expect(peer.Arbitrary).toBe(fc.Arbitrary);
    expect(peer.Value).toBe(fc.Value);
  });

  it('of another copy is refused in one line that says what to do', async () => {
    vi.doMock('@fast-check/vitest', () => ({ fc: { Arbitrary: class {}, __version: '4.0.0' }, test: {} }));
    vi.resetModules();
    const { describeTdx } = await import('./vitest.js');
    expect(() => describeTdx('guest-6.7/__tdcall')).toThrow(
      /^two copies of fast-check: @fast-check\/vitest has 4\.0\.0, tdxfuzz has [\d.]+; leave one with npm install --save-dev fast-check@[\d.]+$/,
    );
  });
});
