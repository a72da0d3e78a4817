/** Runners of hand-made functions, judged by one clause or by all properties. */
import { PROPERTIES } from '../../properties/all.js';
import type { Clause } from '../clause/clause.js';
import type { PropertyDefinition } from '../clause/property.js';
import { compileContract } from '../contract/compiled.js';
import type { Contract } from '../contract/contract.js';
import {
  BARE_CONTRACT,
  type ImageOptions,
  madeImage,
  type Piece,
  scenarioWith,
} from '../harness/made-function.test.helper.js';
import { CaseRunner } from '../judge/case-runner.js';
import type { Scenario } from '../scenario/layout.js';
import { type Signature, Violations } from './signature.js';

/** A property that consists of the given clauses. */
export function propertyOf(...clauses: Clause[]): PropertyDefinition {
  return {
    name: 'made-property',
    group: 'guest stubs',
    rule: 'rule',
    source: 'test',
    underBreach: true,
    appliesTo: () => true,
    clauses: () => clauses,
    example: 'example',
    fix: 'fix',
  };
}

export function runnerOf(
  pieces: readonly Piece[],
  contract: Contract = BARE_CONTRACT,
  properties: readonly PropertyDefinition[] = PROPERTIES,
  options: ImageOptions = {},
): CaseRunner {
  const image = madeImage(pieces, options);
  const { address, size } = image.segments[0];
  return new CaseRunner({ image, symbol: 'f', entry: address }, size, compileContract(contract, 'made'), properties);
}

/** Scenario of a runner: neutral, but for some slots. */
export function caseOf(runner: CaseRunner, values: Readonly<Record<string, bigint>> = {}): Scenario {
  return scenarioWith(runner.compiled, values);
}

/** Signatures of a scenario's violations, without any memory of earlier cases. */
export function signaturesOf(runner: CaseRunner, scenario: Scenario): Signature[] {
  const violated = runner.run(scenario);
  if (violated < 0) throw new Error(runner.problem);
  return new Violations(runner).signatures(violated);
}
