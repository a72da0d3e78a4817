/** What is known of a broken twin, however it was made. */
import { z } from 'zod';

export const functionShape = { object: z.string().min(1), symbol: z.string().min(1) };

/** The fields that both lists of twins have. */
export const twinShape = {
  /** Unique. */
  id: z.string().regex(/^[a-z0-9.-]+$/, 'lower-case letters, digits, . and -'),
  ...functionShape,
  /** `SET/FUNCTION`. */
  contract: z.string().regex(/^[^/]+\/[^/]+$/, 'SET/FUNCTION'),
  /** One sentence. */
  mistake: z.string().min(1),
  /** The upstream commit that mended the same mistake, or null. */
  reference: z.string().min(1).nullable(),
  /** The property that must fire, with the slot of its clause. */
  property: z.string().min(1),
  slot: z.string().min(1),
  /** Other properties that the mistake breaks. */
  alsoBreaks: z.array(z.string().min(1)),
};

interface TwinFacts extends z.infer<z.ZodObject<typeof twinShape>> {
  /** Where the culprit begins: `SYMBOL+0x...`, in bytes from the symbol. */
  place: string;
  /** The clean neighbour, on which everything must stay silent. */
  fixed: z.infer<z.ZodObject<typeof functionShape>>;
}

/** A function of its own, written in assembly. */
export interface AssemblyTwin extends TwinFacts {
  kind: 'assembly';
  /** The culprit, as objdump prints it (a branch: with its target in place of the address). */
  instruction: string;
}

/** The sources of the clean object with one edit. */
export interface EditedTwin extends TwinFacts {
  kind: 'edited';
  edit: Edit;
}

export interface Edit {
  /** The clean object. */
  of: string;
  /** Relative to the package's root. */
  file: string;
  /** Stands exactly once in the file. */
  replace: string;
  with: string;
}

export type Twin = AssemblyTwin | EditedTwin;
