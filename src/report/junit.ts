/**
 * JUnit XML, as CI servers read it: one suite per target, one test case per property. A test case passes only if the
 * property was judged and held, or if the code cannot even touch what it is about.
 *
 * - violated: a failure, which tells of every finding that is not accepted; accepted ones are told in system-out;
 * - not applicable, not evaluated: skipped, with the reason, as the exit status has it;
 * - a target without a verdict: one more test case, `verdict`, in error;
 * - a run that was interrupted, a merge without all shards: a suite of its own, first, with one test case in error.
 */
import {
  type FindingResult,
  gapOf,
  type PropertyResult,
  noVerdict,
  type RunResult,
  type TargetResult,
} from '../campaign/records/result.js';
import { describeAssumptions } from '../contract/contract.js';
import { shorten } from '../text/escape.js';
import { findingPlainText, findingTitle } from './finding-lines.js';
import type { ReportContext } from './formats.js';
import { element } from './xml.js';

interface TestCase {
  name: string;
  outcome: 'passed' | 'failed' | 'in error' | 'skipped';
  cases?: number;
  /** In the order of the format: skipped, error, failure, system-out. */
  children: string[];
}

export function junitXml(whole: RunResult, { replay }: ReportContext): string {
  const { result, run } = whole;
  const gap = gapOf(whole);
  const ofRun = gap === undefined ? [] : [inError('complete', 'not-complete', gap)];
  const suites = result.targets.map((target) => ({ target, tests: testCases(target, replay) }));
  const all = [...ofRun, ...suites.flatMap(({ tests }) => tests)];
  const report = element(
    'testsuites',
    {
      name: `tdxfuzz ${shorten(result.tool)}`,
      time: (run.milliseconds / 1000).toFixed(3),
      tests: all.length,
      failures: count(all, 'failed'),
      errors: count(all, 'in error'),
    },
    [
      ...(gap === undefined ? [] : [suite('run', [], ofRun)]),
      ...suites.map(({ target, tests }) => suite(target.target, facts(target), tests)),
    ],
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${report}\n`;
}

function suite(title: string, about: string[], tests: readonly TestCase[]): string {
  const name = shorten(title);
  return element(
    'testsuite',
    {
      name,
      tests: tests.length,
      failures: count(tests, 'failed'),
      errors: count(tests, 'in error'),
      skipped: count(tests, 'skipped'),
    },
    [
      ...(about.length === 0 ? [] : [element('properties', {}, about)]),
      ...tests.map(({ name: property, cases, children }) =>
        element('testcase', { name: property, classname: name, assertions: cases }, children),
      ),
    ],
  );
}

function count(tests: readonly TestCase[], outcome: TestCase['outcome']): number {
  return tests.filter((test) => test.outcome === outcome).length;
}

function facts(target: TargetResult): string[] {
  const { symbol, contract, image, imageHash, fingerprint, seed, cases, executions, replayed } = target;
  const assumes = describeAssumptions(target.assumes);
  const all = { symbol, contract, image, imageHash, fingerprint, seed, cases, executions, replayed };
  return Object.entries({ ...all, ...(assumes !== undefined && { assumes }) }).map(([name, value]) =>
    element('property', { name, value: shorten(String(value), 300) }),
  );
}

type Replay = ReportContext['replay'];

function testCases(target: TargetResult, replay: Replay): TestCase[] {
  const { properties, findings } = target;
  const named = new Set(properties.map(({ property }) => property));
  // What was found is told in any case.
  const more = [...new Set(findings.map(({ property }) => property))].filter((property) => !named.has(property));
  const tests = properties.map((property) =>
    testCase(
      property,
      findings.filter((finding) => finding.property === property.property),
      replay,
    ),
  );
  for (const property of more)
    tests.push(
      testCase(
        { property, status: 'violated', cases: 0 },
        findings.filter((finding) => finding.property === property),
        replay,
      ),
    );
  const why = noVerdict(target);
  if (why !== undefined) tests.unshift(inError('verdict', 'no-verdict', why));
  return tests;
}

function inError(name: string, type: string, why: string): TestCase {
  const message = shorten(why, 600);
  return {
    name,
    outcome: 'in error',
    children: [element('error', { type, message }, `${type.replace('-', ' ')}: ${message}`)],
  };
}

function testCase(property: PropertyResult, findings: readonly FindingResult[], replay: Replay): TestCase {
  const { status, cases } = property;
  const test = { name: shorten(property.property), cases };
  const found = findings.filter(({ accepted }) => accepted === undefined);
  const output = findings
    .filter(({ accepted }) => accepted !== undefined)
    .map((finding) => element('system-out', {}, `accepted:\n${findingPlainText(finding, replay(finding))}`));
  if (found.length > 0 || (status === 'violated' && findings.length === 0))
    return { ...test, outcome: 'failed', children: [failure(property, found, replay), ...output] };
  switch (status) {
    case 'not applicable':
    case 'not evaluated':
      return { ...test, outcome: 'skipped', children: [element('skipped', {}, whyNot(property)), ...output] };
    case 'holds by decode':
      return {
        ...test,
        outcome: 'passed',
        children: [
          element('system-out', {}, 'holds by decode: the code cannot touch what the rule is about'),
          ...output,
        ],
      };
    case 'holds':
    case 'violated':
      return { ...test, outcome: 'passed', children: output };
  }
}

function whyNot({ status, reason }: PropertyResult): string {
  const why = reason ?? (status === 'not evaluated' ? 'no case put a clause of it in force' : undefined);
  return why === undefined ? status : `${status}: ${shorten(why, 600)}`;
}

function failure({ property }: PropertyResult, found: readonly FindingResult[], replay: Replay): string {
  const [first] = found;
  const more = found.length > 1 ? `, and ${found.length - 1} more` : '';
  const message = first === undefined ? `${shorten(property)}: violated` : `${findingTitle(first)}${more}`;
  const text = found.map((finding) => `${findingTitle(finding)}\n${findingPlainText(finding, replay(finding))}`);
  return element('failure', { type: 'violation', message }, text.join('\n\n'));
}
