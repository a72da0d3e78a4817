import { test } from '@fast-check/vitest';
import { tdxProperties } from 'tdxfuzz';
import { describeTdx } from 'tdxfuzz/vitest';
import { describe, expect, it } from 'vitest';

/** The object under test, as the build left it, and the contract that it must keep. */
const stub = { image: 'stub.o', symbol: 'guest_tdcall', contract: 'linux-6.7/__tdcall' };

// One line: a test for every property. What is found is also written as a case file, for `npx tdxfuzz replay`.
describeTdx(stub, { numRuns: 2000, seed: 1, out: 'tdxfuzz-out' });

// The same by hand, where a suite wants a say in it.
describe('with test.prop of @fast-check/vitest', () => {
  for (const property of tdxProperties(stub, { property: ['*-frame', 'marshals-*'] }))
    test.prop([property.arbitrary], { numRuns: 500, plugins: [property.report] })(property.name, property.predicate);
});

// Plain fast-check, in whatever test runner.
it('keeps the stack', () => {
  const [property] = tdxProperties(stub, { property: ['keeps-stack'] });
  property.assert({ numRuns: 500 });
  expect(property.evaluated).toBeGreaterThan(0);
});
