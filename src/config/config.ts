/**
 * What a project says of itself in `tdxfuzz.config.ts` (or .js, .mjs, .json). Paths are relative to the file. Every
 * setting is also an option of the command line, and the option wins.
 */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { firstIssue } from '../contract/validate.js';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';

const path = z.string().min(1).max(4096);
const runs = z.number().int().min(1).max(1e12);
const oneLine = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\r\n]*$/, 'one line of text');

const targetShape = {
  /** An object, executable or archive, or a member of one: `libtdx.a(tdcall.o)`. Several: objects that refer to each other are one image. */
  image: z.union([path, z.array(path).min(1).max(1000)]),
  /** What names of its targets begin with; the path as it is written here, where there are several images. */
  name: oneLine(200).optional(),
  /** Name of a contract set, path of a JSON file with one, a set itself, or `auto`. */
  contract: z.union([z.string().min(1).max(4096), z.looseObject({})]).optional(),
  /** Symbol -> `SET/FUNCTION`: contracts of symbols that have other names. */
  bind: z.record(z.string().min(1).max(4096), z.string().min(1).max(4200)).optional(),
  /** Cases that a gate gives to each function of this image. */
  runs: runs.optional(),
};

const gateShape = {
  /** Cases for each stub: a function around one TDCALL or SEAMCALL. */
  runs: runs.optional(),
  /** Cases for each program: a helper, wrapper, dispatcher or round trip. */
  programRuns: runs.optional(),
};

const configShape = {
  /** What is fuzzed where no image is named; without it, the built-in targets. */
  targets: z.array(z.strictObject(targetShape)).max(1000).optional(),
  gate: z.strictObject(gateShape).optional(),
  /** Worker threads. */
  workers: z.number().int().min(1).max(256).optional(),
  /** Folder for results. */
  out: path.optional(),
  /** The expectation file; `tdxfuzz/expect.json` if not given. */
  expect: path.optional(),
  /** Folder of the project's own cases; `tdxfuzz/cases` if not given. */
  cases: path.optional(),
};

const configSchema = z.strictObject(configShape);

export type Config = z.infer<typeof configSchema>;
export type ConfigTarget = NonNullable<Config['targets']>[number];

/** Gives a configuration its type; the value itself is checked when it is loaded. */
export function defineConfig(config: Config): Config {
  return config;
}

/** @throws UsageError with one line that names the file, the field and what is wrong, and the nearest known key */
export function validateConfig(value: unknown, origin: string): Config {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
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

/** The settings that there are at a place of the configuration. */
function shapeAt(at: readonly PropertyKey[]): object {
  if (at.length === 0) return configShape;
  return at[0] === 'gate' ? gateShape : targetShape;
}
