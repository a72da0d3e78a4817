/** Makes the case file of a finding: values, code pages, answers, what is expected. */
import { REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { MOMENT, OUTCOME, OUTCOME_NAMES, RIP_OFFSET, slotValue } from '../observation/layout.js';
import { readSlot, type Scenario, SLOT_NAMES } from '../scenario/layout.js';
import { differingSlots } from '../scenario/shrink.js';
import type { CaseTraces, Signature } from '../triage/violation.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import { hex } from '../text/hex.js';
import type { CaseFile } from './case-file.js';
import { storedCode } from './stored-code.js';
import { Touched } from './touched.js';
import { traceDigest } from './trace-digest.js';

export interface CaseOrigin {
  tool: string;
  target: string;
  set: string;
  found: CaseFile['found'];
}

/** The values of a scenario that differ from neutral, by name. */
export function scenarioValues(scenario: Scenario, neutral: Scenario): Record<string, string> {
  return Object.fromEntries(
    differingSlots(scenario, neutral).map((slot) => [SLOT_NAMES[slot], hex(readSlot(scenario, slot))]),
  );
}

/** @param traces of the case that the runner ran last */
export function makeCase(
  runner: CaseRunner,
  signature: Signature | undefined,
  traces: CaseTraces,
  origin: CaseOrigin,
): CaseFile {
  const { target, compiled, context, space } = runner;
  const { image } = target;
  return {
    schema: 'tdxfuzz/case/1',
    tool: origin.tool,
    target: origin.target,
    symbol: target.symbol,
    image: { name: image.name, hash: image.hash },
    contract: { set: origin.set, body: compiled.contract },
    model: { module: REFERENCE_CONFIGURATION.version },
    code: storedCode(image, { symbol: target.symbol, entry: target.entry, size: runner.size }, touchedBy(traces)),
    scenario: scenarioValues(context.scenario, space.neutral),
    answers: answers(runner),
    expect: signature === undefined ? null : { ...signature, trace: traceDigest(traces.base) },
    found: origin.found,
  };
}

function answers({ context, compiled }: CaseRunner): CaseFile['answers'] {
  const { base, outcome } = context;
  if (!context.called) return [];
  const call = compiled.contract.instruction;
  const ended = outcome === OUTCOME.completed ? {} : { outcome: OUTCOME_NAMES[outcome] };
  // An exception that nothing took has nothing behind it.
  const cameBack = slotValue(base, MOMENT.answer + RIP_OFFSET) !== 0n;
  const registers = Object.fromEntries(
    cameBack ? REGISTER_NAMES.map((name, index) => [name, hex(slotValue(base, MOMENT.answer + index))]) : [],
  );
  return [{ call, ...ended, registers }];
}

/** All that the runs of a case touched, and where they ended. */
function touchedBy({ base, guest, host }: CaseTraces): Touched {
  const touched = new Touched();
  for (const trace of [base, guest, host]) {
    if (trace === undefined) continue;
    touched.addSteps(trace.steps);
    touched.addAddress(slotValue(trace.observation, MOMENT.final + RIP_OFFSET));
  }
  return touched;
}
