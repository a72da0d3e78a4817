/** The audit of an image: every function with TDCALL or SEAMCALL, judged by what holds for everybody. */
import { ImageError, type Image } from '../image/image.js';
import { AuditStage } from './audit-stage.js';
import { FunctionAudit } from './audit-function.js';
import { CALLING, conventionOf, type ConventionName } from './calling.js';
import type { FunctionVerdict } from './finding.js';
import { AuditRunner } from './run.js';
import { auditTargets, type WrappedCall } from './wrapped-calls.js';

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

export function auditImage(image: Image, { seed, convention = conventionOf(image) }: AuditOptions): ImageVerdict {
  const { targets, nameless } = auditTargets(image);
  const verdict = { image, convention, nameless };
  if (targets.length === 0) return { ...verdict, functions: [], problem: '' };
  try {
    const runner = new AuditRunner(new AuditStage(image), CALLING[convention]);
    const functions = targets.map((target) => new FunctionAudit(runner, target, seed).judge());
    return { ...verdict, functions, problem: '' };
  } catch (error) {
    if (error instanceof ImageError) return { ...verdict, functions: [], problem: error.message };
    throw error;
  }
}
