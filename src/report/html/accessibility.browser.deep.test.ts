import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { browserPath, ReportBrowser } from './report-page.test.helper.js';

const report = new ReportBrowser();
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PAGES = ['', '#/target/2', '#/finding/1', '#/finding/4', '#/requirements'];

/** What axe-core finds wrong, by the rules of WCAG and of good practice: names, contrast, landmarks, order of headings. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate<AxeResults>('axe.run()');
  expect(found.passes.length).toBeGreaterThan(10);
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html, any }) => `${id}: ${html} ${any[0]?.message}`));
}

describe.skipIf(browserPath === undefined)('for everybody', () => {
  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    test.each(PAGES)('%s has nothing that axe-core finds wrong', (hash) =>
      report.visit(hash, async (page) => expect(await violations(page)).toEqual([]), { colorScheme }),
    );

    test('the background is that of the scheme', () =>
      report.visit(
        '',
        async (page) => {
          const colour = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
          expect(colour).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(21, 24, 27)');
        },
        { colorScheme },
      ));
  });

  test('axe-core sees text that is too faint', () =>
    report.visit('', async (page) => {
      await page.evaluate("document.querySelector('h1').style.color = '#ccc'");
      expect((await violations(page)).join()).toContain('color-contrast');
    }));

  test('the first Tab offers to skip to the page, and Enter does so', () =>
    report.visit('', async (page) => {
      await page.keyboard.press('Tab');
      expect(
        await page.locator('.skip').evaluate((element) => element.getBoundingClientRect().top),
      ).toBeGreaterThanOrEqual(0);
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('page');
    }));

  test('on paper there are no controls, and nothing is cut off', () =>
    report.visit('#/finding/1', async (page) => {
      await page.emulateMedia({ media: 'print' });
      expect(await page.locator('.controls').isVisible()).toBe(false);
      expect(await page.locator('.steps-scroll').evaluate((list) => list.scrollHeight <= list.clientHeight)).toBe(true);
    }));
});
