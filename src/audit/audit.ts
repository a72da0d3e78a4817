/** The audit of an image: every function with TDCALL or SEAMCALL, judged by what holds for everybody. */
import { ImageError, type Image } from '../image/image.js';
import { AuditStage } from './audit-stage.js';
import { FunctionAudit } from './audit-function.js';
import type { ConventionName } from '../x86/conventions.js';
import { CALLING } from './calling.js';
import { type AuditFinding, findingKey, type FunctionVerdict } from './finding.js';
import { AuditRunner } from './run.js';
import { type AuditTarget, AuditTargets, type WrappedCall } from './wrapped-calls.js';

export interface AuditOptions {
  readonly seed: string;
  /** As the format of the file says if not given. */
  readonly convention?: ConventionName;
}

export interface ImageVerdict {
  readonly image: Image;
  readonly convention: ConventionName;
  /** By address. */
  readonly functions: readonly FunctionVerdict[];
  readonly nameless: readonly WrappedCall[];
  /** Why functions could not be run at all, or empty. */
  readonly problem: string;
}

/** Functions that are run; a whole kernel has some thirty. */
const MOST_FUNCTIONS = 400;
/** Callers of callers that only hand on what they are given are looked for so often. */
const MOST_ROUNDS = 4;

/** @throws nothing for what an image may hold: what cannot be run is said in the verdict */
export function auditImage(image: Image, { seed, convention }: AuditOptions): ImageVerdict {
  const usual = convention ?? image.convention;
  const found = new AuditTargets(image);
  const verdict = { image, convention: usual, nameless: found.nameless };
  if (found.targets.length === 0) return { ...verdict, functions: [], problem: '' };
  try {
    const runner = new AuditRunner(new AuditStage(image), CALLING[usual]);
    const functions: FunctionVerdict[] = [];
    let wave = [...found.targets, ...found.addCallers(found.targets)];
    for (let round = 0; round < MOST_ROUNDS && wave.length > 0; round++) {
      const conveyors: AuditTarget[] = [];
      for (const target of wave.slice(0, Math.max(0, MOST_FUNCTIONS - functions.length))) {
        const audit = new FunctionAudit(runner, target, seed, usual, convention !== undefined, found.targets.length);
        functions.push(audit.judge());
        if (target.own.length === 0 && audit.isConveyor) conveyors.push(target);
      }
      wave = conveyors.length === 0 ? [] : found.addCallers(conveyors);
    }
    const left = found.targets.length - functions.length;
    const problem = left > 0 ? `${left} further functions are not run: an audit runs ${MOST_FUNCTIONS}` : '';
    functions.sort((a, b) => (a.address < b.address ? -1 : 1));
    return { ...verdict, functions: withoutInherited(functions), problem };
  } catch (error) {
    if (error instanceof ImageError) return { ...verdict, functions: [], problem: error.message };
    throw error;
  }
}

/** A finding of a function that others call is one, and not one of each of them. */
function withoutInherited(functions: readonly FunctionVerdict[]): FunctionVerdict[] {
  const byName = new Map(functions.map((verdict) => [verdict.symbol, verdict]));
  const keysBelow = (verdict: FunctionVerdict): Set<string> => {
    const below = new Set<FunctionVerdict>();
    const left = [...verdict.calls];
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const callee = byName.get(name);
      if (callee === undefined || callee === verdict || below.has(callee)) continue;
      below.add(callee);
      left.push(...callee.calls);
    }
    return new Set([...below].flatMap(({ findings, notes }) => [...findings, ...notes].map(findingKey)));
  };
  return functions.map((verdict) => {
    const known = keysBelow(verdict);
    const own = (finding: AuditFinding): boolean => !known.has(findingKey(finding));
    const findings = verdict.findings.filter(own);
    return {
      ...verdict,
      findings,
      notes: verdict.notes.filter(own),
      inherited: verdict.findings.length - findings.length,
    };
  });
}
