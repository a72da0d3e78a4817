import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { renderHtml } from './render.js';
import { browserPath, ReportBrowser } from './report-page.test.helper.js';
import { withEvilName, written } from './sample.test.helper.js';
import { causesOfTarget } from '../../campaign/records/result.js';
import { MOST_STEPS_IN_ALL } from './view.js';

const report = new ReportBrowser();

if (browserPath === undefined)
  console.warn('src/report/html: tests in a browser are SKIPPED: no Chromium (apt-get install chromium)');

const textsOf = (page: Page, selector: string): Promise<string[]> =>
  page.locator(selector).evaluateAll((cells) => cells.map((cell) => (cell.textContent ?? '').trim()));

describe.skipIf(browserPath === undefined)('the overview and the requirements', () => {
  test('the overview counts what the result holds', () =>
    report.visit('', async (page) => {
      const { targets } = report.input.result.result;
      expect(await page.locator('h1').textContent()).toContain(`${report.findings.length} findings`);
      const tables = page.locator('main table');
      expect(await tables.nth(0).locator('tbody tr').count()).toBe(report.findings.length);
      expect(await tables.nth(1).locator('tbody tr').count()).toBe(targets.length);
      const violated = await tables.nth(2).locator('td.status .bad').count();
      expect(violated).toBe(
        targets.flatMap(({ properties }) => properties.filter(({ status }) => status === 'violated')).length,
      );
      const hits = await textsOf(page, 'main table:first-of-type tbody td:last-child');
      const expected = targets.flatMap((target) =>
        causesOfTarget(target).map(({ finding }) => finding.hits.toLocaleString('en-US')),
      );
      expect(hits.slice(0, expected.length)).toEqual(expected);
    }));

  test('the findings are filtered by text and sorted by a head, and the head says so', () =>
    report.visit('', async (page) => {
      const rows = page.locator('main table').nth(0).locator('tbody tr');
      await page.getByLabel('Filter findings').fill('scrubs r10');
      const wanted = report.findings.filter(
        ({ property, slot }) => property.startsWith('scrubs') && slot.includes('r10'),
      );
      expect(await rows.count()).toBe(wanted.length);
      await page.getByLabel('Filter findings').fill('');
      const head = page.getByRole('columnheader', { name: 'Hits' });
      await head.getByRole('button').click();
      await head.getByRole('button').click();
      expect(await head.getAttribute('aria-sort')).toBe('descending');
      const first = await rows.first().locator('td').last().textContent();
      expect(Number(first?.replaceAll(',', ''))).toBe(Math.max(...report.findings.map(({ hits }) => hits)));
    }));

  test('requirements that nothing checks are called so', () =>
    report.visit('#/requirements', async (page) => {
      expect(await page.locator('h1').textContent()).toBe('Requirements');
      expect(await page.getByRole('row', { name: /^vmcall-xmm/ }).textContent()).toContain('✗ unchecked');
      expect(await page.locator('td .bad').count()).toBe(1);
    }));

  test('the theme is chosen by a button, and kept', () =>
    report.visit('', async (page) => {
      const colour = (): Promise<string> => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      const light = await colour();
      await page.locator('#theme').click();
      expect(await colour()).toBe(light);
      await page.locator('#theme').click();
      expect(await page.locator('#theme').textContent()).toBe('Theme: dark');
      expect(await colour()).not.toBe(light);
      await page.reload();
      await page.waitForSelector('h1');
      expect(await page.locator('#theme').textContent()).toBe('Theme: dark');
      expect(await colour()).not.toBe(light);
    }));
});

describe.skipIf(browserPath === undefined)('the page of a target', () => {
  test('coverage is painted on the code, and the blamed instruction leads to its finding and back', async () => {
    const index = report.indexOf('missing-scrub-r10-5.19');
    const { target } = report.findings[index];
    const [coverage] = report.input.result.result.targets[target].coverage;
    await report.visit(`#/target/${target + 1}`, async (page) => {
      const listing = page.locator('.function').first();
      expect(await listing.locator('tr.reached').count()).toBe(coverage.reached.length);
      expect(await listing.locator('tr.missed').count()).toBe(coverage.instructions - coverage.reached.length);
      expect(await listing.getByText('both ways').count()).toBe(coverage.taken.length / 2);
      const blamed = listing.locator('tr.blamed');
      expect(await blamed.locator('td code').nth(1).textContent()).toBe('tdcall');
      await blamed.getByRole('link').click();
      await page.waitForSelector('.trace');
      await page.locator('.facts').getByRole('link', { name: report.findings[index].place }).click();
      await page.waitForSelector('tr.blamed[aria-current]');
      expect(await page.evaluate('document.activeElement.dataset.place')).toBe(report.findings[index].place);
    });
  });

  test('a branch that went one way only says which', async () => {
    const copy = structuredClone(report.input);
    const [coverage] = copy.result.result.targets[0].coverage;
    const [branch] = coverage.taken[0];
    const other = coverage.taken.filter(([from]) => from === branch).map(([, to]) => to);
    expect(other).toHaveLength(2);
    coverage.taken = coverage.taken.filter(([from, to]) => from !== branch || to === Math.max(...other));
    await report.visit(
      '#/target/1',
      async (page) => {
        const row = page
          .locator('.function')
          .first()
          .locator(`tr[data-place$="+0x${branch.toString(16)}"]`);
        expect(await row.locator('td').nth(1).textContent()).toBe('only taken');
      },
      { file: written(copy) },
    );
  });

  test('classes that no case had are marked, and properties have their cases', async () => {
    const copy = structuredClone(report.input);
    copy.result.result.targets[0].classes['an empty class'] = 0;
    await report.visit(
      '#/target/1',
      async (page) => {
        const row = page.getByRole('row', { name: /^an empty class/ });
        expect(await row.textContent()).toContain('not exercised');
        const [first] = copy.result.result.targets[0].properties;
        const property = page.getByRole('row', { name: new RegExp(`^${first.property}`) });
        expect(await property.textContent()).toContain(first.cases.toLocaleString('en-US'));
      },
      { file: written(copy) },
    );
  });
});

describe.skipIf(browserPath === undefined)('the report holds', () => {
  test.each([
    '<img src=x onerror="window.__pwned=1">',
    '</script><script>window.__pwned=1</script>',
    '"><svg onload=window.__pwned=1>',
  ])('a symbol named %s is a text', async (evil) => {
    const hostile = withEvilName(report.input, evil);
    const file = written(hostile);
    const index = report.indexOf('missing-scrub-r10-5.19');
    for (const hash of ['', `#/finding/${index + 1}`, `#/target/${report.findings[index].target + 1}`])
      await report.visit(
        hash,
        async (page) => {
          expect(await page.locator('main').textContent()).toContain(evil);
          expect(await page.locator('main').locator('img, svg, script').count()).toBe(0);
          expect(await page.evaluate('window.__pwned')).toBeUndefined();
        },
        { file },
      );
  });

  test('the policy of the file stops a script that somebody puts into it', async () => {
    const evil = renderHtml(report.input).replace('<main', '<script>window.__pwned=1</script><main');
    const page = await report.browser.newPage();
    const errors: string[] = [];
    page.on('console', (message) => void errors.push(message.text()));
    await page.route('http://report.test/', (route) => route.fulfill({ contentType: 'text/html', body: evil }));
    await page.goto('http://report.test/');
    await page.waitForSelector('h1');
    expect(await page.evaluate('window.__pwned')).toBeUndefined();
    expect(errors.join()).toContain('Content Security Policy');
    await page.close();
  });

  test('500 findings and a trace as long as a report holds open, and say what they leave out', async () => {
    const big = structuredClone(report.input);
    const [target] = big.result.result.targets.slice(1);
    const [finding] = target.findings;
    const { document } = finding;
    const steps = Array.from({ length: 2048 }, () => document.steps)
      .flat()
      .slice(0, 2048);
    const long = { ...document, steps, leftOut: { before: 17_000, behind: 952 } };
    target.findings = Array.from({ length: 500 }, (_, at) => ({ ...finding, slot: `final.r${at}`, document: long }));
    target.causes = target.findings.map((_, at) => ({ members: [at], alsoBreaks: [] }));
    const room = Math.ceil(MOST_STEPS_IN_ALL / steps.length);
    await report.visit(
      '',
      async (page) => {
        expect(await page.locator('main table').nth(0).locator('tbody tr').count()).toBeGreaterThanOrEqual(500);
        await page.goto(`${page.url()}#/finding/1`);
        await page.waitForSelector('.trace');
        expect(await page.locator('#keys').textContent()).toContain(
          '17,000 steps before and 952 behind are left out: a report shows 2,048 of one trace',
        );
        await page.getByRole('button', { name: 'Last' }).click();
        expect(await page.locator('.controls output').textContent()).toBe('Step 2,048 of 2,048');
        const url = page.url().replace(/#.*/, '');
        await page.goto(`${url}#/finding/${room}`);
        await page.waitForSelector('.trace');
        await page.goto(`${url}#/finding/${room + 1}`);
        await page.waitForSelector('.trace', { state: 'detached' });
        expect(await page.locator('main').textContent()).toContain(
          'There is none: one report holds 60000 steps of traces; replay the case to see this one.',
        );
      },
      { file: written(big) },
    );
  });

  test.each(['', '#/target/2', '#/finding/1', '#/finding/4', '#/finding/6', '#/requirements'])(
    'at 360 pixels %s does not scroll sideways',
    (hash) =>
      report.visit(
        hash,
        async (page) => {
          expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
        },
        { viewport: { width: 360, height: 740 } },
      ),
  );
});
