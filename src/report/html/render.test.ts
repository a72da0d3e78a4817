import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { linkModules } from './link.js';
import type { PageData } from './page-data.js';
import { type HtmlInput, renderHtml } from './render.js';
import { sampleInput, SOUND, withEvilName } from './sample.test.helper.js';
import { pageData } from './view.js';

let input: HtmlInput;
let html: string;

beforeAll(async () => {
  input = await sampleInput();
  html = renderHtml(input);
});

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const between = (text: string, start: string, end: string): string => {
  const from = text.indexOf(start) + start.length;
  return text.slice(from, text.indexOf(end, from));
};

function dataOf(page: string): PageData {
  return JSON.parse(between(page, '<script type="application/json" id="data">', '</script>')) as PageData;
}

describe('the file', () => {
  test('allows its own style and script by their hashes, and nothing else', () => {
    const policy = between(html, '<meta http-equiv="Content-Security-Policy" content="', '">').split('; ');
    expect(policy).toEqual([
      "default-src 'none'",
      `style-src ${sha256(between(html, '<style>', '</style>'))}`,
      `script-src ${sha256(between(html, '<script type="module">', '</script>'))}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  test('has no address of anything outside of it', () => {
    const shell = html.replace(between(html, 'id="data">', '</script>'), '');
    expect(shell).not.toMatch(/https?:|\/\/[a-z]+\.|@import|url\(|\bsrc=|\bstyle=/);
    expect(shell.match(/<script/g)).toHaveLength(2);
  });

  test('holds the whole result: counts, findings, coverage, listings', () => {
    const data = dataOf(html);
    const { targets } = input.result.result;
    const findings = targets.flatMap((target) => target.findings);
    expect(data.totals).toEqual({
      targets: targets.length,
      findings: findings.length,
      accepted: 0,
      unjudged: 0,
      cases: targets.reduce((sum, { cases }) => sum + cases, 0),
      executions: targets.reduce((sum, { executions }) => sum + executions, 0),
    });
    expect(data.findings.map(({ place, slot }) => `${slot} ${place}`)).toEqual(
      findings.map(({ place, slot }) => `${slot} ${place}`),
    );
    for (const { coverage } of data.targets)
      for (const { listing } of coverage) expect(listing).toBeGreaterThanOrEqual(0);
    expect(data.targets[0]).toMatchObject({ name: SOUND, findings: [] });
    expect(data.findings.every(({ trace }) => trace.steps.length > 0)).toBe(true);
  });

  test('no text of the data can end its element', () => {
    const evil = '</script><script>window.__pwned = 1</script><!--';
    const page = renderHtml(withEvilName(input, evil));
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    expect(page).not.toContain('<!--');
    expect(dataOf(page).functions.map(({ symbol }) => symbol)).toContain(evil);
  });
});

describe('bounds', () => {
  test('a function is cut where a report has no room for it, and says how much is left out', () => {
    const big = structuredClone(input);
    const [image] = big.listings.images;
    const [line] = image.functions[0].instructions;
    for (const code of image.functions) code.instructions = Array.from({ length: 10_050 }, () => line);
    const { functions } = pageData(big);
    const cut = functions.filter(({ leftOut }) => leftOut > 0);
    expect(cut.map(({ lines, leftOut }) => [lines.length, leftOut])).toEqual(cut.map(() => [10_000, 50]));
    expect(cut.length).toBeGreaterThan(0);
  });

  test('what no target covers is left out', () => {
    const few = structuredClone(input);
    const [target] = few.result.result.targets;
    few.result.result.targets = [{ ...target, coverage: target.coverage.slice(0, 1) }];
    expect(pageData(few).functions.map(({ symbol }) => symbol)).toEqual([target.coverage[0].symbol]);
  });
});

describe('the verdict', () => {
  const verdict = (change: (targets: HtmlInput['result']['result']['targets']) => void): PageData['verdict'] => {
    const copy = structuredClone(input);
    change(copy.result.result.targets);
    return pageData(copy).verdict;
  };

  test('says how many findings there are', () => {
    expect(verdict(() => undefined)).toEqual({ kind: 'found', text: expect.stringMatching(/^\d+ findings$/) });
  });

  test('says that nothing was found', () => {
    const clean = verdict((targets) => targets.forEach((target) => (target.findings = [])));
    expect(clean).toEqual({ kind: 'clean', text: 'Nothing found' });
  });

  test('does not count what was accepted', () => {
    const accepted = verdict((targets) =>
      targets.forEach(({ findings }) => findings.forEach((finding) => (finding.accepted = { reason: 'known' }))),
    );
    expect(accepted).toEqual({ kind: 'clean', text: expect.stringMatching(/^Nothing new found, \d+ accepted$/) });
  });

  test.each([
    [
      'a problem',
      (target: HtmlInput['result']['result']['targets'][number]) => (target.problem = 'unknown instruction'),
    ],
    [
      'no property that was judged',
      (target: HtmlInput['result']['result']['targets'][number]) =>
        target.properties.forEach((property) => (property.status = 'not evaluated')),
    ],
  ])('a target with %s is none, though nothing was found on it', (_, spoil) => {
    const undecided = verdict(([sound]) => {
      spoil(sound);
    });
    expect(undecided).toEqual({
      kind: 'undecided',
      text: expect.stringMatching(/^1 of 6 targets without a verdict, \d/),
    });
  });
});

test('what an earlier night had still stands, and says since when', () => {
  const copy = structuredClone(input);
  const [, { target, findings }] = copy.result.result.targets;
  const [{ property, slot, place }] = findings;
  const still = [{ target, property, slot, place, since: '2026-11-30T20:00:00.000Z' }];
  copy.result.run.night = { number: 2, resumed: true, fresh: [], still, gone: [] };
  const [first, second] = pageData(copy).findings;
  expect([first.standing, first.since]).toEqual(['still', '2026-11-30']);
  expect([second.standing, second.since]).toEqual(['new', '']);
});

describe('modules are linked', () => {
  test('without their imports and exports', () => {
    const linked = linkModules([
      'export function a() { return 1; }\nexport const B = 2;\n',
      "import { a, B } from './a.js';\nimport {\n  a,\n} from './a.js';\na(B);\n",
    ]);
    expect(linked).toBe('function a() { return 1; }\nconst B = 2;\n\na(B);\n');
  });

  test.each([
    "export * from './a.js';\n",
    "import a from 'a';\n",
    "import { a as b } from './a.js';\n",
    'export default 1;\n',
    "const a = '</script>';\n",
  ])('but not %j', (source) => expect(() => linkModules([source])).toThrow(/cannot be linked/));
});
