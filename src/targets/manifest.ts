/** `corpus/bugs/manifest.json`: for each broken twin, its mistake and what must be found in it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.js';

/** Where the manifest lies, relative to the package's root. */
export const MANIFEST_PATH = 'corpus/bugs/manifest.json';

const place = z.strictObject({ object: z.string().min(1), symbol: z.string().min(1) });

const twinSchema = z.strictObject({
  /** Unique; the symbol with dashes, then the generation. */
  id: z.string().regex(/^[a-z0-9.-]+$/, 'lower-case letters, digits, . and -'),
  ...place.shape,
  /** `SET/FUNCTION`. */
  contract: z.string().regex(/^[^/]+\/[^/]+$/, 'SET/FUNCTION'),
  /** One sentence. */
  mistake: z.string().min(1),
  /** The upstream commit that mended the same mistake, or null. */
  reference: z.string().min(1).nullable(),
  /** The property that must fire, with the slot of its clause. */
  property: z.string().min(1),
  slot: z.string().min(1),
  /** The culprit, as objdump prints it (a branch: with its target in place of the address). */
  instruction: z.string().min(1),
  /** Where the culprit begins, from the symbol, in bytes. */
  offset: z.string().regex(/^0x[0-9a-f]+$/, 'a hexadecimal number written as 0x...'),
  /** Other properties that the mistake breaks. */
  alsoBreaks: z.array(z.string().min(1)),
  /** The clean neighbour, on which everything must stay silent. */
  fixed: place,
});

export type Twin = z.infer<typeof twinSchema>;

/** @throws UsageError when the manifest is missing or is not what its schema says, or names an id twice */
export function readManifest(root: string): Twin[] {
  const path = join(root, MANIFEST_PATH);
  if (!existsSync(path)) throw new UsageError(`${path}: no such file; it is part of the package: restore it`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new UsageError(`${path}: not JSON; mend it`);
  }
  const parsed = z.array(twinSchema).safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`${path}: twin ${issue.path.join('.')}: ${issue.message}; mend it`);
  }
  const ids = new Set<string>();
  for (const { id } of parsed.data) {
    if (ids.has(id)) throw new UsageError(`${path}: two twins have the id ${id}; rename one`);
    ids.add(id);
  }
  return parsed.data;
}
