/**
 * What a campaign leaves behind: append-only records, from which alone the result is made. The order in which records come,
 * and how often, changes nothing: shards, the blocks of one process and a night that was killed are merged alike.
 */
import { z } from 'zod';
import { caseSchema, hex64, text } from '../../stored/case-schema.js';
import { assumptionSchema } from '../../contract/contract.js';
import { originSchema } from './origin.js';
import { causeName, count, digest, findingSchema, offset, propertyStatusSchema } from './result.js';

export const RECORDS_SCHEMA = 'tdxfuzz/records/2';

/** `NAME@FINGERPRINT`: a target that changes is another one. */
const targetId = text(4400);

const signatureSchema = findingSchema.pick({ property: true, clause: true, slot: true, place: true });

/** What is the same for all processes of one campaign. Records of two campaigns cannot be merged. */
const runRecord = z.strictObject({
  kind: z.literal('run'),
  schema: z.literal(RECORDS_SCHEMA),
  tool: text(50),
  seed: text(1000),
  /** In the order of the result. */
  targets: z.array(targetId).max(10_000),
});

const functionSchema = z.strictObject({
  symbol: text(4096),
  address: hex64,
  /** Offset from the target's entry, and size, in bytes. */
  start: z.number().int(),
  size: offset,
  instructions: count,
  directions: count,
});

const targetRecord = z.strictObject({
  kind: z.literal('target'),
  id: targetId,
  name: text(4300),
  symbol: text(4096),
  contract: text(4300),
  image: text(4300),
  imageHash: digest,
  fingerprint: digest,
  /** Of a kernel's function, which one: major and minor number and update. */
  kernel: z
    .string()
    .regex(/^\d{1,3}\.\d{1,3}\.\d{1,4}$/, 'a kernel version: 6.12.100')
    .optional(),
  seed: text(1000),
  /** What the contract takes for granted. */
  assumes: z.array(assumptionSchema).optional(),
  properties: z.array(propertyStatusSchema).max(1000),
  /** Those that the target's function reaches by direct calls, itself first. */
  functions: z.array(functionSchema).max(4096),
});

const failureRecord = z.strictObject({
  signature: signatureSchema,
  hits: count,
  block: count,
  index: count,
  together: z.array(causeName).max(64),
});

/** Consecutive blocks of one target, added up. */
const blocksRecord = z.strictObject({
  kind: z.literal('blocks'),
  target: targetId,
  /** The corpus entry from which the cases were made; absent: fresh ones. */
  parent: digest.optional(),
  /** Number of the first block, and how many there are; all but the last have the full number of cases. */
  block: count,
  blocks: z.number().int().min(1).max(1e9),
  cases: count,
  executions: count,
  inForce: z.array(count).max(1000),
  classes: z.record(text(200), count),
  failures: z.array(failureRecord).max(10_000),
  problem: z.strictObject({ text: text(4300), block: count }).optional(),
});

/** Something that was reached for the first time, as the process that wrote it knows. */
const coverageRecord = z.strictObject({
  kind: z.literal('coverage'),
  target: targetId,
  /** When, in milliseconds since 1970. */
  at: count.optional(),
  reached: z.array(z.number().int()).max(0x40000),
  taken: z.array(z.number().int()).max(0x80000),
  states: z.array(text(400)).max(0x10000),
  /** Functions that were reached other than by direct calls. */
  functions: z.array(functionSchema).max(4096),
});

/** A stored case that was replayed first. */
const replayRecord = z.strictObject({
  kind: z.literal('replay'),
  target: targetId,
  name: text(300),
  /** Of the values, so that two cases of one name are told apart. */
  digest,
  signatures: z.array(signatureSchema).max(1000),
  problem: text(4300).optional(),
});

/** A finding, shrunk and repeated on the interpreter. Its hits are in the records of blocks and replays. */
const findingRecord = z.strictObject({
  kind: z.literal('finding'),
  target: targetId,
  finding: findingSchema.omit({ hits: true, accepted: true }),
});

/** What the cases of a target say of its contract as a whole. */
const hintRecord = z.strictObject({
  kind: z.literal('hint'),
  target: targetId,
  text: text(4300),
  contract: text(4300),
});

/** A case of a night's corpus: it reached something that no case before it did. */
const entryRecord = z.strictObject({
  kind: z.literal('entry'),
  target: targetId,
  /** sha256 of the values. */
  digest,
  values: caseSchema.pick({ steps: true, neutral: true }),
  reached: z.array(z.number().int()).max(0x40000),
  taken: z.array(z.number().int()).max(0x80000),
  states: z.array(text(400)).max(0x10000),
});

/** The entries of one target's corpus that are still used; the others add nothing to them. */
const keptRecord = z.strictObject({ kind: z.literal('kept'), target: targetId, entries: z.array(digest).max(100_000) });

/** One process that worked on the campaign: what differs from process to process. */
const processRecord = z.strictObject({
  kind: z.literal('process'),
  /** Any text that no other process has. */
  id: text(100),
  shard: z.strictObject({ index: count, of: z.number().int().min(1).max(100_000) }),
  node: text(50),
  workers: count,
  /** When it began, in milliseconds since 1970. */
  started: count,
  milliseconds: count,
  interrupted: z.boolean(),
  ...originSchema.shape,
});

/**
 * A night begins; the records behind it, up to the next one of these, are its own. One without a process of the same id was
 * killed, or has not come to its end yet.
 */
const nightRecord = z.strictObject({
  kind: z.literal('night'),
  id: text(100),
  /** In milliseconds since 1970. */
  started: count,
  /** How long it is to be, in milliseconds. */
  planned: count,
  ...originSchema.shape,
});

export const recordSchema = z.discriminatedUnion('kind', [
  runRecord,
  targetRecord,
  blocksRecord,
  coverageRecord,
  replayRecord,
  findingRecord,
  hintRecord,
  processRecord,
  nightRecord,
  entryRecord,
  keptRecord,
]);

export type CampaignRecord = z.infer<typeof recordSchema>;
export type RunRecord = z.infer<typeof runRecord>;
export type TargetRecord = z.infer<typeof targetRecord>;
export type FunctionRecord = z.infer<typeof functionSchema>;
export type BlocksRecord = z.infer<typeof blocksRecord>;
export type CoverageRecord = z.infer<typeof coverageRecord>;
export type ReplayRecord = z.infer<typeof replayRecord>;
export type HintRecord = z.infer<typeof hintRecord>;
export type FindingRecord = z.infer<typeof findingRecord>;
export type EntryRecord = z.infer<typeof entryRecord>;
export type ProcessRecord = z.infer<typeof processRecord>;
export type NightRecord = z.infer<typeof nightRecord>;
