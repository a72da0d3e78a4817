import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { browserPath, registers, ReportBrowser, tabTo } from './report-page.test.helper.js';
import { written } from './sample.test.helper.js';

const report = new ReportBrowser();

const textsOf = (page: Page, selector: string): Promise<string[]> =>
  page.locator(selector).evaluateAll((cells) => cells.map((cell) => (cell.textContent ?? '').trim()));

describe.skipIf(browserPath === undefined)('the page of a finding', () => {
  test('the keyboard alone leads from the overview over a finding to the blamed step', () =>
    report.visit('', async (page) => {
      const index = report.indexOf('missing-scrub-r10-5.19');
      await tabTo(page, `a[href="#/finding/${report.findings[index].id}"]`);
      await page.keyboard.press('Enter');
      await page.waitForSelector('.trace');
      expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
      await tabTo(page, '.controls button');
      await page.keyboard.press('Home');
      const current = page.locator('[aria-current="step"]');
      expect(await current.locator('th').textContent()).toBe(report.findings[index].trace.steps[0].place);
      await page.keyboard.press('b');
      expect(await current.locator('th').textContent()).toBe(report.findings[index].place);
      expect(await page.locator('#said').textContent()).toContain(`blamed: ${report.findings[index].place}: tdcall`);
      // And out of it again.
      await page.keyboard.press('End');
      await tabTo(page, '.skip', 40);
    }));

  test('every step shows the registers exactly as the trace has them', async () => {
    const index = report.indexOf('missing-scrub-r10-5.19');
    const { target, property, slot, place: blamedPlace } = report.findings[index];
    const recorded = report.input.result.result.targets[target].findings.find(
      (finding) => finding.property === property && finding.slot === slot && finding.place === blamedPlace,
    );
    if (recorded === undefined) throw new Error('not in the result');
    const { steps, initial } = recorded.document;
    await report.visit(`#/finding/${index + 1}/step/1`, async (page) => {
      await page.locator('.controls button').first().focus();
      const state = new Map(initial);
      for (const { changed, place, stores = [] } of steps) {
        const shown = await registers(page);
        for (const [name, value] of state) expect(shown.get(name)?.before, `${name} before ${place}`).toBe(value);
        for (const [name, value] of changed) state.set(name, value);
        for (const [name, value] of state) expect(shown.get(name)?.after, `${name} behind ${place}`).toBe(value);
        const marked = [...shown].filter(([, { mark }]) => mark.includes('changed')).map(([name]) => name);
        expect(new Set(marked)).toEqual(new Set(changed.map(([name]) => name)));
        const written = await textsOf(page, '.accesses li code');
        for (const { address: to, value } of stores) expect(written).toContain(`[${to}] ← ${value}`);
        await page.keyboard.press('ArrowRight');
      }
      // Behind the last one nothing moves; back again it is as before.
      await page.keyboard.press('j');
      await page.keyboard.press('k');
      expect(await page.locator('[aria-current="step"] th').textContent()).toBe(steps[steps.length - 2].place);
    });
  });

  test('buttons, slider and a click on a line lead to the step', async () => {
    const index = report.indexOf('missing-scrub-r10-5.19');
    const { steps } = report.findings[index].trace;
    await report.visit(`#/finding/${index + 1}`, async (page) => {
      const current = async (): Promise<number> => {
        const rows = await page
          .locator('.steps tbody tr')
          .evaluateAll((all) => all.flatMap((row, at) => (row.getAttribute('aria-current') === 'step' ? [at] : [])));
        expect(rows).toHaveLength(1);
        return rows[0];
      };
      expect(await current()).toBe(report.findings[index].trace.blamed);
      for (const [name, step] of [
        ['First', 0],
        ['Next', 1],
        ['Next', 2],
        ['Back', 1],
        ['Last', steps.length - 1],
      ] as const) {
        await page.getByRole('button', { name, exact: true }).click();
        expect(await current(), name).toBe(step);
      }
      await page.getByRole('slider').fill('4');
      expect(await current()).toBe(3);
      await page.getByRole('slider').press('ArrowLeft');
      expect(await current()).toBe(2);
      await page.locator('.steps tbody tr').nth(7).click();
      expect(await current()).toBe(7);
      await page.waitForURL(/\/step\/8$/);
      await page.reload();
      await page.waitForSelector('.trace');
      expect(await current()).toBe(7);
    });
  });

  test('what the host controls is marked: six registers behind the TDCALL, RAX and the forgotten R10 at the return', async () => {
    const index = report.indexOf('missing-scrub-r10-5.19');
    await report.visit(`#/finding/${index + 1}`, async (page) => {
      const marked = async (): Promise<string[]> =>
        [...(await registers(page))].filter(([, { held }]) => held).map(([name]) => name);
      expect(await marked()).toEqual(['r10', 'r11', 'r12', 'r13', 'r14', 'r15']);
      expect((await registers(page)).get('r10')?.mark).toContain('wrong');
      await page.getByRole('button', { name: 'Back' }).click();
      expect(await marked()).toEqual([]);
      await page.getByRole('button', { name: 'Last' }).click();
      expect(await marked()).toEqual(['rax', 'r10']);
      expect(await page.locator('.legend').textContent()).toContain('companion H');
    });
  });

  test("a program's finding shows its story, and an exchange leads to its instruction", async () => {
    const index = report.indexOf('helper-7.3-in-keeps-upper-half');
    const finding = report.findings[index];
    await report.visit(`#/finding/${index + 1}`, async (page) => {
      const story = page.locator('.story');
      expect(await story.locator('button').allTextContents()).toEqual(['TDVMCALL', 'return']);
      expect(await story.locator('.wrong').allTextContents()).toEqual(
        expect.arrayContaining([expect.stringContaining('must be')]),
      );
      await story.getByRole('button', { name: 'TDVMCALL' }).click();
      expect(await page.locator('[aria-current="step"] td code').textContent()).toBe('tdcall');
      expect(await story.locator('[aria-current]').textContent()).toContain('TDVMCALL');
      expect(await page.locator('main').textContent()).toContain(finding.expected);
      expect(await page.locator('main').textContent()).toContain(finding.actual);
    });
  });

  test('which inputs matter is a table', async () => {
    const copy = structuredClone(report.input);
    const index = report.indexOf('store-r10-without-flag-5.19');
    const finding = copy.result.result.targets[report.findings[index].target].findings[0];
    const [[name, value]] = Object.entries(finding.scenario);
    finding.inputs = [{ name, value: value, verdict: 'must differ', tried: 12, failed: 11, note: 'bit 0 decides' }];
    await report.visit(
      `#/finding/${index + 1}`,
      async (page) => {
        const row = page.getByRole('row', { name: new RegExp(`^${name.replace('.', '\\.')}`) });
        expect(await row.textContent()).toContain(
          'must differ from neutral11 of 12 other values fail alike; bit 0 decides',
        );
      },
      { file: written(copy) },
    );
  });

  // The real clipboard belongs to whichever window has the focus.
  test.each([
    ['copied', 'async (text) => { window.copied = text; }', 'window.copied'],
    ['selected where a browser refuses', 'async () => { throw new Error("refused"); }', 'String(getSelection())'],
  ])('the command to replay is %s', (_, write, read) =>
    report.visit('#/finding/1', async (page) => {
      await page.evaluate(`navigator.clipboard.writeText = ${write}`);
      await page.getByRole('button', { name: 'Copy' }).click();
      await page.waitForFunction("document.getElementById('said').textContent.includes('copied')");
      expect(await page.evaluate(read)).toBe(report.findings[0].replay);
    }),
  );
});
