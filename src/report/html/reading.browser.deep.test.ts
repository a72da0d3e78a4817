/** What a person reads on the pages: words beside numbers, the violation where it is, links that last, and what is not there. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { browserPath, ReportBrowser } from './report-page.test.helper.js';
import type { HtmlInput } from './render.js';
import { written } from './sample.test.helper.js';

const report = new ReportBrowser();
const changed = (change: (copy: HtmlInput) => void): string => {
  const copy = structuredClone(report.input);
  change(copy);
  return written(copy);
};
const main = async (page: Page): Promise<string> => (await page.locator('main').textContent()) ?? '';

describe.skipIf(browserPath === undefined)('a reader', () => {
  test('finds the violation in the middle of the steps, with what follows, and what was expected beside it', async () => {
    const index = report.indexOf('helper-7.3-in-keeps-upper-half');
    const { expected, actual } = report.findings[index];
    await report.visit(`#/finding/${index + 1}`, async (page) => {
      const row = page.locator('.steps tr.blamed');
      expect(await row.locator('.verdict').textContent()).toBe(`expected ${expected}found ${actual}`);
      const [own, list] = await Promise.all([row.boundingBox(), page.locator('.steps-scroll').boundingBox()]);
      const place = ((own?.y ?? 0) + (own?.height ?? 0) / 2 - (list?.y ?? 0)) / (list?.height ?? 1);
      expect(place).toBeGreaterThan(0.4);
      expect(place).toBeLessThan(0.6);
      const wrong = page.locator('.exchange.wrong');
      expect(await wrong.count()).toBe(1);
      expect(await wrong.textContent()).toContain('The violation');
      const [wrongColour, otherColour] = await Promise.all(
        ['.exchange.wrong', '.exchange:not(.wrong)'].map((selector) =>
          page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).backgroundColor`),
        ),
      );
      expect(wrongColour).not.toBe(otherColour);
    });
  });

  test('reads words, with the numbers beside them', async () => {
    const index = report.indexOf('helper-7.3-in-keeps-upper-half');
    await report.visit(`#/finding/${index + 1}`, async (page) => {
      const story = (await page.locator('.story').textContent()) ?? '';
      expect(story).toContain('IO 0x1e');
      expect(story).toMatch(/IN of \d bytes?, port 0x0 \(0x\w+\)/);
      expect((await page.locator('table.registers .word').allTextContents()).join()).toMatch(/[+-]ZF/);
      expect(await main(page)).toContain('TDX_SUCCESS (0x0)');
    });
  });

  test('sees lines of source between the instructions, in the trace and on the code', async () => {
    const file = changed((copy) => {
      const [target] = copy.result.result.targets.slice(1);
      target.findings[0].document.steps[3].source = { file: 'stub.S', line: 41 };
      const [image] = copy.listings.images;
      image.files.push('stub.S');
      for (const { instructions } of image.functions) instructions[1].source = [image.files.length - 1, 40];
    });
    await report.visit(
      '#/finding/1',
      async (page) => expect(await page.locator('.steps .line-of').allTextContents()).toEqual(['stub.S:41']),
      { file },
    );
    await report.visit(
      '#/target/1',
      async (page) => {
        const rows = page.locator('.listing').first().locator('tbody tr');
        expect(await rows.nth(1).textContent()).toBe('stub.S:40');
        expect(await rows.nth(2).getAttribute('data-place')).not.toBeNull();
      },
      { file },
    );
  });

  test('follows a link by name, also to a step, and is told of one that leads nowhere', async () => {
    const { id, trace } = report.findings[2];
    expect(id).toMatch(/^[a-z-]+-[0-9a-f]{10}$/);
    await report.visit(`#/finding/${id}/step/3`, async (page) => {
      expect(await page.locator('[aria-current="step"] th').textContent()).toBe(trace.steps[2].place);
      await page.getByRole('button', { name: 'Next' }).click();
      await page.waitForURL(new RegExp(`#/finding/${id}/step/4$`));
    });
    for (const [hash, said] of [
      ['#/finding/keeps-stack-0123456789', 'This run has no such finding'],
      ['#/finding/99', 'This run has no such finding'],
      ['#/target/99', 'No such page'],
      ['#/%E0%A4%A', 'No such page'],
    ])
      await report.visit(hash, async (page) => {
        expect(await page.locator('h1').textContent()).toBe(said);
        expect(await main(page)).toContain(hash);
      });
  });

  test('is told when, where, of what and by which command, where the result says so', async () => {
    const plain = changed(({ result }) => {
      for (const name of ['start', 'end', 'host', 'commit', 'command'] as const) delete result.run[name];
    });
    await report.visit('', async (page) => expect(await main(page)).not.toContain('Started'), { file: plain });
    const more = {
      start: '2026-12-01T05:00:00Z',
      host: 'builder',
      commit: 'abc123',
      command: 'tdxfuzz fuzz a.o',
      end: 7,
    };
    const file = changed(({ result }) => Object.assign(result.run, more));
    await report.visit(
      '',
      async (page) => {
        expect(await page.locator('.facts').first().textContent()).toBe(
          'Started2026-12-01T05:00:00ZHostbuilderCommitabc123Commandtdxfuzz fuzz a.o',
        );
      },
      { file },
    );
  });

  test('sees what is new, accepted and known', async () => {
    const file = changed(({ result }) => {
      const [, one, two] = result.result.targets;
      for (const finding of one.findings) finding.accepted = { reason: 'ours' };
      for (const finding of two.findings) finding.accepted = { reason: 'known: CVE-1', reference: 'abc' };
    });
    await report.visit(
      '',
      async (page) => {
        const standing = await page.locator('.standing').allTextContents();
        expect(standing.slice(0, 3)).toEqual(['accepted', 'known', 'new']);
      },
      { file },
    );
  });

  test('searches the whole report', () =>
    report.visit('', async (page) => {
      await page.getByLabel('Search the report').fill('r10 scrubs');
      await page.waitForURL(/#\/search\//);
      expect(await page.locator('.hits a').allTextContents()).toEqual(['scrubs-host-values: final.r10']);
      await page.getByLabel('Search the report').fill('no such words');
      expect(await main(page)).toContain('Nothing in this report has these words.');
      await page.getByLabel('Search the report').fill('<img src=x>');
      expect(await page.locator('main img').count()).toBe(0);
      await page.getByLabel('Search the report').fill('');
      expect(await page.locator('h1').textContent()).toContain('findings');
    }));

  test('sees on a narrow screen that a table goes on, and not where it does not', () =>
    report.visit(
      '',
      async (page) => {
        const matrix = page.locator('.scroll[aria-label="Properties by target"]');
        await page.waitForSelector('.scroll.more-right');
        expect(await matrix.getAttribute('class')).toBe('scroll more-right');
        await matrix.evaluate((element) => (element.scrollLeft = element.scrollWidth));
        await page.waitForSelector('.scroll.more-left:not(.more-right)');
      },
      { viewport: { width: 390, height: 844 } },
    ));

  test('the requirements say that they are about the tool', () =>
    report.visit('#/requirements', async (page) =>
      expect(await page.locator('.aside').textContent()).toContain('not about your code'),
    ));
});
