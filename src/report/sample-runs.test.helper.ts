/** Real runs that every format is tried on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtInStubs } from '../campaign/targets/built-in-targets.js';
import { fuzz } from '../campaign/fuzz.js';
import type { FindingResult, RunResult } from '../campaign/records/result.js';
import type { AnyTarget } from '../run/target.js';
import { findAnyContract } from '../contract/find-contract.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { BLOCK_CONTRACT, call, external, madeImage, SOUND, store } from '../harness/made-function.test.helper.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import { twinTarget } from '../finding/twins.test.helper.js';
import type { ReportContext } from './formats.js';

/** What would break out of XML, HTML, Markdown, a table, a SARIF message, a terminal, or one line. */
export const EVIL =
  'f<script>alert(1)</script><img src=x onerror=alert(2)>"\'|`x`**b**[click](https://evil.example)]]>' +
  '</code></pre></td></table></details><!-- --><a href="javascript:1">&amp;&#60;{0}@user www.evil.example #1\r\n\n' +
  '# fake: nothing found\n| a | b |\n\x1b[31m\x1b]0;t\x07\x00\u202e\ufffe\ud800\\';

const made = (name: string, pieces: Parameters<typeof madeImage>[0], options = {}): AnyTarget => {
  const image = { ...madeImage(pieces, { symbol: name, ...options }), name: `${name}.o` };
  return { name, symbol: name, set: 'made', contract: BLOCK_CONTRACT, image };
};

function programTwin(id: string): AnyTarget {
  const twin = readManifest(packageRoot()).find((candidate) => candidate.id === id);
  const { set, program } = findAnyContract(twin?.contract ?? '', CONTRACT_SETS);
  if (twin === undefined || program === undefined) throw new Error(`no twin ${id} of a program`);
  const image = parseImage(readFileSync(join(packageRoot(), twin.object)), twin.object);
  return { name: id, symbol: twin.symbol, set: set.name, program: { ...program, symbol: twin.symbol }, image };
}

const run = (...targets: AnyTarget[]): Promise<RunResult> =>
  fuzz({ targets, seed: 'reports', budget: { runs: 200 }, workers: 1 });

export interface SampleRuns {
  clean: RunResult;
  broken: RunResult;
  /** A finding of a program. */
  program: RunResult;
  /** A target without a verdict beside a broken one. */
  unjudged: RunResult;
  /** Findings of a function and an image with names that break out. */
  hostile: RunResult;
}

export async function sampleRuns(): Promise<SampleRuns> {
  const broken = twinTarget('missing-scrub-rsi-6.4');
  const unknown = made('unmodelled', [call(external(0)), ...SOUND], { externals: ['nobody_knows_this'] });
  // What R10 leaks is RBX.
  const leak = made(EVIL, [store('rsp', 8, 'rbx'), ...SOUND]);
  return {
    clean: await run(...builtInStubs().slice(0, 2)),
    broken: await run(broken),
    program: await run(programTwin('seamcall-wrapper-6.8-retry-once-more')),
    unjudged: await run(unknown, broken),
    hostile: await run(leak),
  };
}

export const CONTEXT: ReportContext = {
  replay: ({ property }) => `tdxfuzz replay out/findings/${property}/case.json`,
  folder: packageRoot(),
};

/** A copy of a run in which every finding is changed. */
export function withFindings(result: RunResult, change: (finding: FindingResult) => FindingResult): RunResult {
  const targets = result.result.targets.map((target) => ({ ...target, findings: target.findings.map(change) }));
  return { ...result, result: { ...result.result, targets } };
}

export const ACCEPTED = { reason: 'RSI is <known> to leak', reference: 'issue 7' };
