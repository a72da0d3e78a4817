/** Every program that a contract can name. */
import { UsageError } from '../errors.js';
import type { Program } from '../play/program.js';
import { nearest } from '../text/nearest.js';

export const PROGRAMS: readonly Program[] = [];

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
