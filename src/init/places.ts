/** Where a calling convention hands over parameters, in order. */
import type { ParameterValue } from '../code/code-shape.js';
import type { Parameter } from '../contract/contract.js';
import { MOST_STACK_PARAMETERS } from '../contract/limits.js';
import { type ConventionName, CONVENTIONS, firstOnStack } from '../x86/conventions.js';
import { CannotSay } from './proposal.js';

/** Which parameter a value is, 0 for the first; undefined if the convention hands over none there. */
export function positionOf(convention: ConventionName, value: ParameterValue): number | undefined {
  const registers = CONVENTIONS[convention].parameters;
  if (value.kind === 'entry') {
    const index = registers.indexOf(value.register);
    return index < 0 ? undefined : index;
  }
  const stack = (value.offset - firstOnStack(convention)) / 8;
  return stack < 0 ? undefined : registers.length + Math.floor(stack);
}

/** @throws CannotSay for a parameter that lies further up than a contract can name, or not where one begins */
export function placeFor(convention: ConventionName, value: ParameterValue): Parameter['place'] {
  if (value.kind === 'entry') return { register: value.register as Exclude<typeof value.register, 'rsp'> };
  const stack = (value.offset - firstOnStack(convention)) / 8;
  if (!Number.isInteger(stack) || stack >= MOST_STACK_PARAMETERS)
    throw new CannotSay(
      `it reads its caller's stack at [rsp+${value.offset}], which is no parameter that a contract can name`,
    );
  return { stack };
}
