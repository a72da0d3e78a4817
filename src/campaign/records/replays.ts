/** Stored cases that are replayed on a target before fresh ones. */
import type { CaseFile } from '../../case/case-file.js';
import type { StoredCase } from '../../case/stored-cases.js';
import { UsageError } from '../../errors.js';
import type { Subject } from '../blocks/subject.js';
import { type AnyTarget, isProgram } from '../targets/target.js';

export interface Replay {
  /** The file that it came from. */
  name: string;
  values: ReturnType<Subject['valuesOf']>;
}

/** Whether a case was made under the target's contract: the same set, the same function of it, the same kind of code. */
export function speaksOf({ contract: { set, body } }: CaseFile, target: AnyTarget): boolean {
  const contract = isProgram(target) ? target.program : target.contract;
  return set === target.set && body.symbol === contract.symbol && programOf(body) === programOf(contract);
}

/** Of two contracts with one symbol: which program, or undefined for a stub. */
function programOf(contract: object): unknown {
  return 'program' in contract ? contract.program : undefined;
}

/** @throws UsageError naming a case with values that the target's contract has no place for */
export function replaysOf(target: AnyTarget, subject: Subject, stored: readonly StoredCase[]): Replay[] {
  return stored
    .filter(({ file }) => speaksOf(file, target))
    .map(({ name, file }) => {
      try {
        return { name, values: subject.valuesOf(file) };
      } catch (error) {
        if (error instanceof UsageError) throw new UsageError(`${name}: ${error.message}`);
        throw error;
      }
    });
}
