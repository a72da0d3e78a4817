import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { recordsOf, writeMerged } from '../campaign/records/record-folder.js';
import type { CampaignRecord } from '../campaign/records/records.js';
import { exitStatus } from '../campaign/records/result.js';
import { ResultBuilder } from '../campaign/records/result-builder.js';
import { UsageError } from '../errors.js';
import { applyRules } from '../expect/apply-rules.js';
import { expectationsIfAny } from '../expect/expectation-file.js';
import { type Format, printAs, withFormat } from './format-option.js';
import { expectationPath, openConfig, type PlaceFlags, withPlaces } from './project.js';
import { LISTINGS, prepareOut, writeResults } from './result-folder.js';

interface MergeFlags extends PlaceFlags {
  out: string;
  format: Format;
  partial: boolean;
}

export function mergeCommand(): Command {
  const command = new Command('merge')
    .description('merge the results of shards: the order, and how often a folder is named, changes nothing')
    .argument('<DIR...>', 'folders that fuzz --shard --out wrote')
    .requiredOption('--out <DIR>', 'where the merged result goes')
    .option('--partial', 'merge although shards are missing', false);
  return withPlaces(withFormat(command), 'expect').action(async (folders: string[], flags: MergeFlags) => {
    process.exitCode = await merge(folders, flags);
  });
}

async function merge(folders: readonly string[], flags: MergeFlags): Promise<number> {
  const { out, format, partial } = flags;
  const rules = expectationsIfAny(expectationPath(flags, await openConfig(flags)), PROPERTY_NAMES);
  const builder = new ResultBuilder();
  const all: CampaignRecord[] = [];
  for (const folder of folders) {
    for (const { record, origin } of recordsOf(folder)) {
      builder.add(record, origin);
      all.push(record);
    }
  }
  const missing = builder.missingShards();
  if (missing.length > 0 && !partial)
    throw new UsageError(
      `shard ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? '...' : ''} is missing; name its folder too, or give --partial`,
    );
  const found = builder.result(folders.join(', '));
  const known = found.result.targets.map(({ target }) => target);
  const { result } = applyRules(found, rules, { known, inFull: () => false });
  prepareOut(out);
  writeMerged(out, all);
  writeResults(result, out, listingsIn(folders));
  printAs(format, result, out, { isOneRun: false });
  return exitStatus(result);
}

/** All shards have the same targets, and so the same listings. */
function listingsIn(folders: readonly string[]): string | undefined {
  const path = folders.map((folder) => join(folder, LISTINGS)).find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : readFileSync(path, 'utf8');
}
