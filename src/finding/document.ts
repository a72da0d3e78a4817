/** A finding told instruction by instruction: made once, when it is found; every format renders it. */
import { sourceLine } from '../image/line-table.js';
import type { Runner } from '../run/runner.js';
import type { TraceDocument } from '../run/trace-document.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import type { Account } from './account.js';
import { callersOf } from './callers.js';
import { documentSteps, type SourceOf } from './trace-steps.js';

/** @param runner ran the account's case last */
export function documentOf({ violation, trace, step }: Account, runner: Runner): TraceDocument {
  const told = runner.tell(trace, violation);
  const document = documentSteps(told, step, (address) => runner.place(address, violation), sourcesOf(runner));
  const register = registerOf(violation.clause.slot);
  const callers = callersOf(trace.steps, step, (address) => runner.place(address, violation));
  const stepAt = (index: number): number | undefined => {
    const at = index - document.leftOut.before;
    return index >= 0 && at >= 0 && at < document.steps.length ? at : undefined;
  };
  return {
    ...document,
    otherSide: told.otherSide,
    end: told.end,
    ...(callers.length > 0 && { callers }),
    ...(register !== undefined && { register }),
    ...(told.story !== undefined && { story: told.story(stepAt) }),
  };
}

/** A line of the image that a target is of, which is the only one that has lines. */
function sourcesOf({ image }: Runner): SourceOf {
  return (address) => sourceLine(image, address);
}

/** Of a finding that no run repeats. */
export const NO_DOCUMENT: TraceDocument = {
  otherSide: 'host',
  method: 'followed',
  initial: [],
  steps: [],
  blamed: -1,
  leftOut: { before: 0, behind: 0 },
  end: 'not known: no run repeats it',
};

/** A run without a violation, for the trace alone. @param runner ran the case last */
export function documentOfRun(runner: Runner): TraceDocument {
  const trace = runner.trace();
  const told = runner.tell(trace, undefined);
  const document = documentSteps(told, -1, (address) => runner.place(address), sourcesOf(runner));
  const story = told.story?.((index) => (index < document.steps.length ? index : undefined));
  return { ...document, otherSide: told.otherSide, end: told.end, ...(story !== undefined && { story }) };
}

/** Moments at which a register is looked at as such: those of stubs, and exchanges of programs. */
const REGISTER_SLOT = /^(?:initial|call|answer|final|return|TDVMCALL|TDCALL|SEAMCALL)\.(\w+)$/;

/** `final.rbx`, `TDVMCALL.r10`; a field of that name in memory (`final.block.r10`) is no register. */
function registerOf(slot: string): string | undefined {
  const name = REGISTER_SLOT.exec(slot)?.[1];
  return [...REGISTER_NAMES, 'rflags'].find((register) => register === name);
}
