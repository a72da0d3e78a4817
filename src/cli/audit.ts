import { Command, Option } from 'commander';
import { auditImage, type ImageVerdict } from '../audit/audit.js';
import { type ConventionName, CONVENTIONS } from '../x86/conventions.js';
import { isJudged } from '../audit/finding.js';
import { UsageError } from '../errors.js';
import { isWanted } from '../campaign/targets/own-part.js';
import type { Image } from '../image/image.js';
import { openImages } from '../image/open-images.js';
import { isModelled } from '../stage/outside.js';
import { auditJson } from '../report/audit-json.js';
import { auditText } from '../report/audit-text.js';
import { IMAGES, seedText } from './options.js';

interface AuditFlags {
  convention?: ConventionName;
  seed: string;
  format: 'text' | 'json';
}

const DEFAULT_SEED = 'audit';

export function auditCommand(): Command {
  return new Command('audit')
    .description('without a contract: what holds for everybody, at every TDCALL and SEAMCALL of the files')
    .argument('<FILE...>', IMAGES)
    .addOption(
      new Option('--convention <C>', 'calling convention (default: as the format goes)').choices(
        Object.keys(CONVENTIONS),
      ),
    )
    .option('--seed <TEXT>', 'the same seed gives the same runs', seedText, DEFAULT_SEED)
    .addOption(new Option('--format <F>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExit status: 0 no finding (which is no full verdict: that needs a contract), 1 a finding, 2 nothing could be judged.',
    )
    .action((files: string[], flags: AuditFlags) => {
      process.exitCode = run(files, flags);
    });
}

function run(files: readonly string[], { format, ...options }: AuditFlags): number {
  const verdicts: ImageVerdict[] = [];
  let failed = false;
  const refuse = (error: unknown): void => {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`tdxfuzz: ${error.message}\n`);
    failed = true;
  };
  for (const image of opened(files, refuse)) {
    try {
      verdicts.push(auditImage(image, options));
    } catch (error) {
      refuse(error);
    }
  }
  process.stdout.write(format === 'json' ? auditJson(verdicts, options.seed) : auditText(verdicts));
  return statusOf(verdicts, failed);
}

/** Files that refer to each other are one image. One that cannot be read does not take the others with it. */
function opened(files: readonly string[], refuse: (error: unknown) => void): Image[] {
  try {
    return open(files);
  } catch (error) {
    if (files.length === 1) {
      refuse(error);
      return [];
    }
  }
  return files.flatMap((file) => {
    try {
      return open([file]);
    } catch (error) {
      refuse(error);
      return [];
    }
  });
}

function open(files: readonly string[]): Image[] {
  const { files: found, notes } = openImages(files, { isWanted: (input) => isWanted(input, new Set()), isModelled });
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  return [...new Set(found.map(({ image }) => image))];
}

/** The highest wins where a file was refused; a finding is one all the same. */
function statusOf(verdicts: readonly ImageVerdict[], failed: boolean): number {
  if (failed) return 2;
  const functions = verdicts.flatMap((verdict) => verdict.functions);
  if (functions.some(({ findings }) => findings.length > 0)) return 1;
  return functions.some(isJudged) ? 0 : 2;
}
