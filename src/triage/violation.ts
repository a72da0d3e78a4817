/** From a violated clause to a violation with a place: the signature under which hits of one root cause are counted. */
import { symbolicName } from '../harness/functions.js';
import type { JudgedClause } from '../judge/judge.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { FACT, MOMENT, RIP_OFFSET } from '../observation/layout.js';
import { hex } from '../text/hex.js';
import { blame } from './blame.js';
import { recordTrace, type Trace } from './trace.js';

/** One root cause: everything that distinguishes it from another. */
export interface Signature {
  property: string;
  clause: string;
  /** Register, field or fact that is wrong. */
  slot: string;
  /** `symbol+0x1c` of the instruction to blame. */
  place: string;
}

/** Clauses of one property that blame one instruction for one slot speak of one root cause. */
export function signatureKey({ property, slot, place }: Omit<Signature, 'clause'> & { clause?: string }): string {
  return `${property}\t${slot}\t${place}`;
}

/** Traces of the case that a runner ran last. */
export interface CaseTraces {
  base: Trace;
  guest: Trace | undefined;
  host: Trace | undefined;
}

export function traceCase(runner: CaseRunner): CaseTraces {
  return { base: traceBase(runner), guest: traceGuest(runner), host: traceHost(runner) };
}

function traceBase({ context, harness }: CaseRunner): Trace {
  return recordTrace(harness, context.scenario, 0);
}

function traceGuest({ context, harness, guestScenario }: CaseRunner): Trace | undefined {
  return context.hasGuestCompanion ? recordTrace(harness, guestScenario, 1) : undefined;
}

function traceHost({ context, harness, hostScenario }: CaseRunner): Trace | undefined {
  return context.hasHostCompanion ? recordTrace(harness, hostScenario, 0) : undefined;
}

/** Index of the step in the base run that a clause's violation is put down to. */
export function blamedStep(runner: CaseRunner, clause: JudgedClause, traces: CaseTraces): number {
  // The placement of the base run is what addresses are judged by.
  runner.harness.placeFor(runner.context.scenario, 0);
  return blame(clause.clause, {
    compiled: runner.compiled,
    base: traces.base,
    companion: clause.needsGuest ? traces.guest : traces.host,
    fieldAddress: (field) => runner.harness.fieldAddress(field),
  });
}

/** `symbol+0x1c`: inside of the target by its name, whatever labels it has. */
export function placeName(runner: CaseRunner, address: bigint): string {
  const { entry, image, symbol } = runner.target;
  const offset = address - entry;
  if (offset >= 0n && offset < BigInt(runner.size)) return `${symbol}+${hex(offset)}`;
  return symbolicName(image, address) ?? hex(address);
}

/** Slots whose place is no function of the path and of what the world wrote. */
const BY_VALUE = /^addresses$|^final\.(rflags|mxcsr|x87cw|xmm|block\.)/;

/** Low half of the address of the instruction that trapped or faulted, which the path leaves out; 0 for a jump to no code. */
function unexecuted(observation: Int32Array): number {
  const rip = 2 * (MOMENT.final + RIP_OFFSET);
  const fetch = 2 * FACT.faultAddress;
  return observation[rip] === observation[fetch] && observation[rip + 1] === observation[fetch + 1]
    ? 0
    : observation[rip];
}

/**
 * Names the violations of the case that a runner ran last. The place depends on the path that the runs took and on what
 * the world wrote, so it is looked up once for each such combination and remembered: a broken function fails often.
 */
export class Violations {
  private readonly known = new Map<string, Signature>();

  constructor(private readonly runner: CaseRunner) {}

  /** @param count number of violated clauses in `runner.judge.violated` */
  signatures(count: number): Signature[] {
    const { judge } = this.runner;
    const found: Signature[] = [];
    let base: Trace | undefined;
    for (let index = 0; index < count; index++) {
      const clauseIndex = judge.violated[index];
      const clause = judge.clauses[clauseIndex];
      const key = this.key(clauseIndex, clause);
      let signature = this.known.get(key);
      if (signature === undefined) {
        // A companion is traced for the clauses that compare with it alone: tracing is most of a failing case's cost.
        base ??= traceBase(this.runner);
        const traces = {
          base,
          guest: clause.needsGuest ? traceGuest(this.runner) : undefined,
          host: clause.needsHost ? traceHost(this.runner) : undefined,
        };
        const step = traces.base.steps[blamedStep(this.runner, clause, traces)];
        const address = step?.address ?? this.runner.target.entry;
        signature = {
          property: clause.property.name,
          clause: clause.text,
          slot: clause.slot,
          place: placeName(this.runner, address),
        };
        this.known.set(key, signature);
      }
      found.push(signature);
    }
    return found;
  }

  /** Everything that the place depends on. */
  private key(clauseIndex: number, clause: JudgedClause): string {
    const { context, executions } = this.runner;
    const other = clause.needsGuest ? context.guest : clause.needsHost ? context.host : context.base;
    const facts: number[] = [clauseIndex];
    for (const observation of [context.base, other]) {
      for (const slot of [FACT.path, FACT.firstStrayWrite, FACT.firstBelowStack]) {
        facts.push(observation[2 * slot], observation[2 * slot + 1]);
      }
      facts.push(observation[2 * FACT.end], observation[2 * FACT.answered], unexecuted(observation));
    }
    // Which instruction changed flags, vector state or a field, and where two runs first use different addresses,
    // depends on the values themselves.
    if (BY_VALUE.test(clause.slot)) facts.push(executions);
    return facts.join(',');
  }
}
