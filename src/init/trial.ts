/**
 * Runs a proposal on the code that it was read from. Where it is not silent, either is wrong. What a run can say and the code
 * cannot is chosen here, and so is policy that nobody is unsafe by; rules of the ABI, and scrubbing, are never relaxed.
 */
import { fuzz } from '../campaign/fuzz.js';
import { type FindingResult, neverInForce } from '../campaign/records/result.js';
import type { Contract } from '../contract/contract.js';
import { allFaultsOf } from '../contract/faults.js';
import type { Image } from '../image/image.js';
import type { Choice, Proposal } from './proposal.js';

export interface TrialOptions {
  /** Cases. */
  readonly runs: number;
  readonly workers: number;
}

/** What came of it. */
export interface Trial {
  readonly contract: Contract;
  readonly questions: readonly string[];
  readonly cases: number;
  readonly findings: readonly FindingResult[];
  /** Why nothing could be judged. */
  readonly problem?: string;
  /** Properties that apply and were in force in no case. */
  readonly never: readonly string[];
}

const SEED = 'init';

/** Which property a choice may silence, by the word that it changes. */
const SILENCES: Readonly<Record<string, readonly string[]>> = {
  retry: ['vmcall-frame', 'seamcall-frame', 'marshals-arguments', 'returns-status', 'writes-outputs'],
  sti: ['keeps-flags', 'issues-sti'],
  redZone: ['keeps-stack'],
  interruptsAtCall: ['vmcall-frame', 'seamcall-frame'],
  vectorState: ['keeps-vector-state'],
};

/** @param image in which the function has a name */
export async function tryOut(image: Image, proposal: Proposal, options: TrialOptions): Promise<Trial> {
  const { known } = proposal;
  let trial = await run(image, proposal, proposal.contract, [...proposal.questions], options);
  if (known !== undefined) return trial;
  for (const { words, question } of [...proposal.choices, ...policyChoices(proposal)]) {
    const wrong = new Set(trial.findings.map(({ property }) => property));
    const [word] = Object.keys(words);
    if (word === undefined || !SILENCES[word]?.some((property) => wrong.has(property))) continue;
    const contract = { ...trial.contract, ...words };
    if (allFaultsOf(contract).length > 0) continue;
    const other = await run(image, proposal, contract, [...trial.questions, question], options);
    if (other.problem === undefined && isBetter(other, wrong)) trial = other;
  }
  return trial;
}

/** What sound code of other kinds does; taken only where it silences what its word is about. */
function policyChoices({ contract, shape }: Proposal): Choice[] {
  const choices: Choice[] = [];
  if (contract.vectorState === 'untouched')
    choices.push({
      words: { vectorState: 'convention' },
      question: 'It uses vector registers, as its calling convention allows and kernel code may not. Is that meant?',
    });
  if (contract.convention === 'sysv' && shape.outcomes.some(({ usesRedZone }) => usesRedZone))
    choices.push({
      words: { redZone: true },
      question: 'It uses the 128 bytes below RSP, which kernel code may not. Is it code of user space?',
    });
  choices.push({
    words: { interruptsAtCall: 'may-be-closed' },
    question: 'It closes interrupts around the instruction, and leaves them as they were. Is that meant?',
  });
  return choices;
}

/** Fewer properties are broken, and none that was not before. */
function isBetter({ findings }: Trial, wrong: ReadonlySet<string>): boolean {
  const left = new Set(findings.map(({ property }) => property));
  return left.size < wrong.size && [...left].every((property) => wrong.has(property));
}

async function run(
  image: Image,
  { symbol, known }: Proposal,
  contract: Contract,
  questions: readonly string[],
  { runs, workers }: TrialOptions,
): Promise<Trial> {
  const target = { name: symbol, symbol, set: known?.set ?? 'proposed', contract, image };
  const { result } = await fuzz({ targets: [target], seed: SEED, budget: { runs }, workers, examine: false });
  const [found] = result.targets;
  const { findings, cases, problem } = found;
  return {
    contract,
    questions,
    cases,
    findings,
    ...(problem !== undefined && { problem }),
    never: neverInForce(found),
  };
}
