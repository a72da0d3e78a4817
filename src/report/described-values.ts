/** Names and values of a finding's case as the person who reads it knows them. */
import type { CaseFile } from '../stored/case-schema.js';
import { compileContract } from '../contract/compiled.js';
import { describeSlot, type SlotText } from './describe-slot.js';

export type Describe = (name: string, value: string) => SlotText;

/** A result that somebody else wrote may name a slot that there is not: it is told as it is. */
export function describerOf({ set, body }: CaseFile['contract']): Describe {
  const compiled = 'program' in body ? undefined : compileContract(body, set);
  return (name, value) => {
    if (compiled === undefined) return { name, value };
    try {
      return describeSlot(compiled, name, value);
    } catch {
      return { name, value };
    }
  };
}
