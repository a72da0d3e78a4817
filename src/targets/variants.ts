/**
 * The must-stay-silent variants of `corpus/variants`: sound functions, as unlike each other as code can be that keeps one contract.
 * A variant leaves the list only for a reason, which then stands in it.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { readJson } from './read-json.js';
import { functionShape } from './twin.js';

/** Where the list lies, relative to the package's root; the contract files that it names lie beside it. */
export const VARIANTS_PATH = 'corpus/variants/variants.json';
const FOLDER = 'corpus/variants';

const NAME = /^[a-z0-9-]+$/;

const variantSchema = z.strictObject({
  ...functionShape,
  /** The way in which it differs; at most eight of one kind. */
  kind: z.string().regex(NAME, 'lower-case letters, digits and -'),
  /** `SET/FUNCTION` of the library, or `FILE.json/FUNCTION` of a contract file beside the list. */
  contract: z.string().regex(/^[^/]+\/[^/]+$/, 'SET/FUNCTION or FILE.json/FUNCTION'),
  /** What it does in its own way, in one sentence. */
  what: z.string().min(1).max(200),
});

const listSchema = z.strictObject({
  schema: z.literal('tdxfuzz/variants/1'),
  variants: z.array(variantSchema).min(1),
  /** Those that left. */
  retired: z.array(z.strictObject({ id: z.string().min(1), reason: z.string().min(1) })),
});

export interface Variant extends z.infer<typeof variantSchema> {
  /** Unique: object and symbol. */
  id: string;
  /** Path of the contract file; undefined: the library has it. */
  contractFile: string | undefined;
}

/**
 * @param root of the package
 * @throws UsageError for a list that is missing or wrong, or that has one function twice
 */
export function readVariants(root: string): Variant[] {
  const advice = { missing: 'it is part of the package: restore it', wrong: 'mend it' };
  const { variants } = readJson(root, VARIANTS_PATH, listSchema, advice);
  const ids = new Set<string>();
  return variants.map((variant) => {
    const id = `${variant.object.replace(/^.*\/|\.o$/g, '')}/${variant.symbol}`;
    if (ids.has(id)) throw new UsageError(`${VARIANTS_PATH}: ${id} stands there twice; leave out one`);
    ids.add(id);
    const file = variant.contract.slice(0, variant.contract.indexOf('/'));
    return { ...variant, id, contractFile: file.endsWith('.json') ? join(root, FOLDER, file) : undefined };
  });
}
