/** Nights as a user has them: killed at any moment, resumed, damaged, interrupted. */
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readRecords } from '../campaign/records/record-file.js';
import { type CampaignRecord, recordSchema } from '../campaign/records/records.js';
import type { RunResult } from '../campaign/records/result.js';
import { packageRoot } from '../package-info.js';
import { type Outcome, removeFolder, tdxfuzz, temporaryFolder } from './run-cli.test.helper.js';

/** 50 for the whole test: `npm run kill-nights`. */
const KILLS = Number(process.env['TDXFUZZ_KILLS'] ?? 2);

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
const at = (name: string): string => join(folder, name);

const TWINS = [
  join(packageRoot(), 'corpus/bugs/guest-6.4.o'),
  ...['missing_scrub_rsi', 'missing_pop', 'load_r14_half'].flatMap((symbol) => [
    '--target',
    `${symbol}=linux-6.4/__tdx_hypercall_ret`,
  ]),
];
const night = (state: string, time: string, ...more: string[]): string[] => [
  'nightly',
  '--state',
  at(state),
  '--time',
  time,
  '--workers',
  '1',
  '--verbose',
  ...more,
];
const recordsOf = (state: string): CampaignRecord[] =>
  readRecords(join(at(state), 'records.jsonl'), recordSchema).records;
const resultOf = (state: string): RunResult['result'] =>
  (JSON.parse(readFileSync(join(at(state), 'result.json'), 'utf8')) as RunResult).result;

/** What was announced: digests of corpus entries; property, slot and place of findings. */
interface Announced {
  entries: Set<string>;
  findings: Set<string>;
}

function noteAnnouncements(stderr: string, announced: Announced): void {
  // A line that was cut by the kill was not announced.
  for (const line of stderr.slice(0, stderr.lastIndexOf('\n') + 1).split('\n')) {
    const entry = /corpus \S+: ([0-9a-f]{64})$/.exec(line);
    if (entry !== null) announced.entries.add(entry[1]);
    const finding = /finding \S+: (\S+): (\S+) at (\S+) /.exec(line);
    if (finding !== null) announced.findings.add(`${finding[1]} ${finding[2]} ${finding[3]}`);
  }
}

/** Runs a night and kills it. @returns its stderr */
function killed(args: readonly string[], after: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const main = join(packageRoot(), 'dist/src/start/main.cjs');
    const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, NO_COLOR: '1' } });
    let stderr = '';
    let timer: NodeJS.Timeout | undefined;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // The moment counts from the first record of this night: before, there is nothing to lose.
    const path = join(args[args.indexOf('--state') + 1], 'records.jsonl');
    const size = (): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const before = size();
    const poll = setInterval(() => {
      if (timer === undefined && size() > before) timer = setTimeout(() => child.kill('SIGKILL'), after);
    }, 5);
    child.on('error', reject);
    child.on('close', () => {
      clearInterval(poll);
      clearTimeout(timer);
      resolve(stderr);
    });
  });
}

describe('a night that is killed', () => {
  it(
    `${KILLS} times at random moments loses nothing that it announced`,
    async () => {
      const announced: Announced = { entries: new Set(), findings: new Set() };
      for (let kill = 0; kill < KILLS; kill++) {
        // Early moments are in the middle of the first findings; later ones in long tasks.
        const after = Math.random() * (kill % 2 === 0 ? 5000 : 1000);
        noteAnnouncements(await killed([...night('killed', '60s', '--seed', 'kill'), ...TWINS], after), announced);
        const records = recordsOf('killed');
        const entries = new Set(records.flatMap((record) => (record.kind === 'entry' ? [record.digest] : [])));
        const findings = new Set(
          records.flatMap((record) =>
            record.kind === 'finding'
              ? [`${record.finding.property} ${record.finding.slot} ${record.finding.place}`]
              : [],
          ),
        );
        for (const digest of announced.entries) expect(entries).toContain(digest);
        for (const finding of announced.findings) expect(findings).toContain(finding);
      }
      const last = await tdxfuzz([...night('killed', '6s', '--seed', 'kill'), ...TWINS], { limit: 120_000 });
      noteAnnouncements(last.stderr, announced);
      expect(last.status).toBe(1);
      const { seed, targets } = resultOf('killed');
      expect(seed).toBe('kill');
      const reported = targets.flatMap(({ findings }) =>
        findings.map(({ property, slot, place }) => `${property} ${slot} ${place}`),
      );
      // Something was announced, or the test would say nothing.
      expect(announced.findings.size).toBeGreaterThan(2);
      expect(announced.entries.size).toBeGreaterThan(2);
      for (const finding of announced.findings) expect(reported).toContain(finding);
      const verified = await tdxfuzz(['verify', at('killed'), ...TWINS], { limit: 300_000 });
      expect(verified.stdout).toMatch(/^(\d+) of \1 pieces are the same again, 0 differ/);
      expect(verified.status).toBe(0);
    },
    300_000 + KILLS * 60_000,
  );
});

describe('a state', () => {
  it('that is damaged is told in one line and set aside, and the rest goes on', async () => {
    await tdxfuzz([...night('damaged', '2s', '--seed', 'd'), ...TWINS]);
    const path = join(at('damaged'), 'records.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    const hurt = lines.findIndex((line) => line.includes('"kind":"blocks"'));
    lines[hurt] = lines[hurt].replace('"cases":', '"cases":7');
    writeFileSync(path, lines.join('\n'));
    appendFileSync(path, '{"check":"half a li');
    const outcome = await tdxfuzz([...night('damaged', '2s'), ...TWINS]);
    expect(outcome.status).toBe(1);
    const told = outcome.stderr.split('\n').filter((line) => line.startsWith('tdxfuzz:'));
    expect(told).toEqual([
      `tdxfuzz: ${path}: line ${hurt + 1}: the checksum does not match, and 1 more; set aside in damaged.txt, the rest is used`,
    ]);
    expect(readFileSync(join(at('damaged'), 'damaged.txt'), 'utf8').split('\n')).toHaveLength(3);
    // What was set aside is not told again.
    expect((await tdxfuzz([...night('damaged', '1s'), ...TWINS])).stderr).not.toContain('checksum');
  });

  it('of another seed is refused', async () => {
    const outcome = await tdxfuzz([...night('damaged', '1s', '--seed', 'other'), ...TWINS]);
    expect(outcome).toMatchObject({ status: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/--state \S+: has the seed d; leave --seed away, or name another folder\n$/);
  });

  it('that is no folder is refused', async () => {
    writeFileSync(at('file'), '');
    const outcome = await tdxfuzz([...night('file', '1s'), ...TWINS]);
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toMatch(
      /^tdxfuzz: --state \S+: cannot write there \(\w+\); name a folder that you can write to\n$/,
    );
  });
});

describe('a night', () => {
  it('ends on Ctrl-C with a full report', async () => {
    const outcome: Outcome = await tdxfuzz([...night('interrupted', '60s', '--seed', 'i'), ...TWINS], {
      interruptAfter: 6000,
    });
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toContain('scrubs-host-values');
    expect(outcome.stdout).toMatch(/\d+ findings in [\d,]+ cases on 3 targets/);
    expect(resultOf('interrupted').targets).toHaveLength(3);
  });
});
