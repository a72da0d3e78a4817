/** `corpus/targets/programs.json`: the objects that several sources make together. */
import { z } from 'zod';
import { readJson } from './read-json.js';

/** Where the list lies, relative to the package's root. */
export const PROGRAMS_PATH = 'corpus/targets/programs.json';

const FOLDER = 'corpus/targets';

const programsSchema = z.strictObject({
  schema: z.literal('tdxfuzz/programs/1'),
  /** Object beside the list -> its sources, relative to the list's folder, in the order of linking. */
  programs: z.record(
    z.string().regex(/^[\w.-]+\.o$/, 'a file name that ends in .o'),
    z
      .array(z.string().regex(/^(?!\/)(?!.*\.\.)[\w./-]+\.(c|S)$/, 'a .c or .S file below corpus/targets'))
      .min(1)
      .refine((parts) => new Set(parts).size === parts.length, 'names a part twice'),
  ),
});

export interface Program {
  /** Both relative to the package's root. */
  object: string;
  parts: string[];
}

/** @throws UsageError when the list is missing or is not what its schema says */
export function readPrograms(root: string): Program[] {
  const advice = { missing: 'it is part of the package: restore it', wrong: 'mend it' };
  const { programs } = readJson(root, PROGRAMS_PATH, programsSchema, advice);
  return Object.entries(programs).map(([object, parts]) => ({
    object: `${FOLDER}/${object}`,
    parts: parts.map((part) => `${FOLDER}/${part}`),
  }));
}
