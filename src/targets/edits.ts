/** `corpus/bugs/edits.json`: the broken twins that are the sources of a clean object with one edit. */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';
import { readJson } from './read-json.js';
import { type Edit, type EditedTwin, twinShape } from './twin.js';

/** Where the list lies, relative to the package's root. */
export const EDITS_PATH = 'corpus/bugs/edits.json';

const rowSchema = z
  .strictObject({
    ...twinShape,
    /** The same symbol in it is the fixed twin. */
    of: z.string().regex(/^corpus\/targets\/[\w.-]+\.o$/, 'corpus/targets/NAME.o'),
    file: z.string().regex(/^corpus\/targets\/(?!.*\.\.)/, 'a file below corpus/targets'),
    replace: z.string().min(1),
    with: z.string(),
    place: z.string().regex(/^[^\s+]+\+0x[0-9a-f]+$/, 'SYMBOL+0x...'),
  })
  .refine(({ id, object }) => object === `corpus/bugs/${id}.o`, { path: ['object'], error: 'not corpus/bugs/ID.o' });

const editsSchema = z.strictObject({ schema: z.literal('tdxfuzz/edits/1'), twins: z.array(rowSchema) });

/** @throws UsageError when the list is missing or is not what its schema says */
export function readEditedTwins(root: string): EditedTwin[] {
  const advice = { missing: 'it is part of the package: restore it', wrong: 'mend it' };
  return readJson(root, EDITS_PATH, editsSchema, advice).twins.map(
    ({ of, file, replace, with: replacement, ...facts }) => ({
      ...facts,
      kind: 'edited',
      edit: { of, file, replace, with: replacement },
      fixed: { object: of, symbol: facts.symbol },
    }),
  );
}

/**
 * A file's text with the edit made.
 * @param object of the twin, for messages
 * @throws UsageError unless the text to be replaced stands there exactly once
 */
export function applyEdit(text: string, edit: Edit, object: string): string {
  const [before, ...after] = text.split(edit.replace);
  if (after.length === 1) return `${before}${edit.with}${after[0]}`;
  const problem =
    after.length === 0
      ? `does not stand in ${edit.file}; copy it from there`
      : `stands ${after.length} times in ${edit.file}; take in more of what is around it`;
  throw new UsageError(`${EDITS_PATH}: ${object}: "${shorten(edit.replace)}" ${problem}`);
}
