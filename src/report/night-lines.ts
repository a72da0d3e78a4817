/** What a night adds to those before it, for people. */
import type { LocatedFinding, RunResult, StandingFinding } from '../campaign/records/result.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';

/** Findings of each kind that are named before the rest is only counted. */
const NAMED = 20;

/** `2026-11-30 22:00` of a date and time in UTC. */
export const minute = (date: string): string => date.slice(0, 16).replace('T', ' ');

export function locatedText({ target, property, slot, place }: LocatedFinding): string {
  return `${shorten(target)}: ${property}: ${slot} at ${shorten(place)}`;
}

/** Nothing where the result is of no night. */
export function nightLines({ run: { night } }: RunResult): string[] {
  if (night === undefined) return [];
  const { number, resumed, fresh, still, gone } = night;
  const since = (one: StandingFinding): string => `${locatedText(one)}, since ${minute(one.since)}`;
  return [
    ...abridged('new', pc.red, fresh.map(locatedText)),
    ...abridged('still', pc.yellow, still.map(since)),
    ...abridged('gone', pc.green, gone.map(since)),
    `night ${number}, ${resumed ? 'went on from the state' : 'a fresh state'}: ${fresh.length} new, ${still.length} still, ${gone.length} gone`,
  ];
}

function abridged(word: string, colour: (text: string) => string, texts: readonly string[]): string[] {
  const more = texts.length - NAMED;
  return [
    ...texts.slice(0, NAMED).map((text) => `${colour(word.padEnd(5))} ${text}`),
    ...(more > 0 ? [`${colour(word.padEnd(5))} and ${more} more`] : []),
  ];
}
