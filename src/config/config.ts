/**
 * What a project says of itself in `tdxfuzz.config.ts` (or .js, .mjs, .json). Paths are relative to the file. Every
 * setting is also an option of the command line, and the option wins.
 */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { firstIssue } from '../contract/validate.js';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';
import { SURROUNDING_WORDS, surroundingFrom } from '../world/surroundings.js';

const path = z.string().min(1).max(4096);
const runs = z.number().int().min(1).max(1e12);
const oneLine = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\r\n]*$/, 'one line of text');

const targetShape = {
  image: z
    .union([path, z.array(path).min(1).max(1000)])
    .describe(
      'An object, executable or archive, or a member of one, libtdx.a(tdcall.o), relative to the configuration. Several: objects that refer to each other are one image.',
    ),
  name: oneLine(200)
    .describe(
      'What names of its targets begin with; without it the path as it is written here, where there are several.',
    )
    .optional(),
  contract: z
    .union([z.string().min(1).max(4096), z.looseObject({})])
    .describe('Name of a contract set, path of a JSON file with one, a set itself, or auto.')
    .optional(),
  bind: z
    .record(z.string().min(1).max(4096), z.string().min(1).max(4200))
    .describe(
      'Symbol -> SET/FUNCTION: contracts of symbols that have other names; in place of a symbol also what a mangled one reads as, or an address (0x1230, of an object .text+0x30).',
    )
    .optional(),
  offsets: path
    .describe("Where KVM's structures lie, in place of the image's debug information: a file of tdxfuzz offsets.")
    .optional(),
  runs: runs.describe('Cases that a gate gives to each function of this image.').optional(),
};

const gateShape = {
  runs: runs.describe('Cases for each stub: a function around one TDCALL or SEAMCALL.').optional(),
  programRuns: runs.describe('Cases for each program: a helper, wrapper, dispatcher or round trip.').optional(),
};

const configShape = {
  $schema: path.describe('Path of this schema, for editors; it is not read.').optional(),
  targets: z
    .array(z.strictObject(targetShape))
    .max(1000)
    .describe('What is fuzzed where no image is named; without it, the built-in targets.')
    .optional(),
  gate: z.strictObject(gateShape).describe('How much a gate does.').optional(),
  surroundings: z
    .record(z.string().min(1).max(4096), z.union([z.number(), z.string().max(60)]))
    .describe(
      'Functions that are answered for instead of run, outside of the image or in it: symbol -> the value that a call returns (a number, or text such as 0x10), nothing, stops, fails, runs (the function itself, where it is answered for otherwise), or data with a number, such as data 0x10, for what is no function.',
    )
    .optional(),
  workers: z.number().int().min(1).max(256).describe('Worker threads.').optional(),
  out: path.describe('Folder for results.').optional(),
  expect: path.describe('The expectation file; tdxfuzz/expect.json if not given.').optional(),
  cases: path.describe("Folder of the project's own cases; tdxfuzz/cases if not given.").optional(),
};

export const configSchema = z.strictObject(configShape);

export type Config = z.infer<typeof configSchema>;
export type ConfigTarget = NonNullable<Config['targets']>[number];

/** Gives a configuration its type; the value itself is checked when it is loaded. */
export function defineConfig(config: Config): Config {
  return config;
}

/** @throws UsageError with one line that names the file, the field and what is wrong, and the nearest known key */
export function validateConfig(value: unknown, origin: string): Config {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) {
    checkSurroundings(parsed.data.surroundings, origin);
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    const where = [...issue.path, key].map(String).join('.');
    throw new UsageError(
      `${shorten(origin)}: ${shorten(where)}: no such setting; ${nearest(key, Object.keys(shapeAt(issue.path)))}`,
    );
  }
  throw new UsageError(`${shorten(origin)}: ${firstIssue(parsed.error)}`);
}

/** @throws UsageError for a value that means nothing */
function checkSurroundings(surroundings: Config['surroundings'], origin: string): void {
  const wrong = Object.entries(surroundings ?? {}).find(([, setting]) => surroundingFrom(setting) === undefined);
  if (wrong === undefined) return;
  const [name, setting] = wrong;
  throw new UsageError(
    `${shorten(origin)}: surroundings.${shorten(name)}: ${shorten(String(setting), 60)} is not ${SURROUNDING_WORDS}`,
  );
}

/** The settings that there are at a place of the configuration. */
function shapeAt(at: readonly PropertyKey[]): object {
  if (at.length === 0) return configShape;
  return at[0] === 'gate' ? gateShape : targetShape;
}
