/** From a result with its listings and traces to what the page shows. */
import type { FunctionListing, Listings } from '../../campaign/traces/listing.js';
import {
  type CauseResult,
  causesOfTarget,
  type FindingResult,
  gapOf,
  noVerdict,
  type RunResult,
  type TargetResult,
} from '../../campaign/records/result.js';
import { describeAssumptions } from '../../contract/contract.js';
import { findingName } from '../../stored/write-case.js';
import { shorten } from '../../text/escape.js';
import { shownPath } from '../../text/path-in-folder.js';
import { describerOf } from '../described-values.js';
import { ruleOf } from '../rules.js';
import type {
  PageCoverage,
  PageData,
  PageFinding,
  PageFunction,
  PageRequirement,
  PageTarget,
  PageValue,
} from './page-data.js';

/** What a report is made of. */
export interface HtmlInput {
  result: RunResult;
  listings: Listings;
  /** Rows of the requirements view; without them there is no such page. */
  requirements?: readonly PageRequirement[];
  /** The command line that repeats a finding; that of its folder, seen from the folder of the result, if not given. */
  replay?: (finding: FindingResult) => string;
}

/** Instructions of one function that are shown. */
export const MOST_LINES = 10_000;
/** Steps of all traces of one report: some 10 MB of it. */
export const MOST_STEPS_IN_ALL = 60_000;
/** Instructions of all functions together: some 20 MB of a report. */
export const MOST_LINES_IN_ALL = 200_000;

export function pageData(input: HtmlInput): PageData {
  const { result, run } = input.result;
  const code = new Code(input.listings, result.targets);
  const findings: PageFinding[] = [];
  let left = MOST_STEPS_IN_ALL;
  const targets = result.targets.map((target, index) => {
    const own = causesOfTarget(target).map((cause) => {
      const since = sinceOf(run, target.target, cause.finding);
      const told = findingOf(cause, index, since, left > 0, input.replay ?? defaultReplay);
      left -= told.trace.steps.length;
      return findings.push(told) - 1;
    });
    return targetOf(target, own, code);
  });
  const totals = {
    targets: targets.length,
    findings: findings.length,
    accepted: findings.filter(({ accepted }) => accepted !== '').length,
    unjudged: targets.filter(({ problem, properties }) => problem !== '' || !properties.some(isJudged)).length,
    cases: sum(targets, ({ cases }) => cases),
    executions: sum(targets, ({ executions }) => executions),
  };
  return {
    tool: result.tool,
    seed: result.seed,
    runs: result.runs,
    interrupted: run.interrupted,
    milliseconds: run.milliseconds,
    workers: run.workers,
    node: run.node,
    about: aboutRun(run),
    verdict: verdictOf(totals, gapOf(input.result)),
    totals,
    targets,
    findings,
    functions: code.functions,
    files: code.files,
    requirements: input.requirements === undefined ? null : [...input.requirements],
  };
}

/** Dates as they are written in the result, which a machine reads too. */
const ABOUT: readonly (readonly [key: string, name: string])[] = [
  ['start', 'Started'],
  ['end', 'Ended'],
  ['host', 'Host'],
  ['commit', 'Commit'],
  ['command', 'Command'],
];

/** What a result says of its run, where it does: one of an older version has less. */
function aboutRun(run: RunResult['run']): PageData['about'] {
  const said = new Map<string, unknown>(Object.entries(run));
  return ABOUT.flatMap(([key, name]): PageData['about'] => {
    const value = said.get(key);
    return typeof value === 'string' && value !== '' ? [[name, shorten(value, 400)]] : [];
  });
}

/** As src/expect/known-rules.ts writes the reason of a rule that comes with the tool. */
const KNOWN = 'known: ';

function standingOf(
  { accepted }: FindingResult,
  isAccepted: boolean,
  since: string,
): Pick<PageFinding, 'standing' | 'since'> {
  if (accepted === undefined || !isAccepted) return { standing: since === '' ? 'new' : 'still', since };
  return { standing: accepted.reason.startsWith(KNOWN) ? 'known' : 'accepted', since: '' };
}

/** The day of the first night that had a finding; empty for one that no earlier night had. */
function sinceOf({ night }: RunResult['run'], target: string, { property, slot, place }: FindingResult): string {
  const found = night?.still.find(
    (one) => one.target === target && one.property === property && one.slot === slot && one.place === place,
  );
  return found?.since.slice(0, found.since.indexOf('T')) ?? '';
}

function isJudged({ status }: PageTarget['properties'][number]): boolean {
  return status === 'holds' || status === 'violated';
}

/** @param gap what was not done */
function verdictOf(totals: PageData['totals'], gap: string | undefined): PageData['verdict'] {
  if (gap === undefined) return verdictOfAll(totals);
  const { kind, text } = verdictOfAll(totals);
  const first = gap.charAt(0).toUpperCase() + gap.slice(1);
  return {
    kind: kind === 'clean' ? 'undecided' : kind,
    text: `${first}, ${text.charAt(0).toLowerCase()}${text.slice(1)}`,
  };
}

function verdictOfAll({ findings, accepted, unjudged, targets }: PageData['totals']): PageData['verdict'] {
  const open = findings - accepted;
  const found = `${open} ${open === 1 ? 'finding' : 'findings'}`;
  if (unjudged > 0) return { kind: 'undecided', text: `${unjudged} of ${targets} targets without a verdict, ${found}` };
  if (open > 0) return { kind: 'found', text: found };
  return { kind: 'clean', text: findings === 0 ? 'Nothing found' : `Nothing new found, ${accepted} accepted` };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function targetOf(target: TargetResult, findings: number[], code: Code): PageTarget {
  return {
    name: target.target,
    contract: target.contract,
    assumes: describeAssumptions(target.assumes) ?? '',
    image: target.image,
    imageHash: target.imageHash,
    fingerprint: target.fingerprint,
    seed: target.seed,
    cases: target.cases,
    executions: target.executions,
    replayed: target.replayed,
    problem: noVerdict(target) ?? '',
    hint: target.hint?.text ?? '',
    properties: target.properties.map(({ property, status, cases, reason = '' }) => ({
      name: property,
      status,
      cases,
      reason,
    })),
    classes: Object.entries(target.classes).map(([name, cases]) => ({ name, cases })),
    coverage: target.coverage.map(({ symbol, address, instructions, directions, reached, taken }): PageCoverage => ({
      symbol,
      instructions,
      directions,
      reached,
      taken,
      listing: code.find(target.imageHash, address),
    })),
    findings,
  };
}

const defaultReplay = (finding: FindingResult): string =>
  `tdxfuzz replay findings/${findingName(finding.case)}/case.json`;

function findingOf(
  cause: CauseResult,
  target: number,
  since: string,
  hasRoom: boolean,
  replay: (finding: FindingResult) => string,
): PageFinding {
  const { finding, others, alsoBreaks, isAccepted } = cause;
  const { first, accepted, source, document } = finding;
  const rule = ruleOf(finding.property);
  return {
    id: findingName(finding.case),
    ...standingOf(finding, isAccepted, since),
    target,
    property: finding.property,
    rule: rule?.rule ?? '',
    ruleSource: rule?.source ?? '',
    clause: finding.clause,
    slot: finding.slot,
    place: finding.place,
    source: source === undefined ? '' : `${shownPath(source.file)}:${source.line}`,
    expected: finding.expected,
    actual: finding.actual,
    hits: finding.hits,
    first: 'replayed' in first ? `the stored case ${first.replayed}` : `block ${first.block}, case ${first.index}`,
    fix: rule?.fix ?? '',
    replay: replay(finding),
    accepted:
      accepted === undefined || !isAccepted
        ? ''
        : [accepted.reason, accepted.reference ?? ''].filter(Boolean).join(' · '),
    asWell: others.map(({ slot, place }) => `${slot} at ${place}`),
    alsoBreaks: alsoBreaks.map(({ property, slot, place }) => `${property}: ${slot} at ${place}`),
    values: valuesOf(finding),
    trace: hasRoom ? shownDocument(document) : { ...document, problem: TOO_MANY, steps: [], blamed: -1 },
  };
}

/** Files of source as people name them. */
function shownDocument(document: FindingResult['document']): PageFinding['trace'] {
  const steps = document.steps.map((step) =>
    step.source === undefined ? step : { ...step, source: { ...step.source, file: shownPath(step.source.file) } },
  );
  return { ...document, steps };
}

/** Findings behind the bound have their rule, and no steps. */
const TOO_MANY = `one report holds ${MOST_STEPS_IN_ALL} steps of traces; replay the case to see this one`;

/** The values of the shrunken case, with what experiments said of them; and values that were tried though neutral. */
function valuesOf({ scenario, inputs, words, case: { contract } }: FindingResult): PageValue[] {
  const describe = describerOf(contract, words);
  const tried = new Map(inputs.map((input) => [input.name, input]));
  // A neutral value that may be anything says nothing.
  const told = inputs.filter(({ verdict }) => verdict !== 'anything').map(({ name }) => name);
  const names = [...new Set([...Object.keys(scenario), ...told])];
  return names.map((name) => {
    const input = tried.get(name);
    const value = scenario[name] ?? input?.value ?? '';
    return {
      ...describe(name, value),
      neutral: !Object.hasOwn(scenario, name),
      verdict: input?.verdict ?? '',
      evidence: input === undefined ? '' : evidenceOf(input),
    };
  });
}

function evidenceOf({ tried, failed, note }: FindingResult['inputs'][number]): string {
  const told = tried === 0 ? '' : `${failed} of ${tried} other values fail alike`;
  return [told, note ?? ''].filter(Boolean).join('; ');
}

/** The functions that coverage speaks of, each once; those that cases reached come first where not all have room. */
class Code {
  readonly functions: PageFunction[] = [];
  readonly files: string[] = [];
  private readonly index = new Map<string, number>();

  constructor({ images }: Listings, targets: readonly TargetResult[]) {
    const listings = new Map<string, { listing: FunctionListing; firstFile: number }>();
    for (const { hash, files, functions } of images) {
      for (const listing of functions)
        listings.set(`${hash} ${listing.address}`, { listing, firstFile: this.files.length });
      this.files.push(...files.map((file) => shownPath(file)));
    }
    const wanted = targets.flatMap(({ imageHash, coverage }) =>
      coverage.map(({ address, reached }) => ({ key: `${imageHash} ${address}`, isReached: reached.length > 0 })),
    );
    let room = MOST_LINES_IN_ALL;
    for (const { key } of wanted.sort((a, b) => Number(b.isReached) - Number(a.isReached))) {
      const found = listings.get(key);
      if (found === undefined || this.index.has(key)) continue;
      const code = functionOf(found.listing, found.firstFile, Math.min(room, MOST_LINES));
      room -= code.lines.length;
      this.index.set(key, this.functions.push(code) - 1);
    }
  }

  find(hash: string, address: string): number {
    return this.index.get(`${hash} ${address}`) ?? -1;
  }
}

function functionOf({ symbol, address, instructions }: FunctionListing, firstFile: number, most: number): PageFunction {
  const shown = instructions.slice(0, most);
  return {
    symbol,
    address,
    leftOut: instructions.length - shown.length,
    lines: shown.map(({ offset, bytes, text, branch, source }) => ({
      o: offset,
      b: bytes,
      t: text,
      ...(branch !== undefined && { j: branch }),
      ...(source !== undefined && { s: [firstFile + source[0], source[1]] as [number, number] }),
    })),
  };
}
