import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../package-info.js';
import { browserPath, ReportBrowser } from './report-page.test.helper.js';

/** Set to make the pictures under reports/screenshots again: a test does not change the tree by itself. */
const wanted = process.env['TDXFUZZ_SCREENSHOTS'] === '1' && browserPath !== undefined;

const report = new ReportBrowser(wanted);

describe.skipIf(!wanted)('pictures of the report', () => {
  const wide = { width: 1440, height: 900 };
  const narrow = { width: 390, height: 844 };
  const finding = (twin: Parameters<ReportBrowser['indexOf']>[0]): string => `#/finding/${report.indexOf(twin) + 1}`;
  const target = (): string => `#/target/${report.findings[report.indexOf('missing-scrub-r10-5.19')].target + 1}`;
  const pictures: [string, () => string, typeof wide, 'light' | 'dark'][] = [
    ['overview', () => '', wide, 'light'],
    ['overview-small', () => '', narrow, 'dark'],
    ['finding', () => finding('missing-scrub-r10-5.19'), wide, 'light'],
    ['finding-dark', () => finding('store-r10-without-flag-5.19'), wide, 'dark'],
    ['program', () => finding('helper-7.3-in-keeps-upper-half'), wide, 'light'],
    ['program-dark', () => finding('dispatcher-port-truncated'), { width: 1680, height: 1000 }, 'dark'],
    ['target', target, wide, 'light'],
    ['small', () => finding('missing-scrub-r10-5.19'), narrow, 'light'],
    ['small-dark', () => finding('helper-7.3-in-keeps-upper-half'), narrow, 'dark'],
    ['search', () => '#/search/tdcall', wide, 'light'],
  ];
  test.each(pictures)('%s', (name, hash, viewport, colorScheme) =>
    report.visit(
      hash(),
      async (page) => {
        const path = join(packageRoot(), 'reports', 'screenshots', `${name}.png`);
        const picture = await page.screenshot({ path, fullPage: true });
        expect(picture.length).toBeGreaterThan(10_000);
      },
      { viewport, colorScheme },
    ),
  );
});
