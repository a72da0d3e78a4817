import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { isRecordsName, recordsOf, writeMerged } from '../campaign/records/record-folder.js';
import type { CampaignRecord } from '../campaign/records/records.js';
import { exitStatus, shardsText } from '../campaign/records/result.js';
import { ResultBuilder } from '../campaign/records/result-builder.js';
import { type Listings, parseListings } from '../campaign/traces/listing.js';
import { UsageError } from '../errors.js';
import { applyRules } from '../expect/apply-rules.js';
import { expectationsIfAny } from '../expect/expectation-file.js';
import { mergedNight } from '../history/merged-night.js';
import { readHistory } from '../history/nights.js';
import { type KnownChoice, knownRulesFor } from '../expect/known-rules.js';
import { claimResultFolder, LISTINGS } from './claim-folder.js';
import { type Outputs, printAs, withFormat } from './format-option.js';
import { expectationPath, knownRules, openConfig, type PlaceFlags, withKnown, withPlaces } from './project.js';
import { writeMergedResult } from './result-folder.js';
import { shorten } from '../text/escape.js';

interface MergeFlags extends PlaceFlags {
  out: string;
  format: Outputs;
  known?: KnownChoice;
  partial: boolean;
}

export function mergeCommand(): Command {
  const command = new Command('merge')
    .description('merge the results of shards: the order, and how often a folder is named, changes nothing')
    .argument('<DIR...>', 'folders that fuzz --shard --out wrote')
    .requiredOption('--out <DIR>', 'where the merged result goes')
    .option('--partial', 'merge although shards are missing', false);
  return withPlaces(withKnown(withFormat(command)), 'expect').action(async (folders: string[], flags: MergeFlags) => {
    process.exitCode = await merge(folders, flags);
  });
}

async function merge(folders: readonly string[], flags: MergeFlags): Promise<number> {
  const { out, format, partial } = flags;
  const rules = expectationsIfAny(expectationPath(flags, await openConfig(flags)), PROPERTY_NAMES);
  const builder = new ResultBuilder();
  const all: CampaignRecord[] = [];
  for (const folder of folders) {
    if (partial && isEmptyShard(folder)) {
      process.stderr.write(`tdxfuzz: ${shorten(folder)}: no records there: its shard counts as missing\n`);
      continue;
    }
    for (const { record, origin } of recordsOf(folder)) {
      builder.add(record, origin);
      all.push(record);
    }
  }
  const missing = builder.missingShards();
  if (missing !== undefined && !partial)
    throw new UsageError(
      `${shardsText(missing)} ${missing.shards.length === 1 ? 'is' : 'are'} missing; name all folders, or give --partial`,
    );
  const found = builder.result(folders.join(', '));
  if (missing !== undefined) found.run.missing = missing;
  const known = found.result.targets.map(({ target }) => target);
  const recorded = all.filter((record) => record.kind === 'target');
  const ofKernels = knownRulesFor(recorded, knownRules(flags.known));
  const { result } = applyRules(found, [...rules, ...ofKernels], { known, inFull: () => false });
  const night = mergedNight(folders.map(readHistory), result.result.targets);
  if (night !== undefined) result.run.night = night;
  // Read first: one of the folders may be the one that the result goes to.
  const listings = listingsIn(folders);
  const release = claimResultFolder(out);
  try {
    writeMerged(out, all);
    writeMergedResult(result, out, listings);
  } finally {
    release();
  }
  printAs(format, result, out, { listings: () => listingsOrNone(listings, out) });
  return exitStatus(result);
}

/** A shard that was lost before it wrote anything leaves its folder, or a file of records with nothing in it. */
function isEmptyShard(folder: string): boolean {
  return existsSync(folder) && statSync(folder).isDirectory() && !readdirSync(folder).some(isRecordsName);
}

/** @throws UsageError where no shard has any: they are needed for HTML alone */
function listingsOrNone(text: string | undefined, out: string): Listings {
  if (text === undefined)
    throw new UsageError(`${shorten(out)}: no shard has ${LISTINGS}, which HTML is made of; run them with --out again`);
  return parseListings(text, LISTINGS);
}

/** All shards have the same targets, and so the same listings. */
function listingsIn(folders: readonly string[]): string | undefined {
  const path = folders.map((folder) => join(folder, LISTINGS)).find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : readFileSync(path, 'utf8');
}
