/** `tdxfuzz replay` of a program's case: the numbered story, and the trace to where it went wrong. */
import { createPlayRunner, type ProgramTarget } from '../campaign/targets/target.js';
import type { CaseFile } from '../case/case-file.js';
import { playDigest, storyOf } from '../case/play-case.js';
import { sorted } from '../report/json.js';
import { playFindingText, storyText } from '../report/play-text.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import { shellQuote } from '../text/shell-quote.js';
import { accountForStory } from '../triage/play-account.js';
import { type ReplayFlags, verdictOf } from './replay-verdict.js';

/** @returns the exit status */
export function replayStory(file: CaseFile, path: string, target: ProgramTarget, flags: ReplayFlags): number {
  const runner = createPlayRunner(target);
  const accounts = accountForStory(runner, storyOf(file, runner.space));
  const { play } = runner;
  if (play.problem !== '') {
    process.stderr.write(`tdxfuzz: ${path}: no verdict: ${play.problem}\n`);
    return 2;
  }
  const verdict = verdictOf(file, accounts, flags.image !== undefined, play.entries.length > 0);
  const identical = file.expect !== null && playDigest(play) === file.expect.trace;
  if (flags.format === 'json') {
    const violations = accounts.map(({ signature }) => signature);
    process.stdout.write(`${JSON.stringify(sorted({ verdict, traceIdentical: identical, violations }), null, 2)}\n`);
    return accounts.length > 0 ? 1 : 0;
  }
  const contract = `contract ${file.contract.set}/${file.contract.body.symbol}`;
  const out = [`${pc.bold(shorten(file.target))}  ${pc.dim(contract)}`];
  for (const [index, account] of accounts.entries()) {
    const title = `violation ${index + 1} of ${accounts.length}`;
    const context = index === 0 ? Infinity : undefined;
    out.push(playFindingText({ account }, runner, `tdxfuzz replay ${shellQuote(path)}`, title, context), '');
  }
  if (accounts.length === 0) out.push('the whole story:', storyText(play, runner));
  if (flags.image === undefined && file.expect !== null)
    out.push(identical ? 'the play is identical to the stored one' : pc.yellow('the play differs from the stored one'));
  out.push(verdict === 'fixed' ? pc.green(verdict) : pc.red(verdict));
  process.stdout.write(`${out.join('\n')}\n`);
  return accounts.length > 0 ? 1 : 0;
}
