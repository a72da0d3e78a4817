/** The trace document of a stub's finding. */
import type { CaseRunner } from '../../judge/case-runner.js';
import { type Account, endOf } from '../../triage/account.js';
import { NOTHING_GIVEN, type Given } from '../../triage/host-values.js';
import { worldText } from '../../triage/step-text.js';
import type { Step } from '../../triage/trace.js';
import { placeName } from '../../triage/violation.js';
import { REGISTER_INDEX } from '../../x86/registers.js';
import type { TraceDocument } from './trace-document.js';
import { documentSteps } from './trace-steps.js';

export type Told = Omit<TraceDocument, 'target' | 'finding' | 'rule' | 'ruleSource' | 'fix' | 'register'>;

/** @param runner as `accountFor` left it */
export function stubTrace({ traces, step: blamed }: Account, runner: CaseRunner): Told {
  const place = (address: bigint): string => placeName(runner, address);
  const told = traces.base.steps.map((step) => ({
    step,
    after: step.after,
    given: givenTo(step),
    world: worldText(step, place),
  }));
  return {
    ...documentSteps(told, blamed, place, traces.host?.steps),
    otherSide: runner.compiled.contract.instruction === 'tdcall' ? 'host' : 'TD',
    end: endOf(runner.context),
  };
}

/** RAX is the module's own: the status of the instruction. */
function givenTo({ worldWrote, call }: Step): Given {
  if (worldWrote === 0) return NOTHING_GIVEN;
  const isTheirs = call?.by === 'host' || call?.by === 'TD';
  return { wrote: worldWrote, theirs: isTheirs ? worldWrote & ~(1 << REGISTER_INDEX.rax) : 0, memory: [] };
}
