/** The audit of an image: every function with TDCALL or SEAMCALL, judged by what holds for everybody. */
import { ImageError, type Image } from '../image/image.js';
import { AuditStage } from './audit-stage.js';
import { FunctionAudit } from './audit-function.js';
import { CALLING, conventionOf, type ConventionName } from './calling.js';
import type { FunctionVerdict } from './finding.js';
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

/** Callers of callers that only hand on what they are given are looked for so often. */
const MOST_ROUNDS = 4;

/** @throws nothing for what an image may hold: what cannot be run is said in the verdict */
export function auditImage(image: Image, { seed, convention = conventionOf(image) }: AuditOptions): ImageVerdict {
  const found = new AuditTargets(image);
  const verdict = { image, convention, nameless: found.nameless };
  if (found.targets.length === 0) return { ...verdict, functions: [], problem: '' };
  try {
    const runner = new AuditRunner(new AuditStage(image), CALLING[convention]);
    const functions: FunctionVerdict[] = [];
    let wave = [...found.targets, ...found.addCallers(found.targets)];
    for (let round = 0; round < MOST_ROUNDS && wave.length > 0; round++) {
      const conveyors: AuditTarget[] = [];
      for (const target of wave) {
        const audit = new FunctionAudit(runner, target, seed);
        functions.push(audit.judge());
        if (target.own.length === 0 && audit.isConveyor) conveyors.push(target);
      }
      wave = conveyors.length === 0 ? [] : found.addCallers(conveyors);
    }
    functions.sort((a, b) => (a.address < b.address ? -1 : 1));
    return { ...verdict, functions, problem: '' };
  } catch (error) {
    if (error instanceof ImageError) return { ...verdict, functions: [], problem: error.message };
    throw error;
  }
}
