/**
 * What "simpler" means, written down once. A case is simpler than another if it has fewer steps; between equals, if fewer
 * values differ from neutral; then, if those that the code interprets have fewer bits set. So the passes, in order of how
 * much they can remove:
 *
 *  1. half of the steps, then quarters, then single ones taken out;
 *  2. everything neutral at once; then a whole group of it: faults and placement, answers, secrets, arguments; all of one
 *     step; one value of all steps that have it;
 *  3. one value neutral;
 *  4. two values of one step: an address and the width that makes it valid go together or not at all;
 *  5. in a value that the code interprets: half of the bits cleared, then quarters, then single bits. Clearing bits is
 *     monotone and needs at most 64 steps; counting down would need thousands.
 *
 * What the code may not be called with is no candidate. Values that nobody interprets (secrets, most of what a host
 * answers) are either neutral or left as they are: a smaller secret is not a simpler one. No pass has a side effect, since
 * fast-check calls shrink during replay without running anything.
 */
import { writeHalves } from '../halves.js';
import { actionOf, type Case, type CaseSpace, differing, type Position, type Role, slotOf } from './case.js';

const GROUPS: readonly Role[] = ['control', 'answer', 'secret', 'argument'];

/** Candidates simpler than `given`, lazily, most promising first. */
export function* simplerCases(given: Case, space: CaseSpace): Generator<Case> {
  yield* withoutSteps(given);
  const different = differing(space, given);
  if (different.length === 0) return;
  const wasFair = given.map((step) => space.isFair(step));
  for (const candidate of simplerValues(given, space, different))
    if (candidate.every((step, index) => step === given[index] || !wasFair[index] || space.isFair(step)))
      yield candidate;
}

function* withoutSteps(given: Case): Generator<Case> {
  for (let size = given.length >> 1; size >= 1; size >>= 1)
    for (let from = given.length - size; from >= 0; from -= size)
      yield [...given.slice(0, from), ...given.slice(from + size)];
}

function* simplerValues(given: Case, space: CaseSpace, different: readonly Position[]): Generator<Case> {
  const tried = new Set<string>();
  for (const positions of togetherNeutral(given, space, different)) {
    const key = positions.map(({ step, slot }) => `${step}.${slot}`).join(' ');
    // Two values can be a whole group, and a group all that a step has.
    if (tried.has(key)) continue;
    tried.add(key);
    yield withNeutral(given, space, positions);
  }
  for (const position of different)
    if (slotAt(given, space, position).isInterpreted) yield* clearBits(given, space, position);
}

/** Which values are made neutral together, in order. */
function* togetherNeutral(
  given: Case,
  space: CaseSpace,
  different: readonly Position[],
): Generator<readonly Position[]> {
  yield different;
  yield* groups(given, space, different);
  if (different.length > 1) for (const one of different) yield [one];
  if (different.length > 2)
    for (const [index, one] of different.entries())
      for (const other of different.slice(index + 1)) if (other.step === one.step) yield [one, other];
}

/** Values that may go together: more than one of them, and not all. */
function* groups(given: Case, space: CaseSpace, different: readonly Position[]): Generator<Position[]> {
  const roleOf = (position: Position): Role => slotAt(given, space, position).role;
  const nameOf = (position: Position): string => slotAt(given, space, position).name;
  const some = function* (group: Position[]): Generator<Position[]> {
    if (group.length > 1 && group.length < different.length) yield group;
  };
  for (const role of GROUPS) yield* some(different.filter((position) => roleOf(position) === role));
  if (given.length === 1) return;
  for (let step = 0; step < given.length; step++) yield* some(different.filter((position) => position.step === step));
  for (const name of new Set(different.map(nameOf)))
    yield* some(different.filter((position) => nameOf(position) === name));
}

function slotAt(given: Case, space: CaseSpace, { step, slot }: Position) {
  return actionOf(space, given[step].action).slots[slot];
}

function withNeutral(given: Case, space: CaseSpace, positions: readonly Position[]): Case {
  const simpler = [...given];
  for (const position of positions) {
    const { step, slot } = position;
    const { action, words } = simpler[step];
    const own = words === given[step].words ? words.slice() : words;
    writeHalves(own, 2 * slot, slotAt(given, space, position).neutral);
    simpler[step] = { action, words: own };
  }
  return simpler;
}

function* clearBits(given: Case, space: CaseSpace, position: Position): Generator<Case> {
  const { step, slot } = position;
  const { action, words } = given[step];
  const value = slotOf(given[step], slot);
  // The neutral value was tried already.
  const tried = new Set([value, slotAt(given, space, position).neutral]);
  for (let width = 32; width >= 1; width >>= 1) {
    for (let bit = 64 - width; bit >= 0; bit -= width) {
      const cleared = value & ~(((1n << BigInt(width)) - 1n) << BigInt(bit));
      if (tried.has(cleared)) continue;
      tried.add(cleared);
      const simpler = words.slice();
      writeHalves(simpler, 2 * slot, cleared);
      yield given.map((other, index) => (index === step ? { action, words: simpler } : other));
    }
  }
}
