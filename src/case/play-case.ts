/** Case files of programs: a story instead of a scenario, and the whole image, which is small. */
import { createHash } from 'node:crypto';
import { REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import { UsageError } from '../errors.js';
import { findFunction, functionExtent } from '../image/symbols.js';
import type { Play } from '../play/play.js';
import type { PlayRunner } from '../play/play-runner.js';
import { differingValues, type Story, type StorySpace, stepOf } from '../story/story.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import type { Signature } from '../triage/violation.js';
import { type CaseFile, MAX_CODE, type StoredValues } from './case-file.js';
import type { CaseOrigin } from './make-case.js';
import { PAGE, storedCode } from './stored-code.js';

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
    code: storedCode(image, symbol, extent.address, Math.min(extent.size, MAX_CODE), pagesOf(runner), image.fixups),
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

/** Every page of the image. */
function pagesOf({ image }: PlayRunner): bigint[] {
  const pages = new Set<bigint>();
  for (const { address, size } of image.segments)
    for (let page = address - (address % PAGE); page < address + BigInt(size); page += PAGE) pages.add(page);
  return [...pages].sort((a, b) => (a < b ? -1 : 1));
}

/** What the first case files did not know of a return: their digests must stay what they are. */
const ADDED_LATER = new Set(['below', 'vector']);

/** Digest of everything that happened: the way of the code, each exchange with its values, each answer. */
export function playDigest({ entries }: Play): string {
  const digest = createHash('sha256');
  for (const { step, observed, answer } of entries) {
    digest.update(`${step} ${observed?.moment} ${observed?.pathLow} ${observed?.pathHigh}\n`);
    for (const values of [observed?.values ?? {}, answer])
      for (const [name, value] of Object.entries(values))
        if (!ADDED_LATER.has(name)) digest.update(`${name} ${hex(value)}\n`);
  }
  return digest.digest('hex');
}
