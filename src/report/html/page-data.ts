/**
 * Everything that the page shows, as plain JSON: what the renderer writes into the file, and what the script in it
 * reads. Imports nothing, since the script is compiled for browsers.
 */

export interface PageData {
  tool: string;
  seed: string;
  /** Cases of the target that had most. */
  runs: number;
  /** `interrupted`, or empty. */
  interrupted: boolean;
  milliseconds: number;
  workers: number;
  node: string;
  /** When, where and of what: `started`, `host`, `commit`, `command`; those that are known. */
  about: [name: string, text: string][];
  verdict: { kind: 'found' | 'clean' | 'undecided'; text: string };
  totals: { targets: number; findings: number; accepted: number; unjudged: number; cases: number; executions: number };
  targets: PageTarget[];
  /** In the order of their targets. */
  findings: PageFinding[];
  /** Listings, shared by the targets of one image. */
  functions: PageFunction[];
  /** Source files that lines of listings are of. */
  files: string[];
  requirements: PageRequirement[] | null;
}

export type PropertyStatus = 'holds' | 'violated' | 'holds by decode' | 'not applicable' | 'not evaluated';

export interface PageTarget {
  name: string;
  contract: string;
  /** What the contract takes for granted, or empty. */
  assumes: string;
  image: string;
  imageHash: string;
  fingerprint: string;
  seed: string;
  cases: number;
  executions: number;
  replayed: number;
  problem: string;
  /** What speaks for another contract, or empty. */
  hint: string;
  properties: { name: string; status: PropertyStatus; cases: number; reason: string }[];
  classes: { name: string; cases: number }[];
  coverage: PageCoverage[];
  /** Indices in PageData.findings. */
  findings: number[];
}

export interface PageCoverage {
  symbol: string;
  instructions: number;
  directions: number;
  reached: number[];
  taken: [branch: number, to: number][];
  /** Index in PageData.functions, or -1 where there is no listing. */
  listing: number;
}

export interface PageFunction {
  symbol: string;
  address: string;
  /** Instructions left out at the end. */
  leftOut: number;
  lines: PageInstruction[];
}

export interface PageInstruction {
  /** Offset in bytes. */
  o: number;
  /** Bytes in hexadecimal. */
  b: string;
  /** Text. */
  t: string;
  /** Of a conditional branch: the offset where it goes if it is taken. */
  j?: number;
  /** Source: index in PageData.files, and line. */
  s?: [file: number, line: number];
}

export interface PageFinding {
  /** Name of its folder: the same in every run that finds it, so that a link to it stays good. */
  id: string;
  /** Index in PageData.targets. */
  target: number;
  property: string;
  rule: string;
  ruleSource: string;
  clause: string;
  slot: string;
  place: string;
  /** `FILE:LINE`, or empty. */
  source: string;
  expected: string;
  actual: string;
  hits: number;
  first: string;
  fix: string;
  replay: string;
  accepted: string;
  /** `known`: a defect of a released kernel that comes with the tool; `still`: an earlier night had it. */
  standing: 'new' | 'accepted' | 'known' | 'still';
  /** Of one that still stands: the day of the first night that had it. */
  since: string;
  /** The same mistake in other slots and places, and what else is gone as soon as it is. */
  asWell: string[];
  alsoBreaks: string[];
  /** Values of the shrunken case that differ from neutral. */
  values: PageValue[];
  trace: PageTrace;
}

export interface PageValue {
  name: string;
  /** With what it stands for. */
  value: string;
  /** It is what it would be anyway, and yet may not be anything. */
  neutral: boolean;
  /** Whether it matters; empty where that was not found out. */
  verdict: string;
  /** `12 of 12 other values fail alike`, with what else the experiment said. */
  evidence: string;
}

export type NamedValue = readonly [name: string, value: string];

/** The same with what the value is called. */
export type WordedValue = NamedValue | readonly [name: string, value: string, word: string];

export interface PageTrace {
  problem?: string | undefined;
  otherSide: 'host' | 'TD';
  method: 'compared' | 'followed';
  initial: NamedValue[];
  steps: PageStep[];
  blamed: number;
  register?: string | undefined;
  leftOut: { before: number; behind: number };
  end: string;
  story?:
    | {
        leftOut: number;
        steps: {
          text: string;
          impossible: boolean;
          exchanges: {
            moment?: string | undefined;
            instead?: string | undefined;
            values: PageExchangeValue[];
            answered: WordedValue[];
            step?: number | undefined;
          }[];
        }[];
      }
    | undefined;
}

export interface PageExchangeValue {
  name: string;
  value: string;
  word?: string | undefined;
  expected?: string | undefined;
}

export interface MemoryAccess {
  address: string;
  where?: string | undefined;
  value: string;
  word?: string | undefined;
  bytes: number;
}

export interface PageStep {
  place: string;
  text: string;
  /** Where it is another line than that of the step before. */
  source?: { file: string; line: number } | undefined;
  between?: NamedValue[] | undefined;
  changed: WordedValue[];
  loads?: MemoryAccess[] | undefined;
  stores?: MemoryAccess[] | undefined;
  world?: string | undefined;
  theirs: number;
  theirMemory?: string[] | undefined;
  theirMemoryLeft?: string[] | undefined;
}

/** One clause of the ABI: what it says, where it stands, and what proves that it is checked. */
export interface PageRequirement {
  id: string;
  statement: string;
  source: string;
  standing: string;
  checkedBy: string[];
  targets: string[];
  cases: number;
  evidence: string[];
}
