/** Turns failures of one target into findings: each signature once, shrunk by itself and repeated on the interpreter. */
import type { Case } from '../../case/case.js';
import { storedValues } from '../../stored/stored-values.js';
import { type Signature, signatureKey, Signatures } from '../../finding/signature.js';
import { contractHint, OF_THE_CALL } from './contract-hint.js';
import { makeFinding } from './make-finding.js';
import type { CampaignLog, Prepared } from './campaign-log.js';
import type { Replay } from './replays.js';
import type { FindingResult } from './result.js';
import { valuesDigest } from './values-digest.js';

/** A finding whose hits are counted at the end. */
export type MadeReport = Omit<FindingResult, 'hits'>;

export class Reporter {
  private readonly reported = new Set<string>();
  private failsInTheCall = false;

  /**
   * @param index of the target in the campaign
   * @param examine whether findings say which of their values matter
   */
  constructor(
    private readonly log: CampaignLog,
    private readonly target: Prepared,
    private readonly index: number,
    private readonly examine = true,
    /** Told of every finding that is new to this reporter, when it is recorded. */
    private readonly onFinding: (finding: MadeReport) => void = () => undefined,
  ) {}

  /** A finding of this signature is recorded already. */
  know(signature: Omit<Signature, 'clause'>): void {
    this.reported.add(signatureKey(signature));
  }

  knows(signature: Omit<Signature, 'clause'>): boolean {
    return this.reported.has(signatureKey(signature));
  }

  /** @returns the finding, undefined if there is one of this signature already */
  report(signature: Signature, values: Case, first: FindingResult['first']): MadeReport | undefined {
    if (this.knows(signature)) return undefined;
    this.know(signature);
    this.failsInTheCall ||= OF_THE_CALL.has(signature.property);
    const { runner, seed } = this.target;
    // A case that was made of another one is not in the stream that a block number stands for.
    const fresh = 'block' in first && first.parent === undefined;
    const found = fresh ? { seed, block: first.block, index: first.index } : null;
    const finding = { ...signature, first, ...makeFinding(runner, signature, values, found, this.examine) };
    this.log.finding(this.index, finding);
    this.onFinding(finding);
    return finding;
  }

  /** Says it if another contract fits better. To be asked when everything else is reported. */
  hint(): void {
    if (!this.failsInTheCall) return;
    const hint = contractHint(this.target.runner);
    if (hint !== undefined) this.log.hint(this.index, hint);
  }

  /** Judges a stored case. @returns the signatures that it fails with */
  replay({ name, values }: Replay): Signature[] {
    const { runner } = this.target;
    const violations = runner.run(values);
    const problem = violations === undefined ? runner.problem : undefined;
    const signatures = violations && new Signatures(runner).of(violations);
    this.log.replay(this.index, {
      name,
      digest: valuesDigest(storedValues(values, runner.space)),
      signatures: signatures ?? [],
      ...(problem !== undefined && { problem }),
    });
    for (const signature of signatures ?? []) this.report(signature, values, { replayed: name });
    return signatures ?? [];
  }
}
