/** The options of a run of which several processes compute a part each. */
import { type Command, Option } from 'commander';
import { parseShard, type Shard } from '../campaign/records/shard.js';
import { UsageError } from '../errors.js';
import { seedText } from './options.js';

export interface ShardFlags {
  /** Undefined: a fresh one. */
  seed?: string;
  shard?: Shard;
}

/**
 * The command with --seed and --shard. Shards without a common seed would each draw their own, and could never be merged:
 * that is refused before anything runs.
 *
 * @param seed what the help says of --seed
 */
export function withShard(command: Command, seed: string): Command {
  return command
    .addOption(new Option('--seed <TEXT>', seed).argParser(seedText))
    .addOption(shardOption())
    .hook('preAction', (_, action) => checkSeed(action.opts<ShardFlags>()));
}

/** The option alone, for a command whose seeds come from the code. */
export function shardOption(): Option {
  return new Option(
    '--shard <I/N>',
    'compute part I (from 0) of N; auto/N takes I from JOB_COMPLETION_INDEX',
  ).argParser((text) => parseShard(text, process.env));
}

/** @throws UsageError for a shard that keeps nothing */
export function requireOut({ of }: Shard, out: string | undefined): void {
  if (of > 1 && out === undefined) throw new UsageError('--shard needs --out DIR: what is merged later must be kept');
}

function checkSeed({ seed, shard }: ShardFlags): void {
  if (shard !== undefined && shard.of > 1 && seed === undefined)
    throw new UsageError(
      `--shard ${shard.index}/${shard.of}: needs --seed TEXT, the same for all ${shard.of} shards, or their results cannot be merged`,
    );
}
