/** One target in a night: how far its streams of cases are, what it costs, and the corpus from which cases are made. */
import { BLOCK_CASES } from '../blocks/block.js';
import type { Prepared } from '../records/campaign-log.js';
import type { CampaignRecord } from '../records/records.js';
import type { Reporter } from '../records/reporter.js';
import type { Shard } from '../records/shard.js';
import { madeFrom, type Task } from '../blocks/task.js';
import { Corpus } from './corpus.js';
import type { Turn } from './night-schedule.js';

/** Blocks of a shard, so that no two shards share one. */
const BLOCKS_OF_SHARD = 1_000_000_000;
/** Milliseconds that a task may take: the first ones are short, so that the schedule learns quickly. */
const SHORTEST = 1000;
const LONGEST = 10_000;
/** Of every so many tasks one makes its cases from the corpus. */
const OFFSPRING_EVERY = 3;

export class NightTarget implements Turn {
  readonly corpus = new Corpus();
  spent = 0;
  idle = 0;
  private tasks = 0;
  /** Milliseconds that the tasks which are being computed will take. */
  private readonly estimates: number[] = [];
  /** Parent ('' for fresh cases) -> number of the next block. */
  private readonly nextBlock = new Map<string, number>();
  /** Cases per millisecond, as far as it is known. */
  private readonly speed = { fresh: 0, offspring: 0 };

  constructor(
    readonly index: number,
    readonly prepared: Prepared,
    readonly reporter: Reporter,
    /** Not in this state so far. */
    readonly isNew: boolean,
    private readonly shard: Shard,
  ) {}

  /** A record of an earlier night about this target. */
  restore(record: CampaignRecord): void {
    switch (record.kind) {
      case 'blocks': {
        const stream = record.parent ?? '';
        this.nextBlock.set(stream, Math.max(this.blockOf(stream), record.block + record.blocks));
        break;
      }
      case 'finding':
        this.reporter.know(record.finding);
        break;
      case 'entry':
        this.corpus.add(record);
        break;
      case 'kept':
        this.corpus.keep(record.entries);
    }
  }

  /** Whether any block was computed, or is being computed. */
  get hasBlocks(): boolean {
    return this.nextBlock.size > 0;
  }

  private blockOf(stream: string): number {
    return this.nextBlock.get(stream) ?? this.shard.index * BLOCKS_OF_SHARD;
  }

  /** What this target does with its next turn. */
  nextTask(): Task {
    const isOffspring = this.tasks++ % OFFSPRING_EVERY === OFFSPRING_EVERY - 1;
    const entry = isOffspring ? this.corpus.next() : undefined;
    const stream = entry?.digest ?? '';
    const block = this.blockOf(stream);
    const milliseconds = Math.min(LONGEST, SHORTEST + this.spent / 30);
    const speed = entry === undefined ? this.speed.fresh : this.speed.offspring;
    const blocks = Math.max(1, Math.floor((speed * milliseconds) / BLOCK_CASES));
    this.nextBlock.set(stream, block + blocks);
    // Counted when it is given out, so that other targets get their turn meanwhile.
    const estimate = speed === 0 ? SHORTEST : (blocks * BLOCK_CASES) / speed;
    this.spent += estimate;
    this.idle += estimate;
    this.estimates.push(estimate);
    const cases = blocks * BLOCK_CASES;
    return { target: this.index, block, blocks, cases, ...madeFrom(this.prepared.runner, entry) };
  }

  /** A task has been computed. */
  done({ cases, parent }: Task, milliseconds: number, progress: boolean): void {
    this.speed[parent === undefined ? 'fresh' : 'offspring'] = cases / Math.max(1, milliseconds);
    const more = milliseconds - (this.estimates.shift() ?? 0);
    this.spent += more;
    this.idle = progress ? 0 : Math.max(0, this.idle + more);
  }
}
