/**
 * Makes the record of a finding: shrunk by itself, run once more, told in full, and repeated from its case alone. Everything
 * that renders it reads the record. What does not repeat, or makes no case, is a defect of the tool: it is a record of its own
 * and takes no other finding with it.
 */
import { type Case, wordsOf } from '../../case/case.js';
import { validateCase } from '../../stored/case-file.js';
import { type CaseFile, caseSchema } from '../../stored/case-schema.js';
import { openCase } from '../../stored/open-case.js';
import { bareCase, makeCase } from '../../stored/make-case.js';
import { differingValues } from '../../stored/stored-values.js';
import { UsageError } from '../../errors.js';
import { sourceLine } from '../../image/line-table.js';
import type { Runner } from '../../run/runner.js';
import { shorten } from '../../text/escape.js';
import { accountsOf } from '../../finding/account.js';
import { documentOf, NO_DOCUMENT } from '../../finding/document.js';
import { examineCase } from '../../finding/inputs.js';
import { relationsOf } from '../../finding/relations.js';
import { NotRepeated, shrinkFailure } from '../../finding/shrink.js';
import { type Signature, signatureKey } from '../../finding/signature.js';
import type { FindingResult } from './result.js';

/** What is reported of a finding beside its signature and its hits. */
export type MadeFinding = Pick<
  FindingResult,
  | 'source'
  | 'scenario'
  | 'words'
  | 'expected'
  | 'actual'
  | 'inputs'
  | 'unrepeated'
  | 'document'
  | 'case'
  | 'decision'
  | 'step'
  | 'manner'
  | 'removedBy'
  | 'unclear'
>;

const UNREPEATED = 'seen, not repeatable: please report';
const LONGEST_REASON = 1000;

/**
 * @param values fail with the signature
 * @param found how, for information
 * @param examine whether to try which of its values matter, which takes longer than the rest
 */
export function makeFinding(
  runner: Runner,
  signature: Signature,
  values: Case,
  found: CaseFile['found'],
  examine = true,
): MadeFinding {
  try {
    const made = shrunken(runner, signature, values, found, examine);
    const reason = whyNotRepeated(made.case, signature);
    if (reason === undefined) return made;
    return { ...made, unrepeated: made.case.code.missing === undefined ? `${UNREPEATED} (${reason})` : reason };
  } catch (error) {
    return {
      scenario: differingValues(values, runner.space),
      expected: 'not known',
      actual: 'not known',
      inputs: [],
      unrepeated: `${UNREPEATED} (${oneLine(error)})`,
      document: NO_DOCUMENT,
      decision: '',
      step: 0,
      manner: 'other',
      removedBy: [],
      unclear: [],
      case: keptCase(runner, signature, values, found),
    };
  }
}

/** What went wrong in the tool, in one line. */
function oneLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return shorten(text.replaceAll(/\s+/g, ' '), LONGEST_REASON);
}

/** @throws NotRepeated */
function shrunken(
  runner: Runner,
  signature: Signature,
  values: Case,
  found: CaseFile['found'],
  examine: boolean,
): MadeFinding {
  const simplest = shrinkFailure(runner, values, signature);
  const inputs = examine ? examineCase(runner, simplest, signature) : [];
  // What is told is the run that is reported, not the last candidate of the shrinker or of the experiment.
  const key = signatureKey(signature);
  const accounts = accountsOf(runner, simplest);
  const account = accounts.find((one) => signatureKey(one.signature) === key);
  if (account === undefined) throw new NotRepeated(`a finding did not repeat: ${key}`);
  const document = documentOf(account, runner);
  const source = sourceLine(runner.image, account.trace.steps[account.step]?.address ?? runner.entry);
  const relations = relationsOf(runner, simplest, account, accounts);
  runner.run(simplest);
  const scenario = differingValues(simplest, runner.space);
  const words = wordsOf(runner.space, simplest, [...Object.keys(scenario), ...inputs.map(({ name }) => name)]);
  return {
    ...(source !== undefined && { source }),
    scenario,
    ...(Object.keys(words).length > 0 && { words }),
    expected: account.expected,
    actual: account.actual,
    inputs,
    document,
    ...relations,
    case: caseSchema.parse(makeCase(runner, simplest, signature, found)),
  };
}

/** The case as it was found, or what can be said of it without a run. */
function keptCase(runner: Runner, signature: Signature, values: Case, found: CaseFile['found']): CaseFile {
  try {
    runner.run(values);
    return caseSchema.parse(makeCase(runner, values, signature, found));
  } catch {
    return bareCase(runner, values, signature, found);
  }
}

/** Whether a case repeats its finding by itself: made an image again, and run on a machine of its own. @returns why it does not */
function whyNotRepeated(stored: CaseFile, signature: Signature): string | undefined {
  try {
    // As it will be read: names are escaped on the way.
    const file = validateCase(JSON.parse(JSON.stringify(stored)), 'the case');
    const { runner, values } = openCase(file, 'the case');
    const seen = accountsOf(runner, values).map((account) => account.signature);
    if (runner.problem !== '') return `the case alone has no verdict: ${runner.problem}`;
    if (seen.some((one) => signatureKey(one) === signatureKey(signature))) return undefined;
    const instead = seen.map(({ property, slot, place }) => `${property}: ${slot} at ${place}`).join('; ');
    return `the case alone ${instead === '' ? 'does not fail' : `fails otherwise: ${instead}`}`;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}
