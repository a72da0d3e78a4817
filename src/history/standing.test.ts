import { describe, expect, it } from 'vitest';
import type { FindingResult, TargetResult } from '../campaign/records/result.js';
import { madeFinding, madeResult, madeTarget } from '../expect/made-result.test.helper.js';
import { endNight } from './end-night.js';
import { mergedNight } from './merged-night.js';
import { type History, NO_HISTORY } from './nights.js';
import { onlyFresh, standingOf } from './standing.js';

const [FIRST, SECOND, THIRD] = [1, 2, 3].map((day) => `2026-01-0${day}T22:00:00.000Z`);
const print = (letter: string): string => letter.repeat(64);

/** @param build of the target */
const target = (findings: FindingResult[], build = 'a', change: Partial<TargetResult> = {}): TargetResult =>
  madeTarget('img/f', findings, { fingerprint: print(build), ...change });

/** The history after one more night. */
function after(history: History, targets: TargetResult[], start: string): History {
  const result = madeResult(targets, { start, end: start });
  return endNight(history, [], result, 100).history;
}

describe('what stands', () => {
  const one = madeFinding();
  const history = after(NO_HISTORY, [target([one])], FIRST);

  it('is new the first time, and still there since then', () => {
    expect(standingOf([target([one])], [], FIRST)).toMatchObject({ fresh: [{ place: 'f+0x10' }], still: [], gone: [] });
    expect(standingOf([target([one])], history.open, SECOND)).toMatchObject({
      fresh: [],
      still: [{ place: 'f+0x10', since: FIRST }],
      gone: [],
    });
  });

  it('is the same finding where the code around it moved', () => {
    const moved = target([madeFinding({ place: 'f+0x18' })], 'b');
    expect(standingOf([moved], history.open, SECOND)).toMatchObject({ fresh: [], still: [{ since: FIRST }], gone: [] });
  });

  it('is another one in the same code at another place', () => {
    const other = target([madeFinding({ place: 'f+0x18' })]);
    expect(standingOf([other], history.open, SECOND)).toMatchObject({ fresh: [{}], still: [], gone: [{}] });
  });

  it('is gone only of a target that was judged', () => {
    expect(standingOf([target([], 'b')], history.open, SECOND).gone).toMatchObject([{ since: FIRST }]);
    const unjudged = standingOf([target([], 'b', { problem: 'unknown instruction' })], history.open, SECOND);
    expect(unjudged).toMatchObject({ gone: [], open: [{ since: FIRST }] });
  });

  it('stays known through a night that did not run its target', () => {
    const without = after(history, [madeTarget('other/g', [])], SECOND);
    expect(standingOf([target([one])], without.open, THIRD).still).toMatchObject([{ since: FIRST }]);
  });

  it('is no new finding because one more value of the same mistake was seen', () => {
    const more = madeFinding({ slot: 'final.rdi' });
    const both = target([more, one], 'a', { causes: [{ members: [0, 1], alsoBreaks: [] }] });
    expect(standingOf([both], history.open, SECOND)).toMatchObject({ fresh: [], still: [{ since: FIRST }] });
  });

  it('that is accepted is neither new nor still, and keeps its date', () => {
    const accepted = target([{ ...one, accepted: { reason: 'known' } }]);
    const standing = standingOf([accepted], history.open, SECOND);
    expect(standing).toMatchObject({ fresh: [], still: [], gone: [], open: [{ since: FIRST, accepted: true }] });
  });

  it('is accepted where only new ones count', () => {
    const other = madeFinding({ slot: 'final.rdi' });
    const targets = [target([one, other])];
    const [{ findings }] = onlyFresh(targets, standingOf(targets, history.open, SECOND));
    expect(findings.map(({ accepted }) => accepted !== undefined)).toEqual([true, false]);
  });
});

describe('a night of several shards', () => {
  const [one, other] = [madeFinding(), madeFinding({ slot: 'final.rdi' })];
  // One shard found the first a night ago, the other one found the second tonight.
  const first = after(after(NO_HISTORY, [target([one])], FIRST), [target([one])], SECOND);
  const second = after(after(NO_HISTORY, [target([])], FIRST), [target([other])], SECOND);

  it('knows what any of its shards knew before', () => {
    expect(mergedNight([first, second], [target([one, other])])).toMatchObject({
      number: 2,
      fresh: [{ slot: 'final.rdi' }],
      still: [{ slot: 'final.rsi', since: FIRST }],
      gone: [],
    });
  });

  it('says once what is gone in several of them', () => {
    const fixed = after(first, [target([], 'b')], THIRD);
    expect(mergedNight([fixed, fixed], [target([], 'b')])).toMatchObject({
      fresh: [],
      still: [],
      gone: [{ slot: 'final.rsi', since: FIRST }],
    });
  });

  it('is none where no shard is a night', () => expect(mergedNight([NO_HISTORY], [target([one])])).toBeUndefined());
});
