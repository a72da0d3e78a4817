/** Case files of programs: a story instead of a scenario. */
import { createHash } from 'node:crypto';
import { REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import { UsageError } from '../errors.js';
import { functionExtent } from '../harness/functions.js';
import { findFunction } from '../image/symbols.js';
import type { Play } from '../play/play.js';
import type { PlayRunner } from '../play/play-runner.js';
import { differingValues, type Story, type StorySpace, stepOf } from '../story/story.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { tracePlay } from '../triage/play-trace.js';
import type { Signature } from '../triage/violation.js';
import type { CaseFile, StoredValues } from './case-file.js';
import type { CaseOrigin } from './make-case.js';
import { storedCode } from './stored-code.js';
import { Touched } from './touched.js';

/** The values of a story that differ from neutral, as `STEP.SLOT`; steps count from 1. */
export function storyValues(story: Story, space: StorySpace): Record<string, string> {
  return Object.fromEntries(
    story.flatMap((step, index) =>
      differingValues(space, step).map(([name, value]) => [`${index + 1}.${name}`, hex(value)]),
    ),
  );
}

/** A story as case files have it. */
export function namedStory(story: Story, space: StorySpace): NonNullable<CaseFile['story']> {
  return story.map((step) => ({
    action: step.action,
    values: Object.fromEntries(differingValues(space, step).map(([name, value]) => [name, hex(value)])),
  }));
}

/** @throws UsageError for a story that is none of this program */
export function storyOf({ story = [] }: StoredValues, { actions }: StorySpace): Story {
  return story.map(({ action: name, values }, index) => {
    const action = actions.find((candidate) => candidate.name === name);
    if (action === undefined) throw new UsageError(`story.${index}: no action ${shorten(name, 60)} in this program`);
    const unknown = Object.keys(values).find((slot) => !Object.hasOwn(action.slots, slot));
    if (unknown !== undefined) throw new UsageError(`story.${index}.values: unknown slot ${shorten(unknown, 60)}`);
    return stepOf(action, Object.fromEntries(Object.entries(values).map(([slot, value]) => [slot, BigInt(value)])));
  });
}

/** The case of the story that the runner played last. */
export function caseOfPlay(
  runner: PlayRunner,
  symbol: string,
  signature: Signature | undefined,
  origin: CaseOrigin,
): CaseFile {
  const { image, contract, play, space } = runner;
  const extent = functionExtent(image, findFunction(image, symbol));
  const answered = play.entries.filter(({ answer }) => Object.keys(answer).length > 0);
  return {
    schema: 'tdxfuzz/case/1',
    tool: origin.tool,
    target: origin.target,
    symbol,
    image: { name: image.name, hash: image.hash },
    contract: { set: origin.set, body: contract },
    model: { module: REFERENCE_CONFIGURATION.version },
    code: storedCode(image, { symbol, entry: extent.address, size: extent.size }, touchedBy(runner)),
    scenario: {},
    story: namedStory(play.story, space),
    answers: answered.slice(0, MOST_ANSWERS).map(({ observed, answer }) => ({
      call: (observed?.moment ?? '').slice(0, LONGEST_NAME),
      registers: Object.fromEntries(
        Object.entries(answer).map(([name, value]) => [name.slice(0, LONGEST_REGISTER), hex(value)]),
      ),
    })),
    expect: signature === undefined ? null : { ...signature, trace: playDigest(play) },
    found: origin.found,
  };
}

/** What the schema of cases has room for. */
const MOST_ANSWERS = 64;
const LONGEST_NAME = 20;
const LONGEST_REGISTER = 10;

/** All that the machines touched that run the case's image, and what exchanges may be put down to. */
function touchedBy(runner: PlayRunner): Touched {
  const { play, image } = runner;
  const touched = new Touched();
  for (const [stage, { steps }] of tracePlay(runner, play.story)) {
    if (stage.image !== image) continue;
    touched.addSteps(steps);
    touched.addAddress(stage.rip);
  }
  for (const { observed } of play.entries) if (observed?.stage.image === image) touched.addAddress(observed.at);
  return touched;
}

/** Digest of everything that happened: the way of the code, each exchange with its values, each answer. */
export function playDigest({ entries }: Play): string {
  const digest = createHash('sha256');
  for (const { step, observed, answer } of entries) {
    digest.update(`${step} ${observed?.moment} ${observed?.pathLow} ${observed?.pathHigh}\n`);
    for (const values of [observed?.values ?? {}, answer])
      for (const [name, value] of Object.entries(values)) digest.update(`${name} ${hex(value)}\n`);
  }
  return digest.digest('hex');
}
