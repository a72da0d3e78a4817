/** The HTML report as a user makes it, with its page of requirements: that one runs every built-in target. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../package-info.js';
import { removeFolder, tdxfuzz, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const TWIN = [
  join(packageRoot(), 'corpus/bugs/guest-6.4.o'),
  '--target',
  'missing_scrub_rsi=linux-6.4/__tdx_hypercall_ret',
  '--no-config',
];

describe('a result', () => {
  it('as one HTML file that asks the network for nothing', async () => {
    const fuzzed = await tdxfuzz(['fuzz', ...TWIN, '--runs', '500', '--seed', 'r', '--out', join(folder, 'run')]);
    expect(fuzzed.status).toBe(1);
    const made = await tdxfuzz(
      ['report', join(folder, 'run'), '--format', 'html', '--out', join(folder, 'report.html')],
      { limit: 300_000 },
    );
    expect(made.status).toBe(0);
    const html = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(html).toContain("default-src 'none'");
    expect(html).toContain('missing_scrub_rsi');
    // The page of requirements has rows, and some that nobody checks.
    expect(html).toContain('tdvmcall.hidden-registers-discarded');
    expect(html).not.toMatch(/(?:src|href)="?https?:/);
    const short = await tdxfuzz(['report', join(folder, 'run'), '--format', 'html', '--no-requirements']);
    expect(short.stdout).not.toContain('tdvmcall.hidden-registers-discarded');
  });
});
