/**
 * Turns failures of one target into findings: each signature once, shrunk by itself and repeated from its case alone. What
 * does not repeat, or makes no case, is a defect of the tool: it is reported as itself and takes no other finding with it.
 */
import { isProgram } from '../targets/target.js';
import { whyNotRepeated } from '../blocks/repeat.js';
import type { ReportedCase } from '../blocks/subject.js';
import { bareCase } from '../../case/bare-case.js';
import { type CaseFile, caseSchema, type StoredValues } from '../../case/case-file.js';
import { toolVersion } from '../../package-info.js';
import type { Scenario } from '../../scenario/layout.js';
import type { Story } from '../../story/story.js';
import { shorten } from '../../text/escape.js';
import { type Signature, signatureKey } from '../../triage/violation.js';
import type { CampaignLog, Prepared } from './campaign-log.js';
import type { Replay } from './replays.js';
import type { FindingResult } from './result.js';
import { valuesDigest } from './values-digest.js';

const UNREPEATED = 'seen, not repeatable: please report';
const LONGEST_REASON = 1000;

/** What went wrong in the tool, in one line. */
function oneLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return shorten(text.replaceAll(/\s+/g, ' '), LONGEST_REASON);
}

/** Values as a finding has them: those of a story as `STEP.SLOT`. */
function byName({ scenario, story = [] }: StoredValues): Record<string, string> {
  const told = story.flatMap(({ values }, step) =>
    Object.entries(values).map(([name, value]): [string, string] => [`${step + 1}.${name}`, value]),
  );
  return { ...scenario, ...Object.fromEntries(told) };
}

export class Reporter {
  private readonly reported = new Set<string>();

  /**
   * @param index of the target in the campaign
   * @param examine whether findings say which of their values matter
   */
  constructor(
    private readonly log: CampaignLog,
    private readonly target: Prepared,
    private readonly index: number,
    private readonly examine = true,
  ) {}

  /** A finding of this signature is recorded already. */
  know(signature: Omit<Signature, 'clause'>): void {
    this.reported.add(signatureKey(signature));
  }

  knows(signature: Omit<Signature, 'clause'>): boolean {
    return this.reported.has(signatureKey(signature));
  }

  /** @returns the finding, undefined if there is one of this signature already */
  report(
    signature: Signature,
    values: Scenario | Story,
    first: FindingResult['first'],
  ): Omit<FindingResult, 'hits'> | undefined {
    if (this.knows(signature)) return undefined;
    this.know(signature);
    const { seed } = this.target;
    // A case that was made of another one is not in the stream that a block number stands for.
    const fresh = 'block' in first && first.parent === undefined;
    const found = fresh ? { seed, block: first.block, index: first.index } : null;
    const finding = { ...signature, first, ...this.make(signature, values, found) };
    this.log.finding(this.index, finding);
    return finding;
  }

  private make(signature: Signature, values: Scenario | Story, found: CaseFile['found']): ReportedCase {
    const { subject } = this.target;
    let reason: string | undefined;
    try {
      const reported = subject.report(signature, values, found, this.examine);
      caseSchema.parse(reported.case);
      reason = whyNotRepeated(reported.case, signature);
      if (reason === undefined) return reported;
      const unrepeated = reported.case.code.missing === undefined ? `${UNREPEATED} (${reason})` : reason;
      return { ...reported, unrepeated };
    } catch (error) {
      reason = oneLine(error);
    }
    return {
      scenario: byName(subject.named(values)),
      expected: 'not known',
      actual: 'not known',
      inputs: [],
      unrepeated: `${UNREPEATED} (${reason})`,
      case: this.kept(signature, values, found),
    };
  }

  /** The case as it was found, or what can be said of it without a run. */
  private kept(signature: Signature, values: Scenario | Story, found: CaseFile['found']): CaseFile {
    const { subject, target } = this.target;
    try {
      return caseSchema.parse(subject.keep(signature, values, found));
    } catch {
      const { image, name, set, symbol } = target;
      const body = isProgram(target) ? target.program : target.contract;
      const origin = { tool: toolVersion(), target: name, set, found };
      return bareCase(image, symbol, body, signature, subject.named(values), origin);
    }
  }

  /** Judges a stored case. @returns the signatures that it fails with */
  replay({ name, values }: Replay): Signature[] {
    const { subject } = this.target;
    const signatures = subject.judge(values);
    const problem = signatures === undefined ? subject.problem : undefined;
    this.log.replay(this.index, {
      name,
      digest: valuesDigest(subject.named(values)),
      signatures: signatures ?? [],
      ...(problem !== undefined && { problem }),
    });
    for (const signature of signatures ?? []) this.report(signature, values, { replayed: name });
    return signatures ?? [];
  }
}
