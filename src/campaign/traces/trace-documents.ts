/** Replays the case of every finding on the interpreter, and tells what happened as plain data. */
import { PROGRAM_PROPERTIES, PROPERTIES } from '../../../properties/all.js';
import { validateCase } from '../../case/case-file.js';
import { caseImage } from '../../case/case-image.js';
import { storyOf } from '../../case/play-case.js';
import { scenarioOf } from '../../case/scenario-of.js';
import { shorten } from '../../text/escape.js';
import { accountFor } from '../../triage/account.js';
import { accountForStory } from '../../triage/play-account.js';
import { signatureKey } from '../../triage/violation.js';
import { REGISTER_NAMES } from '../../x86/registers.js';
import { playTrace } from './play-trace-document.js';
import type { FindingResult, RunResult } from '../records/result.js';
import { stubTrace, type Told } from './stub-trace.js';
import { createPlayRunner, createRunner, isProgram, targetOf } from '../targets/target.js';
import type { TraceDocument } from './trace-document.js';

/** Steps of all traces of one result: some 10 MB of a report. */
export const MOST_STEPS_IN_ALL = 60_000;

/** Findings that are replayed: some 50 ms each. */
export const MOST_REPLAYS = 1000;

/**
 * One document for each finding, in the order of the result. Findings behind the bound have their rule, and no steps.
 *
 * @throws UsageError for a case that the tool would not have written, in one line that names the finding
 */
export function tracesOf({ result }: RunResult): TraceDocument[] {
  let left = MOST_STEPS_IN_ALL;
  let replays = 0;
  return result.targets.flatMap(({ target, findings }, targetIndex) =>
    findings.map((finding, index): TraceDocument => {
      const origin = `${shorten(target)}: the case of finding ${index + 1}`;
      const told = left > 0 && replays++ < MOST_REPLAYS ? replay(finding, origin) : untold(TOO_MANY);
      left -= told.steps.length;
      const register = registerOf(finding.slot);
      return {
        target: targetIndex,
        finding: index,
        ...ruleOf(finding),
        ...told,
        ...(register !== undefined && { register }),
      };
    }),
  );
}

const TOO_MANY = `one report holds ${MOST_REPLAYS} traces and ${MOST_STEPS_IN_ALL} steps of them; replay the case to see this one`;

function replay({ case: stored, ...finding }: FindingResult, origin: string): Told {
  if (finding.unrepeated !== undefined) return untold(finding.unrepeated);
  const file = validateCase(stored, origin);
  const target = targetOf(file, caseImage(file, origin), file.symbol);
  const key = signatureKey(finding);
  if (isProgram(target)) {
    const runner = createPlayRunner(target);
    const accounts = accountForStory(runner, storyOf(file, runner.space));
    const account = accounts.find(({ signature }) => signatureKey(signature) === key);
    return account === undefined ? untold(unrepeated(runner.play.problem)) : playTrace(account, runner);
  }
  // The bytes outside the stored pages are not there: the size of the function is what the case says.
  const runner = createRunner(target, file.code.size);
  const accounts = accountFor(runner, scenarioOf(file, runner.space.neutral));
  const account = accounts.find(({ signature }) => signatureKey(signature) === key);
  return account === undefined ? untold(unrepeated(runner.problem)) : stubTrace(account, runner);
}

function unrepeated(problem: string): string {
  return problem === '' ? 'this version of tdxfuzz does not find it in the stored case' : `no verdict: ${problem}`;
}

function untold(problem: string): Told {
  return {
    problem,
    otherSide: 'host',
    method: 'followed',
    initial: [],
    steps: [],
    blamed: -1,
    leftOut: { before: 0, behind: 0 },
    end: '',
  };
}

/** What properties say of themselves; nothing of one that this version does not know. */
function ruleOf({ property, case: { story } }: FindingResult): Pick<TraceDocument, 'rule' | 'ruleSource' | 'fix'> {
  const known: readonly { name: string; rule: string; source: string; fix: string }[] =
    story === undefined ? PROPERTIES : PROGRAM_PROPERTIES;
  const found = known.find(({ name }) => name === property);
  return { rule: found?.rule ?? '', ruleSource: found?.source ?? '', fix: found?.fix ?? '' };
}

/** Moments at which a register is looked at as such: those of stubs, and exchanges of programs. */
const REGISTER_SLOT = /^(?:initial|call|answer|final|return|TDVMCALL|TDCALL|SEAMCALL)\.(\w+)$/;

/** `final.rbx`, `TDVMCALL.r10`; a field of that name in memory (`final.block.r10`) is no register. */
function registerOf(slot: string): string | undefined {
  const name = REGISTER_SLOT.exec(slot)?.[1];
  return [...REGISTER_NAMES, 'rflags'].find((register) => register === name);
}
