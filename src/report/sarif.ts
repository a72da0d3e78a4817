/**
 * SARIF 2.1.0 (OASIS standard, sarif-v2.1.0-os), as code scanning reads it: one rule per property, one result per finding.
 * Sections named below are those of the standard.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Address, Artifact, Invocation, Log, Notification, ReportingDescriptor, Result } from 'sarif';
import {
  type CauseResult,
  causesOfTarget,
  exitStatus,
  type FindingResult,
  gapOf,
  neverInForce,
  noVerdict,
  type RunResult,
  type TargetResult,
} from '../campaign/records/result.js';
import { describeAssumptions } from '../contract/contract.js';
import { escapeName, shorten } from '../text/escape.js';
import { signatureKey } from '../finding/signature.js';
import { shownPath } from '../text/path-in-folder.js';
import { findingName } from '../stored/write-case.js';
import { artifactUri } from './artifact-uri.js';
import { DISASSEMBLY_FILE, disassemblyText } from './disassembly.js';
import { acceptance, alsoLines } from './finding-lines.js';
import type { ReportContext } from './formats.js';
import { sorted } from './json.js';
import { ruleOf } from './rules.js';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json';
/** Characters of a text that are shown. */
const LENGTH = 600;

export function sarifLog(run: RunResult, context: ReportContext): string {
  const { result } = run;
  const rules = [...new Set(result.targets.flatMap(propertiesOf))].sort();
  const artifacts = new Artifacts(result.targets, context.folder);
  const addresses = new FunctionAddresses();
  const results: Result[] = result.targets.flatMap((target) =>
    causesOfTarget(target).map((cause): Result => {
      const { finding } = cause;
      return {
        ruleId: finding.property,
        ruleIndex: rules.indexOf(finding.property),
        kind: 'fail',
        level: 'error',
        message: {
          text: message(
            [
              `${finding.slot} at ${finding.place}. Expected ${finding.expected}; found ${finding.actual}.`,
              ...alsoLines(cause).map(([name, text]) => `${name} ${text}.`.trim()),
            ].join(' '),
          ),
        },
        ...locations(target, finding, artifacts, addresses, context.findings),
        occurrenceCount: Math.max(1, finding.hits),
        partialFingerprints: { 'tdxfuzz/signature/v1': fingerprint(target, finding) },
        ...suppressions(cause),
        properties: {
          target: target.target,
          contract: target.contract,
          clause: finding.clause,
          scenario: finding.scenario,
          inputs: finding.inputs,
          replay: context.replay(finding),
          ...(target.hint !== undefined && { hint: target.hint.text }),
        },
      };
    }),
  );
  const log: Log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'tdxfuzz', version: result.tool, rules: rules.map(describeRule) } },
        invocations: [invocation(run)],
        artifacts: artifacts.list,
        addresses: addresses.list,
        columnKind: 'utf16CodeUnits',
        results,
        properties: { seed: result.seed, runs: result.runs },
      },
    ],
  };
  // Texts were escaped line by line; what else there is has one line.
  const escaped = (key: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    return key === 'text' ? escapedLines(value) : escapeName(value);
  };
  return `${JSON.stringify(sorted(log), escaped, 2)}\n`;
}

function escapedLines(text: string): string {
  return text.split('\n').map(escapeName).join('\n');
}

function propertiesOf({ properties, findings }: TargetResult): string[] {
  return [...properties, ...findings].map(({ property }) => property);
}

function describeRule(id: string): ReportingDescriptor {
  const rule = ruleOf(id);
  return {
    id,
    defaultConfiguration: { level: 'error' },
    ...(rule !== undefined && {
      shortDescription: { text: message(rule.rule) },
      fullDescription: { text: message(`${rule.rule} ${rule.example}`) },
      help: { text: message(`${rule.fix} Source: ${rule.source}.`) },
      properties: { source: rule.source },
    }),
  };
}

/**
 * Text of a message. Braces are doubled, for they would be placeholders (3.11.5); a link in somebody else's text is taken
 * apart (3.11.6).
 */
function message(text: string): string {
  return shorten(text, LENGTH).replace(/[{}]/g, '$&$&').replaceAll('](', '] (');
}

/** Of the root cause in this target, whatever build found it. */
function fingerprint({ target }: TargetResult, finding: FindingResult): string {
  return createHash('sha256')
    .update(`${target}\t${signatureKey(finding)}`)
    .digest('hex');
}

function suppressions({ finding: { accepted }, isAccepted }: CauseResult): Pick<Result, 'suppressions'> {
  if (!isAccepted || accepted === undefined) return {};
  return {
    suppressions: [{ kind: 'external', status: 'accepted', justification: shorten(acceptance(accepted), LENGTH) }],
  };
}

function invocation(run: RunResult): Invocation {
  const exitCode = exitStatus(run);
  const gap = gapOf(run);
  return {
    exitCode,
    // Findings are what a run is for; an error, an interrupt or a shard that is missing is not.
    executionSuccessful: exitCode <= 1 && gap === undefined,
    toolExecutionNotifications: [
      ...(gap === undefined ? [] : [{ level: 'error' as const, message: { text: message(gap) } }]),
      ...run.result.targets.flatMap(notifications),
    ],
  };
}

/** What must be known of a target beside its findings. */
function notifications(target: TargetResult): Notification[] {
  const say = (level: Notification['level'], text: string): Notification => ({
    level,
    message: { text: message(`${target.target}: ${text}`) },
  });
  const why = noVerdict(target);
  const assumptions = describeAssumptions(target.assumes);
  return [
    ...(why === undefined ? [] : [say('error', `no verdict: ${why}`)]),
    ...neverInForce(target).map((property) => say('warning', `${property} was in force in no case`)),
    ...(assumptions === undefined ? [] : [say('note', `assumes ${assumptions}`)]),
  ];
}

/** The files that the run speaks of, each once. */
class Artifacts {
  readonly list: Artifact[] = [];
  private readonly indexes = new Map<string, number>();

  constructor(
    targets: readonly TargetResult[],
    private readonly folder: string,
  ) {
    for (const { image, imageHash } of targets)
      this.add(image, { roles: ['analysisTarget'], hashes: { 'sha-256': imageHash } });
  }

  location(path: string): { uri: string; index: number } {
    return this.add(shownPath(path, this.folder), {});
  }

  /** A text that the tool writes. A reader of the log alone has it in there, too. */
  text(path: string, text: string): { uri: string; index: number } {
    return this.add(path, { mimeType: 'text/plain', contents: { text }, roles: ['resultFile'] });
  }

  private add(path: string, facts: Artifact): { uri: string; index: number } {
    const uri = artifactUri(path, this.folder);
    let index = this.indexes.get(uri);
    if (index === undefined) {
      index = this.list.length;
      this.indexes.set(uri, index);
      this.list.push({ location: { uri, index }, ...facts });
    }
    return { uri, index };
  }
}

/**
 * The functions that instructions are offsets of. Their own addresses are left out: a number of JSON cannot hold those of
 * a kernel.
 */
class FunctionAddresses {
  readonly list: Address[] = [];
  private readonly indexes = new Map<string, number>();

  index(image: string, symbol: string): number {
    const key = `${image}/${symbol}`;
    let index = this.indexes.get(key);
    if (index === undefined) {
      index = this.list.length;
      this.indexes.set(key, index);
      this.list.push({ index, kind: 'function', name: symbol, fullyQualifiedName: key });
    }
    return index;
  }
}

const NO_TEXT = { text: '', line: undefined };

/** `symbol+0x1c`, as the triage writes it. */
const PLACE = /^(?<symbol>.+)\+0x(?<offset>[0-9a-f]{1,8})$/s;

function locations(
  { image }: TargetResult,
  { place, source, case: file }: FindingResult,
  artifacts: Artifacts,
  addresses: FunctionAddresses,
  folder: string | undefined,
): Pick<Result, 'locations' | 'relatedLocations'> {
  const fullyQualifiedName = `${image}/${place}`;
  const { symbol, offset } = PLACE.exec(place)?.groups ?? {};
  const instruction = {
    kind: 'instruction',
    fullyQualifiedName,
    ...(symbol !== undefined && {
      name: place,
      parentIndex: addresses.index(image, symbol),
      offsetFromParent: Number.parseInt(offset, 16),
    }),
  };
  const logicalLocations = [{ kind: 'function', name: symbol ?? place, fullyQualifiedName }];
  const inImage = { artifactLocation: artifacts.location(image), address: instruction };
  const related = [{ id: 0, physicalLocation: inImage, message: { text: 'the instruction in the image' } }];
  if (source === undefined) {
    // A code host shows regions of texts alone: the disassembly that stands in the folder of the finding is one.
    const { text, line } = folder === undefined ? NO_TEXT : disassemblyText(file, place);
    if (folder === undefined || line === undefined)
      return { locations: [{ physicalLocation: inImage, logicalLocations }] };
    const path = posix.join(folder, findingName(file), DISASSEMBLY_FILE);
    const physicalLocation = {
      artifactLocation: artifacts.text(path, text),
      region: { startLine: line, snippet: { text: text.split('\n')[line - 1] } },
    };
    return { locations: [{ physicalLocation, logicalLocations }], relatedLocations: related };
  }
  const inSource = { artifactLocation: artifacts.location(source.file), region: { startLine: source.line } };
  return {
    locations: [{ physicalLocation: inSource, logicalLocations }],
    relatedLocations: related,
  };
}
