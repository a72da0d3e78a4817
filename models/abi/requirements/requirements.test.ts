/** The clauses of the ABI as data: each one has a name of its own and a source that was there to be read. */
import { describe, expect, it, test } from 'vitest';
import { readPages, sourceFaults } from '../../../src/docs.test.helper.js';
import { packageRoot } from '../../../src/package-info.js';
import { REQUIREMENT_AREAS, REQUIREMENTS } from './all.js';
import type { Requirement } from './requirement.js';

const pages = readPages(packageRoot());

/** Sources that name no page and heading of docs. */
function unknownSources(requirements: readonly Requirement[]): string[] {
  return requirements.flatMap(({ id, source }) =>
    source.filter((text) => sourceFaults(pages, text).length > 0).map((text) => `${id}: ${text}`),
  );
}

function repeated(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

describe('requirements', () => {
  it('are many, in areas that have some each', () => {
    expect(REQUIREMENTS.length).toBeGreaterThan(150);
    for (const { name, requirements } of REQUIREMENT_AREAS) expect(requirements.length, name).toBeGreaterThan(5);
  });

  it('have ids of their own, as AREA.NAME', () => {
    const ids = REQUIREMENTS.map(({ id }) => id);
    expect(repeated(ids)).toEqual([]);
    for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z0-9]+([-.][a-z0-9]+)*$/);
    expect(repeated(['a.b', 'c.d', 'a.b'])).toEqual(['a.b']);
  });

  it('say one thing in one sentence, each its own', () => {
    expect(repeated(REQUIREMENTS.map(({ statement }) => statement))).toEqual([]);
    for (const { id, statement } of REQUIREMENTS) expect(statement, id).toMatch(/^\S.*\.$/);
  });

  it('have a source that names a section', () => {
    expect(unknownSources(REQUIREMENTS)).toEqual([]);
    for (const { id, source } of REQUIREMENTS) expect(source.length, id).toBeGreaterThan(0);
  });

  it('that nobody checks say why', () => {
    for (const { id, checks, gap } of REQUIREMENTS) if (checks.length === 0) expect(gap, id).toMatch(/\S/);
  });
});

test.each([
  'docs/abi/tdcall.md#no-such-heading',
  'docs/abi/no-such-page.md#leaves',
  'docs/abi/tdcall.md',
  'docs/abi/tdvmcall.md#setupeventnotify',
  'docs/abi/tdcall.md#toString',
  'seeds/005',
])('a source that is not there is seen: %s', (source) => {
  const planted: Requirement = { id: 'a.b', statement: 'A.', source: [source], standing: 'observed', checks: [] };
  expect(unknownSources([planted])).toEqual([`a.b: ${source}`]);
});
