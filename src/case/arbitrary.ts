/** The fast-check arbitrary of single cases: drawn from the space's mixture, shrunk to neutral first and then bit by bit. */
import type fc from 'fast-check';
import { type Case, type CaseSpace, copyCase } from './case.js';
import { DrawnArbitrary, type StreamWords } from './drawn-arbitrary.js';
import { simplerCases } from './shrink.js';

/** Cases of one target. */
export function cases(space: CaseSpace): fc.Arbitrary<Case> {
  return new DrawnArbitrary({
    draw: (words) => drawCases(space, words, 1)[0],
    simpler: (given) => simplerCases(given, space),
    canShrink: (value): value is Case => isCaseOf(space, value),
  });
}

/** The first `count` cases of the stream that four words start, each in a place of its own. */
export function drawCases(space: CaseSpace, words: StreamWords, count: number): Case[] {
  const drawn: Case[] = [];
  space.each(words, count, (one) => drawn.push(copyCase(one)));
  return drawn;
}

function isCaseOf({ actions }: CaseSpace, value: unknown): value is Case {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((step: Partial<Case[number]> | null) => {
      const action = actions.find(({ name }) => name === step?.action);
      return action !== undefined && step?.words instanceof Int32Array && step.words.length === 2 * action.slots.length;
    })
  );
}
