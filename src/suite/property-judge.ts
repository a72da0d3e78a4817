/** One property on one target: draws cases, judges them by this property alone, and tells a violation in full. */
import { stripVTControlCharacters } from 'node:util';
import type fc from 'fast-check';
import { cases } from '../case/arbitrary.js';
import type { Case } from '../case/case.js';
import { differingValues } from '../stored/stored-values.js';
import { findingText } from '../report/finding-text.js';
import { openRunner } from '../run/open-runner.js';
import type { Runner } from '../run/runner.js';
import { type AnyTarget, contractId, contractOf } from '../run/target.js';
import { shorten } from '../text/escape.js';
import { accountsOf } from '../finding/account.js';
import { documentOf } from '../finding/document.js';
import type { Signature } from '../finding/signature.js';

/** What was said of one case. */
export type Verdict =
  | { readonly kind: 'holds'; readonly inForce: boolean }
  | { readonly kind: 'violated'; readonly signature: Signature; readonly text: string }
  | { readonly kind: 'none'; readonly problem: string };

export class PropertyJudge {
  readonly arbitrary: fc.Arbitrary<Case>;
  private readonly runner: Runner;

  /** @throws ImageError, UsageError as openRunner */
  constructor(target: AnyTarget, property: string) {
    this.runner = openRunner({ ...target, properties: [property] });
    this.arbitrary = cases(this.runner.space);
  }

  /** Values that differ from neutral, by name. */
  named(values: Case): Record<string, string> {
    return differingValues(values, this.runner.space);
  }

  judge(values: Case): Verdict {
    const { runner } = this;
    const violations = runner.run(values);
    if (violations === undefined) return { kind: 'none', problem: runner.problem };
    return violations.length === 0 ? { kind: 'holds', inForce: runner.inForce[0] === 1 } : this.tell(values);
  }

  private tell(values: Case): Verdict {
    const { runner } = this;
    const { target } = runner;
    const [account, ...others] = accountsOf(runner, values);
    const { signature, expected, actual } = account;
    const finding = {
      ...signature,
      expected,
      actual,
      scenario: this.named(values),
      document: documentOf(account, runner),
      case: { contract: { set: target.set, body: contractOf(target) } },
    };
    const text = findingText(finding, { title: `${shorten(target.symbol)} (${shorten(contractId(target))})` });
    const more = others.map((other) => `  also      ${other.signature.clause} at ${shorten(other.signature.place)}`);
    // The message of an error has no colours: it goes to files as well.
    return { kind: 'violated', signature, text: stripVTControlCharacters([text, ...more].join('\n')) };
  }
}
