/** The sample report opened in the system's Chromium. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import type { PageFinding } from './page-data.js';
import type { HtmlInput } from './render.js';
import { BROKEN, sampleInput, written } from './sample.test.helper.js';
import { pageData } from './view.js';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'];

/** Path of the browser, or undefined: then the tests in it are skipped. */
export const browserPath = [process.env['CHROMIUM'] ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));

export interface Visit extends BrowserContextOptions {
  /** Another report than the sample. */
  file?: string;
}

export class ReportBrowser {
  browser!: Browser;
  input!: HtmlInput;
  findings!: PageFinding[];
  private address = '';

  /**
   * Registers what must be done before and after the tests of a file.
   *
   * @param needed false where all of them are skipped
   */
  constructor(needed = browserPath !== undefined) {
    if (!needed || browserPath === undefined) return;
    beforeAll(async () => {
      const executablePath = browserPath;
      const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', ...QUIET];
      this.browser = await chromium.launch({ executablePath, headless: true, args });
      this.input = await sampleInput();
      this.address = written(this.input);
      ({ findings: this.findings } = pageData(this.input));
    });
    afterAll(() => this.browser?.close());
  }

  /** Opens a page of a report, looks, and checks that nothing but the file was asked for and nothing went wrong. */
  async visit(
    hash: string,
    look: (page: Page) => Promise<void>,
    { file = this.address, ...options }: Visit = {},
  ): Promise<void> {
    const page = await this.browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
    try {
      const noted = watch(page, file);
      await page.goto(file + hash);
      await page.waitForSelector('h1');
      await look(page);
      expect(noted).toEqual([]);
    } finally {
      await page.close();
    }
  }

  /** Index of the first finding on a twin. */
  indexOf(twin: (typeof BROKEN)[number]): number {
    // The sound stub comes first.
    const target = BROKEN.indexOf(twin) + 1;
    return this.findings.findIndex((finding) => finding.target === target);
  }
}

/** What a page does that a report must not do: requests but for the file itself, errors, messages on the console. */
export function watch(page: Page, file: string): string[] {
  const noted: string[] = [];
  page.on('request', (request) => {
    if (request.url().replace(/#.*$/, '') !== file) noted.push(`request ${request.url()}`);
  });
  page.on('console', (message) => void noted.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => void noted.push(`error: ${error.message}`));
  return noted;
}

export interface ShownRegister {
  before: string;
  after: string;
  /** Marked as host-controlled behind the step. */
  held: boolean;
  mark: string;
}

/** Registers as the panel of the trace viewer shows them. */
export async function registers(page: Page): Promise<Map<string, ShownRegister>> {
  const rows = await page.locator('table.registers tbody tr').evaluateAll((elements) =>
    elements.map((row) => {
      const [before, after, mark] = [...row.querySelectorAll('td')];
      return {
        name: row.querySelector('th')?.textContent ?? '',
        before: before.querySelector('code')?.textContent ?? '',
        after: after.querySelector('code')?.textContent ?? '',
        held: after.querySelector('.theirs')?.textContent?.includes('host-controlled') === true,
        mark: mark.textContent ?? '',
      };
    }),
  );
  return new Map(rows.map(({ name, ...row }) => [name, row]));
}

/** Presses Tab until the focus is on what is sought. */
export async function tabTo(page: Page, selector: string, most = 200): Promise<void> {
  for (let presses = 0; presses < most; presses++) {
    if (await page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reached ${selector}`);
}
