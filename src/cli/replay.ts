import { Command, Option } from 'commander';
import { colours as pc } from '../text/colours.js';
import { createRunner, isProgram, type Target, targetOf } from '../campaign/targets/target.js';
import { type CaseFile, readCase } from '../case/case-file.js';
import { caseImage } from '../case/case-image.js';
import { scenarioOf } from '../case/scenario-of.js';
import { traceDigest } from '../case/trace-digest.js';
import { describeAssumptions } from '../contract/contract.js';
import { shorten } from '../text/escape.js';
import { shellQuote } from '../text/shell-quote.js';
import { loadImage } from '../image/load.js';
import { FACT } from '../observation/layout.js';
import { sorted } from '../report/json.js';
import { findingText, traceText } from '../report/terminal.js';
import { replayStory } from './replay-story.js';
import { type ReplayFlags, type Verdict, verdictOf } from './replay-verdict.js';
import { type Account, accountFor, endOf } from '../triage/account.js';
import { recordTrace } from '../triage/trace.js';

export function replayCommand(): Command {
  return new Command('replay')
    .description('run one stored case: the trace, instruction by instruction, and the violated clause')
    .argument('CASE', 'path of a case.json, or of the folder of a finding')
    .option('--image <NEW.o>', 'judge a new build by the same case: still broken, fixed, or no longer reached')
    .option('--symbol <NAME>', 'the function in the new build, if it has another name')
    .addOption(new Option('--format <F>', 'how to print').choices(['text', 'json']).default('text'))
    .action((path: string, flags: ReplayFlags) => {
      process.exitCode = replay(path, flags);
    });
}

function replay(path: string, flags: ReplayFlags): number {
  const file = readCase(path);
  const image = flags.image === undefined ? caseImage(file, path) : loadImage(flags.image);
  const target = targetOf(file, image, flags.image === undefined ? file.symbol : (flags.symbol ?? file.symbol));
  return isProgram(target) ? replayStory(file, path, target, flags) : replayScenario(file, path, target, flags);
}

function replayScenario(file: CaseFile, path: string, target: Target, flags: ReplayFlags): number {
  // The bytes outside the stored pages are not there: the size of the function is what the case says.
  const runner = createRunner(target, flags.image === undefined ? file.code.size : undefined);
  const scenario = scenarioOf(file, runner.space.neutral);
  const accounts = accountFor(runner, scenario);
  if (runner.problem !== '') {
    process.stderr.write(`tdxfuzz: ${path}: no verdict: ${runner.problem}\n`);
    return 2;
  }
  const called = runner.context.base[2 * FACT.calls] > 0;
  const verdict = verdictOf(file, accounts, flags.image !== undefined, called);
  const digest = traceDigest(recordTrace(runner.harness, scenario, 0));
  const identical = file.expect !== null && digest === file.expect.trace;
  if (flags.format === 'json') {
    const violations = accounts.map(({ signature, expected, actual }) => ({ ...signature, expected, actual }));
    process.stdout.write(
      `${JSON.stringify(sorted({ verdict, traceIdentical: identical, end: endOf(runner.context), violations }), null, 2)}\n`,
    );
  } else {
    print(file, path, accounts, runner, verdict, identical, flags.image !== undefined);
  }
  return accounts.length > 0 ? 1 : 0;
}

function print(
  file: CaseFile,
  path: string,
  accounts: readonly Account[],
  runner: ReturnType<typeof createRunner>,
  verdict: Verdict,
  identical: boolean,
  newBuild: boolean,
): void {
  const assumptions = describeAssumptions(runner.compiled.contract.assumes);
  const out: string[] = [
    `${pc.bold(shorten(file.target))}  ${pc.dim(`contract ${file.contract.set}/${file.contract.body.symbol}`)}`,
    ...(assumptions === undefined ? [] : [`  assumes ${assumptions}`]),
  ];
  const ordered = [...accounts].sort((a, b) => rank(b, file) - rank(a, file));
  for (const [index, account] of ordered.entries()) {
    const finding = { ...account.signature, scenario: file.scenario };
    out.push(
      findingText(
        finding,
        account,
        runner,
        `tdxfuzz replay ${shellQuote(path)}`,
        `violation ${index + 1} of ${ordered.length}`,
        index === 0 ? Infinity : undefined,
      ),
      '',
    );
  }
  if (ordered.length === 0) out.push('the whole run:', traceText(wholeRun(runner), runner));
  out.push(`the run ended: ${endOf(runner.context)}`);
  if (!newBuild && file.expect !== null)
    out.push(
      identical ? 'the trace is identical to the stored one' : pc.yellow('the trace differs from the stored one'),
    );
  out.push(`${verdict === 'fixed' ? pc.green(verdict) : pc.red(verdict)}`);
  process.stdout.write(`${out.join('\n')}\n`);
}

/** The violation that the case was stored for comes first. */
function rank({ signature }: Account, { expect }: CaseFile): number {
  return expect !== null && signature.property === expect.property && signature.slot === expect.slot ? 1 : 0;
}

/** A run without a violation, for the trace alone. */
function wholeRun(runner: ReturnType<typeof createRunner>): Pick<Account, 'traces' | 'step'> {
  return {
    traces: { base: recordTrace(runner.harness, runner.context.scenario, 0), guest: undefined, host: undefined },
    step: -1,
  };
}
