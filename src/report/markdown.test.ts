/** The step summary, as a renderer of GitHub Flavored Markdown (micromark) reads it. */
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunResult } from '../campaign/records/result.js';
import { disassemblyAround } from './disassembly.js';
import { stepSummary, SUMMARY_LIMIT } from './markdown.js';
import { ACCEPTED, CONTEXT, EVIL, sampleRuns, type SampleRuns, withFindings } from './sample-runs.test.helper.js';

const render = (run: RunResult): string => stepSummary(run, CONTEXT);
/** What a reader gets as HTML, without the cleaning that GitHub does afterwards but for a few tags such as <script>. */
const page = (markdown: string): string =>
  micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] });

/** The names of all tags, and how many of each are open at the end. */
function tags(html: string): { names: string[]; open: Record<string, number> } {
  const open: Record<string, number> = {};
  const found = [...html.matchAll(/<(\/?)([a-z0-9!-]+)[^>]*>/gi)].map(([, close, name]) => {
    open[name] = (open[name] ?? 0) + (close === '' ? 1 : -1);
    return name;
  });
  return { names: [...new Set(found)].sort(), open };
}

/** Text between tags, entities decoded. */
const visible = (html: string): string =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(
      /&(lt|gt|quot|#39|amp);/g,
      (_entity, name: string) => ({ lt: '<', gt: '>', quot: '"', '#39': "'" })[name] ?? '&',
    );

const ALLOWED = ['code', 'details', 'h2', 'h3', 'p', 'pre', 'strong', 'summary', 'table', 'td', 'th', 'tr'];

let runs: SampleRuns;
beforeAll(async () => {
  runs = await sampleRuns();
});

test('is well formed, whatever the names are', () => {
  for (const run of Object.values(runs) as RunResult[]) {
    const { names, open } = tags(page(render(run)));
    for (const name of [...names, ...tags(render(run)).names]) expect(ALLOWED).toContain(name);
    expect(Object.entries(open).filter(([, count]) => count !== 0)).toEqual([]);
  }
});

test('the renderer reads markup where it is not escaped', () => {
  const { names } = tags(page(`| ${EVIL} |`));
  expect(names).toEqual(expect.arrayContaining(['a', 'img', 'strong', 'table']));
  expect(names).toContain('h1');
});

test('hostile names stay text', () => {
  const html = page(render(runs.hostile));
  expect(runs.hostile.result.targets[0].findings.length).toBeGreaterThan(0);
  expect(visible(html)).toContain(
    'f<script>alert(1)</script><img src=x onerror=alert(2)>"\'|`x`**b**[click](https://evil.example)]]>',
  );
  expect(visible(html)).toContain('\\x0d\\x0a\\x0a# fake: nothing found\\x0a| a | b |\\x0a\\x1b[31m');
  // Somebody else's text is in <code> or <pre> alone, where GitHub makes no mention and no link.
  const outside = html.replace(/<(code|pre)>.*?<\/\1>/gs, '');
  expect(outside).not.toMatch(/evil|@user|fake/);
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  expect(html).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
});

describe('what it says', () => {
  test('the verdict, first of all', () => {
    const first = (run: RunResult): string => render(run).split('\n')[0];
    expect(first(runs.clean)).toBe('## tdxfuzz: nothing found');
    expect(first(runs.broken)).toBe('## tdxfuzz: 1 finding');
    expect(first(runs.unjudged)).toBe('## tdxfuzz: 1 of 2 targets without a verdict, 1 finding');
    const accepted = withFindings(runs.broken, (finding) => ({ ...finding, accepted: ACCEPTED }));
    expect(first(accepted)).toBe('## tdxfuzz: 1 finding, 1 of them accepted');
    const interrupted = { ...runs.clean, run: { ...runs.clean.run, interrupted: true } };
    expect(first(interrupted)).toBe('## tdxfuzz: interrupted, nothing found');
  });

  test('a finding in full', () => {
    const run = withFindings(runs.broken, (finding) => ({
      ...finding,
      source: { file: 'a/b.S', line: 31 },
      accepted: ACCEPTED,
    }));
    const [finding] = run.result.targets[0].findings;
    const text = visible(page(render(run)));
    expect(text).toContain(`Finding 1 of 1: scrubs-host-values: final.rsi at ${finding.place}`);
    for (const part of [finding.expected, finding.actual, finding.clause, 'a/b.S:31', CONTEXT.replay(finding)])
      expect(text).toContain(part);
    for (const [name, value] of Object.entries(finding.scenario)) expect(text).toContain(`${name} = ${value}`);
    expect(text).toContain('no register but the result depends');
    expect(text).toContain('RSI is <known> to leak (issue 7)');
  });

  test('the code around the instruction to blame', () => {
    for (const run of [runs.broken, runs.program]) {
      const [finding] = run.result.targets[0].findings;
      const offset = finding.place.slice(finding.place.indexOf('+'));
      const text = visible(page(render(run)));
      expect(text).toMatch(new RegExp(`^> ${offset.replace('+', '\\+')} `, 'm'));
    }
    // The TDCALL, which brings the value that is not scrubbed.
    expect(visible(page(render(runs.broken)))).toMatch(/^> \+0x[0-9a-f]+ +66 0f 01 cc +tdcall$/m);
  });

  test('each property of each target, with the reason of one that was not judged', () => {
    const text = visible(page(render(runs.clean)));
    for (const { target, properties } of runs.clean.result.targets) {
      expect(text).toContain(target);
      for (const { property, reason } of properties) {
        expect(text).toContain(property);
        if (reason !== undefined) expect(text).toContain(reason);
      }
    }
    expect(text).not.toContain('❌');
    expect(visible(page(render(runs.broken)))).toMatch(/❌ violated: 1/);
  });

  test('why there is no verdict', () => {
    expect(visible(page(render(runs.unjudged)))).toMatch(/No verdict on unmodelled: .*nobody_knows_this/);
  });
});

test('stays below the limit of GitHub, and says what was left out', () => {
  const run = structuredClone(runs.broken);
  const [target] = run.result.targets;
  const [finding] = target.findings;
  target.findings = Array.from({ length: 3000 }, (_, index) => ({ ...finding, slot: `final.${index}` }));
  target.causes = target.findings.map((_, index) => ({ members: [index], alsoBreaks: [] }));
  run.result.targets = [target, ...runs.clean.result.targets];
  const text = render(run);
  expect(Buffer.byteLength(text)).toBeLessThan(SUMMARY_LIMIT);
  expect(Buffer.byteLength(text)).toBeGreaterThan(SUMMARY_LIMIT * 0.9);
  const shown = text.split('<h3>').length - 1;
  expect(text).toContain(
    `**Left out**, since GitHub takes no more than 1 MiB: ${(3000 - shown).toLocaleString('en-US')} of 3,000 findings`,
  );
  expect(shown).toBeGreaterThan(100);
  expect(shown).toBeLessThan(3000);
  expect(tags(text).open).toEqual(expect.objectContaining({ table: 0, details: 0, tr: 0 }));
  expect(render(runs.broken)).not.toContain('Left out');
});

test('a case whose pages are damaged has no listing, and is no error', () => {
  const [{ case: file, place }] = runs.broken.result.targets[0].findings;
  expect(disassemblyAround(file, place, 2)).toHaveLength(5);
  const damaged = { ...file, code: { ...file.code, entry: '0x0' } };
  expect(disassemblyAround(damaged, place, 2)).toEqual([]);
  for (const other of [
    '0x10',
    'nobody+0x0',
    'missing_scrub_rsi',
    'missing_scrub_rsi+0xffff',
    '+0x',
    'missing_scrub_rsi+0xzz',
  ])
    expect(disassemblyAround(file, other, 2)).toEqual([]);
});
