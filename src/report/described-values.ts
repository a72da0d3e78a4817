/** Names and values of a finding's case as the person who reads it knows them. */
import type { CaseFile } from '../stored/case-schema.js';
import { compileContract } from '../contract/compiled.js';
import { worded } from '../text/worded.js';
import { describeSlot, type SlotText } from './describe-slot.js';

export type Describe = (name: string, value: string) => SlotText;

const NO_WORDS = {};

/**
 * A result that somebody else wrote may name a slot that there is not: it is told as it is.
 *
 * @param words what values of a program's case are called; those of a stub's follow from its contract
 */
export function describerOf(
  { set, body }: CaseFile['contract'],
  words: Readonly<Record<string, string>> = NO_WORDS,
): Describe {
  const compiled = 'program' in body ? undefined : compileContract(body, set);
  return (name, value) => {
    if (compiled === undefined)
      return { name, value: worded(value, Object.hasOwn(words, name) ? words[name] : undefined) };
    try {
      return describeSlot(compiled, name, value);
    } catch {
      return { name, value };
    }
  };
}
