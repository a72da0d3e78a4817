/** The formats in which a result is rendered: a format is one file, and one line here. */
import type { FindingResult, RunResult } from '../campaign/records/result.js';
import { annotations } from './github.js';
import { resultJson } from './json.js';
import { junitXml } from './junit.js';
import { stepSummary } from './markdown.js';
import { sarifLog } from './sarif.js';

/** What a format needs beside the result. */
export interface ReportContext {
  /** The command line that repeats a finding. */
  readonly replay: (finding: FindingResult) => string;
  /** Absolute path of the folder from which paths of images and sources are named: the root of the checkout. */
  readonly folder: string;
  /** The folder of the folders of findings, as `folder` names it; absent: nothing was written. */
  readonly findings?: string | undefined;
}

export type FormatName = 'json' | 'junit' | 'sarif' | 'markdown' | 'github';

/** Pure functions: the same result and context give the same text. */
export const FORMATS: Readonly<Record<FormatName, (result: RunResult, context: ReportContext) => string>> = {
  json: (result) => resultJson(result),
  junit: junitXml,
  sarif: sarifLog,
  markdown: stepSummary,
  github: annotations,
};
