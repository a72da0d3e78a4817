/**
 * A night: fuzzes all targets for a time, and leaves everything that it learnt in a folder, from which the next night goes
 * on. What is announced is on the disk before, so that a process that is killed at any moment loses only what it was just
 * computing.
 */
import { performance } from 'node:perf_hooks';
import type { StoredCase } from '../../stored/stored-cases.js';
import { shorten } from '../../text/escape.js';
import { BLOCK_CASES, type BlockResult } from '../blocks/block.js';
import { CampaignLog, prepare } from '../records/campaign-log.js';
import { computeElsewhere } from '../blocks/compute.js';
import type { Origin } from '../records/origin.js';
import type { RecordFile } from '../records/record-file.js';
import type { BlocksRecord, EntryRecord } from '../records/records.js';
import { replaysOf } from '../records/replays.js';
import { type MadeReport, Reporter } from '../records/reporter.js';
import type { FindingResult, RunResult } from '../records/result.js';
import type { Shard } from '../records/shard.js';
import { storedValues, valuesOf } from '../../stored/stored-values.js';
import { openRunner } from '../../run/open-runner.js';
import { reachOf } from '../blocks/reach.js';
import type { AnyTarget } from '../../run/target.js';
import { madeFrom, runTask, type Task } from '../blocks/task.js';
import { valuesDigest } from '../records/values-digest.js';
import { pruned } from './corpus.js';
import { nextTarget } from './night-schedule.js';
import { formerOf, type NightState } from './night-state.js';
import { NightTarget } from './night-target.js';

/** Something that is on the disk now. */
export type NightEvent =
  | { kind: 'finding'; target: string; finding: MadeReport; /** An earlier build had it as well. */ isFormer: boolean }
  /** What an earlier build had is found no longer. */
  | { kind: 'gone'; target: string; finding: Pick<FindingResult, 'property' | 'slot' | 'place'> }
  | { kind: 'entry'; target: string; entry: EntryRecord }
  | { kind: 'note'; text: string };

export interface NightProgress {
  cases: number;
  /** Elements of coverage over all targets. */
  coverage: number;
  findings: number;
  /** Milliseconds. */
  left: number;
}

export interface NightOptions {
  targets: readonly AnyTarget[];
  seed: string;
  milliseconds: number;
  workers: number;
  shard: Shard;
  /** Replayed first, each on the targets that it speaks of. */
  stored: readonly StoredCase[];
  /** Where the process runs. */
  origin?: Origin;
  /** What earlier nights left. */
  state: NightState;
  records: RecordFile;
  onEvent: (event: NightEvent) => void;
  onProgress: (progress: NightProgress) => void;
  /** Fulfilled once the user wants it to end. */
  interrupted: Promise<void>;
}

export async function night(options: NightOptions): Promise<RunResult> {
  return new Night(options).run();
}

class Night {
  private readonly started = performance.now();
  private readonly log: CampaignLog;
  private readonly targets: readonly NightTarget[];
  private stopped = false;
  private cases = 0;
  private findings = 0;
  private turn = 0;
  /** While findings of earlier builds are tried on the present one. */
  private isFormer = false;

  constructor(private readonly options: NightOptions) {
    const { targets, seed, state, records, shard, interrupted } = options;
    const known = new Set(state.records.flatMap((record) => (record.kind === 'target' ? [record.id] : [])));
    const prepared = targets.map((target) => prepare(target, openRunner(target), seed));
    this.log = new CampaignLog(prepared, seed, records);
    this.log.night(options.milliseconds, options.origin ?? {});
    this.targets = prepared.map((target, index) => {
      const isNew = !known.has(target.id);
      const { name } = target.target;
      const reporter = new Reporter(this.log, target, index, true, (finding) => this.announce(name, finding));
      return new NightTarget(index, target, reporter, isNew, shard);
    });
    void interrupted.then(() => (this.stopped = true));
  }

  async run(): Promise<RunResult> {
    const { workers, shard, interrupted, targets, seed } = this.options;
    this.restore();
    for (const target of this.targets) if (!this.stopped) this.begin(target);
    this.progress();
    await computeElsewhere(
      this.tasks(),
      {
        targets,
        seeds: targets.map(() => seed),
        workers,
        onResult: (task, result, milliseconds) => this.onResult(task, result, milliseconds),
      },
      interrupted,
    );
    for (const target of this.targets) this.prune(target);
    this.log.end(shard, workers, performance.now() - this.started, this.stopped, this.options.origin);
    return this.log.result();
  }

  private restore(): void {
    const byId = new Map(this.targets.map((target) => [target.prepared.id, target]));
    for (const record of this.options.state.records) {
      this.log.restore(record);
      if ('target' in record) byId.get(record.target)?.restore(record);
    }
    const pending = this.options.state.records.filter((record) => record.kind === 'blocks');
    for (const record of pending) {
      const target = byId.get(record.target);
      if (target !== undefined) this.finish(target, record);
    }
  }

  /** Failures of blocks whose finding a killed process did not come to: the block is a pure function, so it is run again. */
  private finish(target: NightTarget, { parent: digest, failures }: BlocksRecord): void {
    for (const { signature, block } of failures) {
      if (target.reporter.knows(signature)) continue;
      const { runner, seed } = target.prepared;
      const entry = digest === undefined ? undefined : this.entryOf(digest);
      if (digest !== undefined && entry === undefined) continue;
      const task = { target: target.index, block, blocks: 1, cases: BLOCK_CASES };
      this.report(target, runTask(runner, seed, { ...task, ...madeFrom(runner, entry) }), digest);
    }
  }

  private entryOf(digest: string): EntryRecord | undefined {
    return this.options.state.records.find(
      (record): record is EntryRecord => record.kind === 'entry' && record.digest === digest,
    );
  }

  /** Stored cases first, then what earlier builds of the target left. */
  private begin(target: NightTarget): void {
    const { stored, state } = this.options;
    const { prepared, reporter } = target;
    for (const replay of replaysOf(prepared.target, prepared.runner, stored)) reporter.replay(replay);
    if (!target.isNew) return;
    const former = formerOf(state.records, prepared.target.name, prepared.id);
    this.isFormer = true;
    for (const { finding, target: build } of former.findings) {
      const name = `former ${finding.case.expect?.trace.slice(0, 16) ?? valuesDigest(finding.case)}`;
      const again = reporter.replay({ name, values: valuesOf(finding.case, prepared.runner.space) });
      const same = again.some(({ property, slot }) => property === finding.property && slot === finding.slot);
      if (!same && former.last.has(build))
        this.options.onEvent({ kind: 'gone', target: prepared.target.name, finding });
    }
    this.isFormer = false;
    for (const { values } of former.entries) this.addEntry(target, values);
    if (former.entries.length + former.findings.length > 0)
      this.note(`${prepared.target.name}: changed since the last night; it is fuzzed first`);
  }

  private announce(target: string, finding: MadeReport): void {
    this.options.onEvent({ kind: 'finding', target, finding, isFormer: this.isFormer });
  }

  private note(text: string): void {
    this.options.onEvent({ kind: 'note', text: shorten(text, 400) });
  }

  private *tasks(): Generator<Task> {
    // However short the night is, every target is looked at.
    const isOver = (): boolean => this.left() <= 0 && this.targets.every(({ hasBlocks }) => hasBlocks);
    while (!this.stopped && !isOver()) {
      const waiting = this.left() > 0 ? undefined : this.targets.find(({ hasBlocks }) => !hasBlocks);
      yield (waiting ?? this.targets[nextTarget(this.targets, this.turn++)]).nextTask();
    }
  }

  private left(): number {
    return Math.max(0, this.options.milliseconds - (performance.now() - this.started));
  }

  private onResult(task: Task, result: BlockResult, milliseconds: number): void {
    const target = this.targets[task.target];
    const fresh = this.log.blocks(task, result);
    const found = this.report(target, result, task.parent?.digest);
    for (const { values } of result.witnesses)
      this.addEntry(target, storedValues(values, target.prepared.runner.space));
    target.done(task, milliseconds, fresh > 0 || found > 0);
    this.cases += result.cases;
    this.progress();
  }

  /** @returns how many findings are new */
  private report(target: NightTarget, { failures }: Pick<BlockResult, 'failures'>, parent: string | undefined): number {
    let found = 0;
    for (const { signature, block, index, values } of failures) {
      const first = { block, index, ...(parent !== undefined && { parent }) };
      const finding = target.reporter.report(signature, values, first);
      if (finding === undefined) continue;
      found++;
      this.findings++;
    }
    return found;
  }

  /** A case that reaches something that no entry of the corpus does becomes one. */
  private addEntry(target: NightTarget, values: EntryRecord['values']): void {
    const { runner, target: about } = target.prepared;
    const coverage = reachOf(runner, valuesOf(values, runner.space));
    if (!target.corpus.isMissing(coverage)) return;
    const entry = this.log.entry(target.index, { digest: valuesDigest(values), values, ...coverage });
    target.corpus.add(entry);
    this.options.onEvent({ kind: 'entry', target: about.name, entry });
  }

  private prune({ index, corpus }: NightTarget): void {
    const kept = pruned(corpus.all());
    if (kept.length < corpus.size) this.log.kept(index, kept);
  }

  private progress(): void {
    const coverage = this.targets.reduce((sum, { index }) => sum + this.log.coverage(index).size, 0);
    this.options.onProgress({ cases: this.cases, coverage, findings: this.findings, left: this.left() });
  }
}
