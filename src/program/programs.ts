/** Every program that a contract can name. */
import { UsageError } from '../errors.js';
import type { Program } from '../play/program.js';
import { nearest } from '../text/nearest.js';
import { ONE_EXIT_PROGRAM, SEQUENCE_PROGRAM } from './dispatcher/programs.js';
import { HELPER_PROGRAMS } from './helper/helpers.js';
import { ROUND_TRIP_PROGRAM } from './round-trip/program.js';
import { ERRNO_OF_SEAMCALL } from './wrapper/errno-of-seamcall.js';
import { RETRIED_SEAMCALL } from './wrapper/retried-seamcall.js';

export const PROGRAMS: readonly Program[] = [
  ...HELPER_PROGRAMS,
  ERRNO_OF_SEAMCALL,
  RETRIED_SEAMCALL,
  ONE_EXIT_PROGRAM,
  SEQUENCE_PROGRAM,
  ROUND_TRIP_PROGRAM,
];

/** @throws UsageError with the nearest names */
export function findProgram(name: string): Program {
  const found = PROGRAMS.find((program) => program.name === name);
  if (found !== undefined) return found;
  throw new UsageError(
    `no program ${name}; ${nearest(
      name,
      PROGRAMS.map((program) => program.name),
    )}`,
  );
}
