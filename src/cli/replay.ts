import { Command, Option } from 'commander';
import { type CaseFile, isProgramContract } from '../stored/case-schema.js';
import { forNewBuild } from '../program/dispatcher/kvm/resolve-layout.js';
import { readCase } from '../stored/case-file.js';
import { openCase } from '../stored/open-case.js';
import { differingValues } from '../stored/stored-values.js';
import { describeAssumptions } from '../contract/contract.js';
import { UsageError } from '../errors.js';
import { withFunctionsAt } from '../harness/code-by-address.js';
import type { Image } from '../image/image.js';
import type { LinkInput } from '../image/link-input.js';
import { openImages } from '../image/open-images.js';
import { placeName } from '../image/places.js';
import { meantSymbol } from '../image/symbols.js';
import { isModelled } from '../stage/outside.js';
import { findingText, type ToldFinding } from '../report/finding-text.js';
import { sorted } from '../report/json.js';
import { storyText } from '../report/story-text.js';
import { traceText } from '../report/trace-text.js';
import type { Runner } from '../run/runner.js';
import { assumptionsOf } from '../run/target.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import { shellQuote } from '../text/shell-quote.js';
import { type Account, accountsOf } from '../finding/account.js';
import { documentOf, documentOfRun } from '../finding/document.js';
import { BISECT_SKIP, type ReplayFlags, replayStatus, verdictOf } from './replay-verdict.js';

export function replayCommand(): Command {
  return new Command('replay')
    .description('run one stored case: the trace, instruction by instruction, and the violated clause')
    .argument('CASE', 'path of a case.json, or of the folder of a finding')
    .option(
      '--image <NEW.o>',
      'judge a new build by the same case: still broken, fixed, or no longer reached; once for each file of several',
      (path: string, before: string[] | undefined) => [...(before ?? []), path],
    )
    .option('--symbol <NAME>', 'the function in the new build, if it has another name or address')
    .option('--bisect', 'for git bisect run: exit 0 fixed, 1 still broken, 125 for all else (needs --image)')
    .addOption(new Option('--format <F>', 'how to print').choices(['text', 'json']).default('text'))
    .action((path: string, flags: ReplayFlags) => {
      process.exitCode = flags.bisect === true ? bisect(path, flags) : replay(path, flags);
    });
}

/** A build without the function, and one that is no object at all, say nothing of the commit. */
function bisect(path: string, flags: ReplayFlags): number {
  if (flags.image === undefined) throw new UsageError('--bisect: needs --image, the build of the commit');
  try {
    return replay(path, flags);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`tdxfuzz: ${error.message}\n`);
    return BISECT_SKIP;
  }
}

function replay(path: string, flags: ReplayFlags): number {
  const file = readCase(path);
  const isNewBuild = flags.image !== undefined;
  const build = flags.image === undefined ? undefined : newBuild(flags.image, flags.symbol ?? file.symbol);
  const { runner, values } = openCase(build === undefined ? file : caseFor(file, build.image), path, build);
  const accounts = accountsOf(runner, values);
  if (runner.problem !== '') {
    process.stderr.write(`tdxfuzz: ${path}: no verdict: ${runner.problem}\n`);
    return flags.bisect === true ? BISECT_SKIP : 2;
  }
  const { reached } = runner;
  const identical = file.expect !== null && runner.digest() === file.expect.trace;
  const verdict = verdictOf(file, accounts, isNewBuild, reached, identical);
  if (flags.format === 'json') {
    const violations = accounts.map(({ signature, expected, actual }) => ({ ...signature, expected, actual }));
    const told = { verdict, traceIdentical: identical, end: runner.end, violations };
    process.stdout.write(`${JSON.stringify(sorted(told), null, 2)}\n`);
    return replayStatus(verdict, flags);
  }
  const ordered = [...accounts].sort((a, b) => rank(b, file) - rank(a, file));
  const scenario = differingValues(values, runner.space);
  const assumptions = describeAssumptions(assumptionsOf(runner.target));
  const out = [
    `${pc.bold(shorten(file.target))}  ${pc.dim(`contract ${file.contract.set}/${file.contract.body.symbol}`)}`,
    ...(assumptions === undefined ? [] : [`  assumes ${assumptions}`]),
    ...ordered.flatMap((account, index) => [
      findingText(told(account, runner, file, scenario), {
        title: `violation ${index + 1} of ${ordered.length}`,
        replay: `tdxfuzz replay ${shellQuote(path)}`,
        context: index === 0 ? Infinity : undefined,
      }),
      '',
    ]),
    ...(ordered.length === 0 ? wholeRun(runner) : []),
    `the run ended: ${runner.end}`,
    ...(isNewBuild || file.expect === null ? [] : [sameness(identical)]),
    verdict === 'fixed' ? pc.green(verdict) : pc.red(verdict),
  ];
  process.stdout.write(`${out.join('\n')}\n`);
  return replayStatus(verdict, flags);
}

/** A contract that says where structures lie says it of one build. */
function caseFor(file: CaseFile, image: Image): CaseFile {
  const { body } = file.contract;
  return isProgramContract(body) ? { ...file, contract: { ...file.contract, body: forNewBuild(image, body) } } : file;
}

/**
 * Of several images the one that has the function.
 *
 * @param name of a symbol, mangled or not, or the address of a function as in places.ts
 */
function newBuild(paths: readonly string[], name: string): { image: Image; symbol: string } {
  const place = placeName(name);
  const isWanted = ({ symbols }: LinkInput): boolean =>
    symbols.some((symbol) => symbol.name === place && symbol.at !== 'undefined');
  const images = openImages(paths, { isWanted, isModelled }).files.map(({ image }) => withFunctionsAt(image, [place]));
  const meant = images.map((image) => ({ image, symbol: meantSymbol(image, place) }));
  const having = meant.find(({ image, symbol }) =>
    image.symbols.some(({ name: found, kind }) => found === symbol && kind !== 'object'),
  );
  return having ?? meant[0];
}

function told(
  account: Account,
  runner: Runner,
  { contract }: CaseFile,
  scenario: ToldFinding['scenario'],
): ToldFinding {
  const { signature, expected, actual } = account;
  return { ...signature, expected, actual, scenario, document: documentOf(account, runner), case: { contract } };
}

/** The violation that the case was stored for comes first. */
function rank({ signature }: Account, { expect }: CaseFile): number {
  return expect !== null && signature.property === expect.property && signature.slot === expect.slot ? 1 : 0;
}

/** A run without a violation, for the trace alone. */
function wholeRun(runner: Runner): string[] {
  const document = documentOfRun(runner);
  const story = document.story === undefined ? [] : ['the whole story:', storyText(document.story)];
  return [...story, 'the whole run:', traceText(document)];
}

function sameness(identical: boolean): string {
  return identical ? 'the trace is identical to the stored one' : pc.yellow('the trace differs from the stored one');
}
