/** Where and how a process ran, as the `run` of a result and the history of nights tell it. Nothing of it is in `result`. */
import { z } from 'zod';
import { text } from '../../stored/case-schema.js';

export const LONGEST_COMMAND = 4000;

export const originSchema = z.strictObject({
  host: text(300).optional(),
  /** The whole command line, as the user would type it. */
  command: text(LONGEST_COMMAND + 300).optional(),
  /** The commit that was checked out in the working folder, where it is one of git. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/, 'a commit in hexadecimal')
    .optional(),
});

/** A moment, as `Date.prototype.toISOString` has it. */
export const instant = z.string().regex(/^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'a date and time in UTC');

/** The last millisecond that a Date has (ECMA-262, Time Values and Time Range). */
const LAST_DATE = 8.64e15;

/** Milliseconds since 1970, which may come from a hostile file, as an {@link instant}. */
export function dateOf(milliseconds: number): string {
  return new Date(Math.min(milliseconds, LAST_DATE)).toISOString();
}

export type Origin = z.infer<typeof originSchema>;

/** Commands that are named before the rest is only counted: shards differ in their number alone. */
const NAMED = 1;

/** What several processes have in common, and what each has for itself. */
export function joinOrigins(origins: readonly Origin[]): Origin {
  const each = <Key extends keyof Origin>(key: Key): string[] => [
    ...new Set(origins.flatMap(({ [key]: value }) => (value === undefined ? [] : [value]))),
  ];
  const hosts = each('host').sort();
  const commands = each('command').sort();
  const commits = each('commit');
  const more = commands.length - NAMED;
  return {
    ...(hosts.length > 0 && { host: hosts.join(', ').slice(0, 300) }),
    ...(commands.length > 0 && {
      command: `${commands.slice(0, NAMED).join('')}${more > 0 ? ` (and ${more} more)` : ''}`,
    }),
    // Of several there is no one commit that the result speaks of.
    ...(commits.length === 1 && { commit: commits[0] }),
  };
}
