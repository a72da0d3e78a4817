/** Small results for tests of what is done with them. */
import { RESULT_SCHEMA, type FindingResult, type RunResult, type TargetResult } from '../campaign/records/result.js';
import { NO_DOCUMENT } from '../finding/document.js';
import { readCase } from '../stored/case-file.js';
import { packageRoot } from '../package-info.js';
import { join } from 'node:path';

const file = readCase(join(packageRoot(), 'corpus/cases/missing-scrub-rsi-6.4.json'));

export function madeFinding(change: Partial<FindingResult> = {}): FindingResult {
  return {
    property: 'scrubs-host-values',
    clause: 'c',
    slot: 'final.rsi',
    place: 'f+0x10',
    expected: '0',
    actual: '1',
    hits: 1,
    first: { block: 0, index: 0 },
    scenario: {},
    inputs: [],
    decision: '',
    step: 0,
    manner: 'other',
    removedBy: [],
    unclear: [],
    document: NO_DOCUMENT,
    case: file,
    ...change,
  };
}

export function madeTarget(
  target: string,
  findings: FindingResult[],
  change: Partial<TargetResult> = {},
): TargetResult {
  return {
    target,
    symbol: 'f',
    contract: 'set/f',
    image: 'f.o',
    imageHash: '0'.repeat(64),
    fingerprint: '0'.repeat(64),
    seed: 's',
    cases: 100,
    executions: 100,
    replayed: 0,
    properties: [
      { property: 'scrubs-host-values', status: findings.length > 0 ? 'violated' : 'holds', cases: 100 },
      { property: 'keeps-stack', status: 'holds', cases: 100 },
    ],
    classes: {},
    coverage: [],
    findings,
    causes: findings.map((_, index) => ({ members: [index], alsoBreaks: [] })),
    ...change,
  };
}

export function madeResult(targets: TargetResult[], run: Partial<RunResult['run']> = {}): RunResult {
  return {
    schema: RESULT_SCHEMA,
    result: { tool: '1.0.0', seed: 's', runs: 100, targets },
    run: { node: 'v20', workers: 1, milliseconds: 1, casesPerSecond: 1, interrupted: false, out: null, ...run },
  };
}
