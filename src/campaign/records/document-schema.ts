/** The schema of what findings tell instruction by instruction: hostile like everything that comes from a folder. */
import { z } from 'zod';
import { hex64, text } from '../../stored/case-schema.js';
import type { TraceDocument } from '../../run/trace-document.js';

/** Bounds: what the tool writes is below them (src/finding/trace-steps.ts, src/run/play-told.ts). */
const MOST_STEPS = 4096;
const MOST_EXCHANGES = 1000;
const MOST_NAMES = 200;
const MOST_CALLERS = 64;

const index = z.number().int().min(-1).max(MOST_STEPS);
const named = z.tuple([text(200), hex64]).readonly();
const namedValues = z.array(named).max(MOST_NAMES);
const wordedValues = z.array(z.union([named, z.tuple([text(200), hex64, text(4300)]).readonly()])).max(MOST_NAMES);
const words = z.array(hex64).max(MOST_STEPS);
const accesses = z
  .array(
    z.strictObject({
      address: hex64,
      where: text(4300).optional(),
      value: hex64,
      word: text(4300).optional(),
      bytes: z.number().int().min(0).max(255),
    }),
  )
  .max(MOST_NAMES);

const stepSchema = z.strictObject({
  place: text(4300),
  text: text(4500),
  source: z.strictObject({ file: text(4300), line: z.number().int().min(1).max(0x40000000) }).optional(),
  between: namedValues.optional(),
  changed: wordedValues,
  loads: accesses.optional(),
  stores: accesses.optional(),
  world: text(4300).optional(),
  theirs: z.number().int(),
  theirMemory: words.optional(),
  theirMemoryLeft: words.optional(),
});

const exchangeSchema = z.strictObject({
  moment: text(200).optional(),
  instead: text(200).optional(),
  values: z
    .array(
      z.strictObject({ name: text(200), value: hex64, word: text(4300).optional(), expected: text(2000).optional() }),
    )
    .max(MOST_NAMES),
  answered: wordedValues,
  step: index.optional(),
});

export const documentSchema = z.strictObject({
  otherSide: z.enum(['host', 'TD']),
  method: z.enum(['compared', 'followed']),
  initial: namedValues,
  steps: z.array(stepSchema).max(MOST_STEPS),
  blamed: index,
  callers: z.array(text(4300)).max(MOST_CALLERS).optional(),
  register: text(20).optional(),
  leftOut: z.strictObject({ before: z.number().int().min(0), behind: z.number().int().min(0) }),
  end: text(4300),
  story: z
    .strictObject({
      steps: z
        .array(
          z.strictObject({
            text: text(4300),
            impossible: z.boolean(),
            exchanges: z.array(exchangeSchema).max(MOST_EXCHANGES),
          }),
        )
        .max(64),
      leftOut: z.number().int().min(0),
    })
    .optional(),
}) satisfies z.ZodType<TraceDocument>;
