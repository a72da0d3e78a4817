/** Runners of hand-made functions, judged by one clause or by all properties. */
import type { Clause } from '../clause/clause.js';
import type { StubProperty } from '../clause/property.js';
import type { Case } from '../case/case.js';
import type { Contract } from '../contract/contract.js';
import {
  BARE_CONTRACT,
  type ImageOptions,
  madeImage,
  type Piece,
  scenarioWith,
} from '../harness/made-function.test.helper.js';
import { stubProperties } from '../run/open-runner.js';
import type { Runner } from '../run/runner.js';
import { createCaseRunner, StubRunner } from '../run/stub-runner.js';
import { caseOf as caseOfScenario } from '../scenario/case-space.js';
import { type Signature, Signatures } from './signature.js';

/** A property that consists of the given clauses. */
export function propertyOf(...clauses: Clause[]): StubProperty {
  return {
    name: 'made-property',
    group: 'guest stubs',
    rule: 'rule',
    source: 'test',
    stub: { underBreach: true, appliesTo: () => true, clauses: () => clauses },
    example: 'example',
    fix: 'fix',
  };
}

export function runnerOf(
  pieces: readonly Piece[],
  contract: Contract = BARE_CONTRACT,
  properties: readonly StubProperty[] = stubProperties(),
  options: ImageOptions = {},
): StubRunner {
  const target = { name: 'made', symbol: 'f', set: 'made', contract, image: madeImage(pieces, options) };
  return new StubRunner(target, createCaseRunner(target, properties));
}

/** Case of a runner: neutral, but for some slots. */
export function caseOf({ reference }: StubRunner, values: Readonly<Record<string, bigint>> = {}): Case {
  return caseOfScenario(scenarioWith(reference.compiled, values));
}

/** Signatures of a case's violations, without any memory of earlier cases. */
export function signaturesOf(runner: Runner, values: Case): Signature[] {
  const violations = runner.run(values);
  if (violations === undefined) throw new Error(runner.problem);
  return new Signatures(runner).of(violations);
}
