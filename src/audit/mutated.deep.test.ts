/** Damaged objects: an audit ends with a verdict or with one line that says what is wrong, in bounded time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Dice } from '../case/dice.js';
import { UsageError } from '../errors.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
import { auditJson } from '../report/audit-json.js';
import { auditText } from '../report/audit-text.js';
import { auditImage } from './audit.js';

const OBJECTS = ['guest-rfc-2021.o', 'seamcall-2023.o'];
const MUTANTS = 2500;
const LONGEST = 10_000;

/** @returns whether it was judged, or refused */
function audit(bytes: Uint8Array): boolean {
  const begun = performance.now();
  try {
    const verdict = auditImage(parseImage(bytes, 'mutant.o'), { seed: 'mutant' });
    expect(auditText([verdict])).toContain('audit: ');
    expect(JSON.parse(auditJson([verdict], 'mutant'))).toHaveProperty('schema', 'tdxfuzz/audit/1');
    return true;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expect(error.message.split('\n')).toHaveLength(1);
    return false;
  } finally {
    expect(performance.now() - begun).toBeLessThan(LONGEST);
  }
}

test.each(OBJECTS)(
  '%s with bytes changed',
  (name) => {
    const original = readFileSync(join(packageRoot(), 'corpus/targets', name));
    const dice = new Dice([1, 2, 3, name.length]);
    let judged = 0;
    for (let mutant = 0; mutant < MUTANTS; mutant++) {
      const bytes = Uint8Array.from(original);
      for (let change = dice.below(4); change >= 0; change--) {
        const at = dice.below(bytes.length);
        bytes[at] = dice.once(2) ? bytes[at] ^ (1 << dice.below(8)) : dice.below(256);
      }
      if (audit(bytes)) judged++;
    }
    // Most changes leave an object that can be read.
    expect(judged).toBeGreaterThan(MUTANTS / 4);
  },
  3_600_000,
);

test.each(OBJECTS)(
  '%s cut off at every length',
  (name) => {
    const original = readFileSync(join(packageRoot(), 'corpus/targets', name));
    for (let length = 0; length < original.length; length += 7) audit(Uint8Array.from(original.subarray(0, length)));
  },
  3_600_000,
);
