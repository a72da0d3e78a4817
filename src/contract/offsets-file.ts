/** Where KVM's structures lie, as a file: of a build with debug information, for objects of the same configuration without. */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { readJson } from '../files.js';
import { shorten } from '../text/escape.js';

export const OFFSETS_SCHEMA = 'tdxfuzz/offsets/1';
const LARGEST_FILE = 2 ** 20;
const HINT = 'give a file that tdxfuzz offsets wrote';
/** No structure is larger. */
const MOST_BYTES = 1 << 16;

const bytes = z.number().int().min(0).max(MOST_BYTES);
const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]{0,199}$/, 'a name of C, its parts parted by dots');

export const offsetsSchema = z.strictObject({
  schema: z.literal(OFFSETS_SCHEMA),
  image: z
    .strictObject({ name: z.string().max(4096), hash: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256') })
    .optional()
    .describe('What they were read from; for people.'),
  structures: z
    .record(
      name,
      z.strictObject({
        size: bytes.describe('Bytes of the structure.'),
        members: z.record(
          name,
          z.strictObject({
            offset: bytes.describe('Bytes from the start of the structure.'),
            bytes: bytes.describe('Bytes of the member; 0 for one that is a structure, an array, or unknown.'),
          }),
        ),
      }),
    )
    .describe('Structure -> where its members lie, by path: arch.pio.count.'),
});

/** Structure -> its size, and its members by path. */
export type Offsets = z.infer<typeof offsetsSchema>['structures'];

/** @throws UsageError with one line that names the file and what is wrong */
export function readOffsets(path: string): Offsets {
  const { data, error } = offsetsSchema.safeParse(readJson(path, LARGEST_FILE, HINT));
  if (data !== undefined) return data.structures;
  const [issue] = error.issues;
  const where = issue.path.map(String).join('.');
  throw new UsageError(
    `${shorten(path)}: ${where === '' ? '' : `${shorten(where)}: `}${shorten(issue.message, 200)}; ${HINT}`,
  );
}

/** The text of such a file: sorted, so that two of them can be compared. */
export function offsetsText(structures: Readonly<Offsets>, image: { name: string; hash: string }): string {
  const inOrder = Object.fromEntries(
    sortedEntries(structures).map(([structure, { size, members }]) => [
      structure,
      { size, members: Object.fromEntries(sortedEntries(members)) },
    ]),
  );
  const { name: from, hash } = image;
  return `${JSON.stringify({ schema: OFFSETS_SCHEMA, image: { name: from, hash }, structures: inOrder }, null, 2)}\n`;
}

function sortedEntries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
