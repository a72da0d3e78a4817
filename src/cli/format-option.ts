/** How a result is printed: the option, which may be given several times, and the printing. */
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Listings } from '../campaign/traces/listing.js';
import { gapOf, noVerdict, type RunResult } from '../campaign/records/result.js';
import { replaceFile } from '../files.js';
import { FORMATS, type FormatName } from '../report/formats.js';
import { renderHtml } from '../report/html/render.js';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';
import { replayCommandLine } from './findings.js';
import { printResult } from './print-result.js';
import { FINDINGS } from './settle-findings.js';

/** What standard output takes. */
export type Format = 'table' | FormatName;
/** What a file takes. */
type FileFormat = FormatName | 'html';

const NAMES = Object.keys(FORMATS) as FormatName[];
const ON_SCREEN: readonly string[] = ['table', ...NAMES];
const IN_FILE: readonly string[] = ['html', ...NAMES];

/** What `--format` asked for, all together. */
export interface Outputs {
  /** On standard output. */
  screen: Format;
  files: readonly { format: FileFormat; path: string }[];
}

interface Asked extends Outputs {
  isChosen: boolean;
}

export function withFormat(command: Command): Command {
  const nothing: Asked = { screen: 'table', files: [], isChosen: false };
  return command.addOption(
    new Option(
      '--format <F>',
      `how to print the result: ${ON_SCREEN.join(', ')}; F=FILE writes it to a file, html too (repeatable)`,
    )
      .default(nothing, 'table')
      .argParser(added),
  );
}

function added(text: string, before: Asked): Asked {
  const equals = text.indexOf('=');
  if (equals < 0) {
    if (text === 'html') throw new InvalidArgumentError('HTML goes to a file: html=FILE.');
    if (!ON_SCREEN.includes(text)) throw unknown(text, ON_SCREEN);
    if (before.isChosen) throw new InvalidArgumentError('standard output has a format already; write F=FILE.');
    return { ...before, screen: text as Format, isChosen: true };
  }
  const [format, path] = [text.slice(0, equals), text.slice(equals + 1)];
  if (!IN_FILE.includes(format)) throw unknown(format, IN_FILE);
  checkFile(path);
  if (before.files.some((file) => resolve(file.path) === resolve(path)))
    throw new InvalidArgumentError(`${shorten(path)}: two formats for one file.`);
  return { ...before, files: [...before.files, { format: format as FileFormat, path }] };
}

function unknown(text: string, names: readonly string[]): InvalidArgumentError {
  return new InvalidArgumentError(`Allowed are ${names.join(', ')}; ${nearest(shorten(text), names)}.`);
}

/** Before anything is run: a night that ends with nowhere to write its report is a lost one. */
function checkFile(path: string): void {
  if (path === '') throw new InvalidArgumentError('a file behind the = is missing.');
  const folder = statSync(dirname(resolve(path)), { throwIfNoEntry: false });
  if (folder?.isDirectory() !== true) throw new InvalidArgumentError(`${shorten(dirname(path))}: no such folder.`);
  // A device or a pipe would be replaced by a file.
  if (statSync(resolve(path), { throwIfNoEntry: false })?.isFile() === false)
    throw new InvalidArgumentError(`${shorten(path)}: not a regular file.`);
}

/** @param out the folder that holds the result, for the command lines that it names */
export function printAs(
  { screen, files }: Outputs,
  result: RunResult,
  out: string | undefined,
  more: PrintOptions,
): void {
  if (screen !== 'table') process.stdout.write(render(screen, result, out));
  else printResult(result, out, more);
  tellGaps(screen, result);
  writeFiles({ files }, result, out, more.listings);
}

/**
 * Writes the formats that have a file.
 *
 * @param listings of the code, for HTML
 * @throws UsageError for a file that cannot be written
 */
export function writeFiles(
  { files }: Pick<Outputs, 'files'>,
  result: RunResult,
  out: string | undefined,
  listings: () => Listings,
): void {
  for (const { format, path } of files) {
    replaceFile(path, format === 'html' ? html(result, out, listings) : render(format, result, out));
    process.stderr.write(`${shorten(path)} written\n`);
  }
}

function html(result: RunResult, out: string | undefined, listings: () => Listings): string {
  return renderHtml({
    result,
    listings: listings(),
    replay: (finding) => replayCommandLine(finding, out),
  });
}

/** Tells on stderr what was not judged, and beside a format that programs read what the run lacks. */
export function tellGaps(format: Format, result: RunResult): void {
  const tell = (text: string): void => void process.stderr.write(`tdxfuzz: ${text}\n`);
  const gap = gapOf(result);
  if (gap !== undefined && format !== 'table') tell(gap);
  for (const target of result.result.targets) {
    // Where something was not done, that is why nothing was evaluated.
    const why = gap === undefined ? noVerdict(target) : target.problem;
    if (why !== undefined) tell(`${target.image}: ${shorten(target.target)}: no verdict: ${why}`);
  }
}

/** A result in a format of its own, with paths as they are named from the present folder. */
export function render(format: FormatName, result: RunResult, out: string | undefined): string {
  return FORMATS[format](result, {
    replay: (finding) => replayCommandLine(finding, out),
    folder: resolve('.'),
    ...(out !== undefined && { findings: join(out, FINDINGS) }),
  });
}

export interface PrintOptions {
  /** What the user should know of the selection of targets. */
  notes?: readonly string[];
  /** A table for each target: every property. */
  verbose?: boolean;
  /** Cases per class. */
  classes?: boolean;
  /** The command line that gives the same result again; undefined where there is none. */
  again?: string;
  /** Of the code that was run, for HTML. */
  listings: () => Listings;
}
