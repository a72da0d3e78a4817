/**
 * The code of a run's targets as plain data, written beside the result: a report paints coverage on it without the
 * images.
 */
import { z } from 'zod';
import { hex64, text } from '../../stored/case-schema.js';
import { firstIssue } from '../../contract/validate.js';
import { UsageError } from '../../errors.js';
import { type CodeOfFunction, functionAround, reachedFunctions } from '../../harness/call-graph.js';
import type { Image } from '../../image/image.js';
import { symbolAt } from '../../stage/functions.js';
import { shorten } from '../../text/escape.js';
import { hex } from '../../text/hex.js';
import { instructionText } from '../../run/step-text.js';
import type { DecodedInstruction } from '../../x86/decode.js';
import type { RunResult, SourceLine } from '../records/result.js';
import type { AnyTarget } from '../../run/target.js';

export const LISTINGS_SCHEMA = 'tdxfuzz/listings/1';

/** Bounds: instructions of one function and functions of one image, as `reachedFunctions` and case files have them. */
const MOST_INSTRUCTIONS = 0x10000;
const MOST_FUNCTIONS = 10_000;

const offset = z.number().int().min(-0x40000000).max(0x40000000);

const instructionSchema = z.strictObject({
  /** In bytes from the start of the function. */
  offset,
  /** Hexadecimal, at most 15 bytes. */
  bytes: z.string().regex(/^([0-9a-f]{2}){1,15}$/, 'the bytes of one instruction in hexadecimal'),
  /** AT&T syntax, branch targets by name. */
  text: text(4500),
  /** Of a conditional branch: where it goes if it is taken, in bytes from the start of the function. */
  branch: offset.optional(),
  /** Index in `files`, and the line. */
  source: z.tuple([z.number().int().min(0), z.number().int().min(1).max(0x40000000)]).optional(),
});

const listingsSchema = z.strictObject({
  schema: z.literal(LISTINGS_SCHEMA),
  images: z
    .array(
      z.strictObject({
        /** sha256 of the image's file, as in the result. */
        hash: z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 in hexadecimal'),
        /** Source files that lines are of. */
        files: z.array(text(4300)).max(10_000),
        functions: z
          .array(
            z.strictObject({
              symbol: text(4096),
              address: hex64,
              /** In bytes. */
              size: z.number().int().min(0).max(0x40000000),
              instructions: z.array(instructionSchema).max(MOST_INSTRUCTIONS),
            }),
          )
          .max(MOST_FUNCTIONS),
      }),
    )
    .max(10_000),
});

export type Listings = z.infer<typeof listingsSchema>;
export type ImageListing = Listings['images'][number];
export type FunctionListing = ImageListing['functions'][number];

/** The line of source that an address comes from, where the image has a line table. */
export type SourceOf = (image: Image, address: bigint) => SourceLine | undefined;

/**
 * Every function that the targets reach by direct calls and jumps, and those that cases reached otherwise; each once for
 * each image.
 *
 * @param targets those of the run, in its order
 */
export function listingsOf(
  targets: readonly AnyTarget[],
  { result }: RunResult,
  sourceOf: SourceOf = () => undefined,
): Listings {
  const images = new Map<string, ImageMaker>();
  targets.forEach(({ image, symbol }, index) => {
    let maker = images.get(image.hash);
    if (maker === undefined) images.set(image.hash, (maker = new ImageMaker(image, sourceOf)));
    for (const code of reachedFunctions(image, symbol)) maker.add(code);
    for (const { address } of result.targets[index]?.coverage ?? []) maker.addAround(BigInt(address));
  });
  return { schema: LISTINGS_SCHEMA, images: [...images.values()].map((maker) => maker.listing()) };
}

/** Makes the listing of one image. */
class ImageMaker {
  private readonly functions = new Map<bigint, FunctionListing>();
  private readonly files = new Map<string, number>();

  constructor(
    private readonly image: Image,
    private readonly sourceOf: SourceOf,
  ) {}

  add(code: CodeOfFunction): void {
    if (this.functions.has(code.address) || this.functions.size >= MOST_FUNCTIONS) return;
    const { symbol, address, size } = code;
    const instructions = code.instructions
      .slice(0, MOST_INSTRUCTIONS)
      .map((instruction) => this.instruction(instruction, address));
    this.functions.set(address, { symbol, address: hex(address), size, instructions });
  }

  addAround(address: bigint): void {
    if (this.functions.has(address)) return;
    const code = functionAround(this.image, address);
    if (code !== undefined) this.add(code);
  }

  listing(): ImageListing {
    const functions = [...this.functions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, listing]) => listing);
    return { hash: this.image.hash, files: [...this.files.keys()], functions };
  }

  private instruction(instruction: DecodedInstruction, start: bigint): FunctionListing['instructions'][number] {
    const { address, bytes, length, flow, target } = instruction;
    const source = this.sourceOf(this.image, address);
    const isConditional = flow === 'conditional' && target !== undefined;
    return {
      offset: Number(address - start),
      bytes: Buffer.from(bytes.subarray(0, length)).toString('hex'),
      text: instructionText(instruction, (where) => this.place(where)),
      ...(isConditional && { branch: Number(target - start) }),
      ...(source !== undefined && { source: [this.fileIndex(source.file), source.line] as [number, number] }),
    };
  }

  private fileIndex(file: string): number {
    const index = this.files.get(file) ?? this.files.size;
    this.files.set(file, index);
    return index;
  }

  private place(address: bigint): string {
    const found = symbolAt(this.image, address);
    if (found !== undefined) return `${found.symbol.name}+${hex(found.offset)}`;
    return this.image.externals.find((external) => external.address === address)?.name ?? hex(address);
  }
}

/**
 * Reads what `listings.json` holds.
 *
 * @param origin path of the file, for the message
 * @throws UsageError with one line that says what is wrong
 */
export function parseListings(json: string, origin: string): Listings {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new UsageError(`${origin}: not JSON; is the file truncated?`);
  }
  const schema = (value as { schema?: unknown } | null)?.schema;
  if (typeof schema === 'string' && schema.startsWith('tdxfuzz/listings/') && schema !== LISTINGS_SCHEMA)
    throw new UsageError(`${origin}: schema ${shorten(schema, 40)} is not known to this version; update tdxfuzz`);
  const parsed = listingsSchema.safeParse(value);
  if (!parsed.success) throw new UsageError(`${origin}: no listings: ${firstIssue(parsed.error)}; run fuzz again`);
  for (const { files, functions } of parsed.data.images)
    for (const { symbol, instructions } of functions)
      if (instructions.some(({ source }) => source !== undefined && source[0] >= files.length))
        throw new UsageError(`${origin}: ${shorten(symbol)} names a source file that is not listed; run fuzz again`);
  return parsed.data;
}
