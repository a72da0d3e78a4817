/**
 * Makes the result of a campaign from its records. Records may come in any order and more than once: sums, unions, and the
 * earliest of what is reported once.
 */
import { UsageError } from '../../errors.js';
import { type Cause, causeKey, causesOf } from '../../finding/causes.js';
import { signatureKey } from '../../finding/signature.js';
import { shorten } from '../../text/escape.js';
import { coverageByFunction, CoverageSet, NO_COVERAGE } from './coverage.js';
import { type FailureTotals, Merge } from './merge.js';
import { dateOf, joinOrigins } from './origin.js';
import type {
  BlocksRecord,
  CampaignRecord,
  CoverageRecord,
  FindingRecord,
  FunctionRecord,
  HintRecord,
  ProcessRecord,
  ReplayRecord,
  RunRecord,
  TargetRecord,
} from './records.js';
import { type FindingResult, type PropertyResult, RESULT_SCHEMA, type RunResult, type TargetResult } from './result.js';

type First = FindingResult['first'];

export class ResultBuilder {
  private run: RunRecord | undefined;
  private readonly targets = new Map<string, TargetBuilder>();
  private readonly processes = new Map<string, ProcessRecord>();

  /**
   * @param origin where the record comes from, for messages
   * @throws UsageError if the record is of another campaign, or contradicts one that is there
   */
  add(record: CampaignRecord, origin: string): void {
    switch (record.kind) {
      case 'run':
        this.addRun(record, origin);
        break;
      case 'process':
        this.processes.set(record.id, record);
        break;
      case 'target':
        this.target(record.id).describe(record, origin);
        break;
      case 'entry':
      case 'kept':
      case 'night':
        // The corpus is how a night found its way, and when it began is told beside: no part of what it found.
        break;
      default:
        this.target(record.target).add(record, origin);
    }
  }

  private addRun(record: RunRecord, origin: string): void {
    const { run } = this;
    if (run === undefined) {
      this.run = record;
      return;
    }
    const mixed = (what: string, there: string, here: string): UsageError =>
      new UsageError(
        `${shorten(origin)}: ${what} ${shorten(here, 60)}, but the others have ${shorten(there, 60)}; merge results of one campaign`,
      );
    if (run.tool !== record.tool) throw mixed('is of tdxfuzz', run.tool, record.tool);
    if (run.seed !== record.seed) throw mixed('has the seed', run.seed, record.seed);
    const other = run.targets.findIndex((id, index) => record.targets[index] !== id);
    if (other >= 0 || run.targets.length !== record.targets.length) {
      const index = other >= 0 ? other : run.targets.length;
      throw mixed('has the target', run.targets[index] ?? 'none', record.targets[index] ?? 'none');
    }
  }

  private target(id: string): TargetBuilder {
    let target = this.targets.get(id);
    if (target === undefined) this.targets.set(id, (target = new TargetBuilder()));
    return target;
  }

  /** Shards of which no process came to its end; undefined if there are none. */
  missingShards(): RunResult['run']['missing'] {
    const shards = [...this.processes.values()].map(({ shard }) => shard);
    const of = Math.max(1, ...shards.map((shard) => shard.of));
    const there = new Set(shards.filter((shard) => shard.of === of).map(({ index }) => index));
    const missing = Array.from({ length: of }, (_, index) => index).filter((index) => !there.has(index));
    return missing.length === 0 ? undefined : { shards: missing, of };
  }

  /**
   * @param origin what the records are, for messages
   * @throws UsageError if records are missing
   */
  result(origin: string): RunResult {
    const { run } = this;
    if (run === undefined)
      throw new UsageError(`${shorten(origin)}: no record says which campaign it is; run it again`);
    const targets = run.targets.map((id) => this.target(id).result(id, origin));
    const { processes, milliseconds, workers, interrupted, ...when } = this.work();
    const cases = targets.reduce((sum, target) => sum + target.cases, 0);
    return {
      schema: RESULT_SCHEMA,
      result: { tool: run.tool, seed: run.seed, runs: Math.max(0, ...targets.map((target) => target.cases)), targets },
      run: {
        node: [...new Set(processes.map(({ node }) => node))].sort().join(', '),
        workers,
        milliseconds,
        casesPerSecond: milliseconds === 0 ? 0 : Math.round(cases / (milliseconds / 1000)),
        interrupted,
        ...when,
        out: null,
      },
    };
  }

  /** Shards work at the same time, the processes of one shard one after the other. */
  private work() {
    const processes = [...this.processes.values()].sort((a, b) => a.started - b.started);
    const shards = new Map<number, { milliseconds: number; workers: number; interrupted: boolean }>();
    for (const { shard, milliseconds, workers, interrupted } of processes) {
      const before = shards.get(shard.index)?.milliseconds ?? 0;
      shards.set(shard.index, { milliseconds: before + milliseconds, workers, interrupted });
    }
    const each = [...shards.values()];
    // What went on from a state is what the last process of each shard made of it.
    const last = [...new Map(processes.map((process) => [process.shard.index, process])).values()];
    return {
      processes,
      milliseconds: Math.max(0, ...each.map((shard) => shard.milliseconds)),
      workers: each.reduce((sum, shard) => sum + shard.workers, 0),
      interrupted: each.some((shard) => shard.interrupted),
      ...(last.length > 0 && {
        start: dateOf(Math.min(...last.map(({ started }) => started))),
        end: dateOf(Math.max(...last.map((process) => process.started + process.milliseconds))),
      }),
      ...joinOrigins(last),
    };
  }
}

/** The records of one target. */
class TargetBuilder {
  private about: TargetRecord | undefined;
  private readonly spans = new Map<string, BlocksRecord>();
  private readonly replays = new Map<string, ReplayRecord>();
  private readonly covered = new CoverageSet(0n);
  private readonly others = new Map<number, FunctionRecord>();
  /** Signature -> the one of the earliest case. */
  private readonly findings = new Map<string, FindingRecord['finding']>();
  private hint: HintRecord | undefined;

  describe(record: TargetRecord, origin: string): void {
    this.about = same(this.about, record, origin, 'target');
  }

  add(record: BlocksRecord | CoverageRecord | ReplayRecord | FindingRecord | HintRecord, origin: string): void {
    switch (record.kind) {
      case 'blocks': {
        const key = `${record.parent ?? ''} ${record.block}`;
        this.spans.set(key, same(this.spans.get(key), record, origin, `block ${record.block}`));
        break;
      }
      case 'replay':
        this.replays.set(record.name, same(this.replays.get(record.name), record, origin, 'stored case'));
        break;
      case 'coverage':
        this.covered.add(record);
        for (const code of record.functions) this.others.set(code.start, code);
        break;
      case 'hint':
        this.hint = same(this.hint, record, origin, 'hint');
        break;
      case 'finding': {
        const key = signatureKey(record.finding);
        const known = this.findings.get(key);
        if (known === undefined || compareFirst(record.finding.first, known.first) < 0)
          this.findings.set(key, record.finding);
      }
    }
  }

  result(id: string, origin: string): TargetResult {
    const { about } = this;
    if (about === undefined) throw new UsageError(`${shorten(origin)}: nothing describes the target ${shorten(id)}`);
    this.checkOverlaps(id, origin);
    const merge = new Merge();
    for (const span of this.spans.values())
      merge.add({ ...span, coverage: NO_COVERAGE } as Parameters<Merge['add']>[0]);
    const totals = merge.totals();
    const replays = [...this.replays.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const findings = this.reported(replays, totals.failures, id, origin);
    const problem = replays.find((replay) => replay.problem !== undefined)?.problem ?? totals.problem?.text;
    const others = [...this.others.values()].sort((a, b) => a.start - b.start);
    return {
      target: about.name,
      symbol: about.symbol,
      contract: about.contract,
      image: about.image,
      imageHash: about.imageHash,
      fingerprint: about.fingerprint,
      seed: about.seed,
      cases: totals.cases,
      executions: totals.executions,
      replayed: replays.length,
      ...(about.assumes !== undefined && { assumes: about.assumes }),
      properties: propertyResults(about, totals.inForce, findings),
      classes: totals.classes,
      coverage: coverageByFunction([...about.functions, ...others], this.covered.coverage()),
      findings,
      causes: this.causes(findings, totals.failures),
      ...(this.hint !== undefined && { hint: { text: this.hint.text, contract: this.hint.contract } }),
      ...(problem !== undefined && { problem }),
    };
  }

  /** Where another contract fits better, everything has that one cause. */
  private causes(findings: readonly FindingResult[], failures: readonly FailureTotals[]): Cause[] {
    if (this.hint !== undefined && findings.length > 0)
      return [{ members: findings.map((_, index) => index), alsoBreaks: [] }];
    const together = new Map(failures.map((failure) => [causeKey(failure.signature), new Set(failure.together)]));
    return causesOf(findings, together);
  }

  private checkOverlaps(id: string, origin: string): void {
    const spans = [...this.spans.values()].sort(
      (a, b) => compareTexts(a.parent ?? '', b.parent ?? '') || a.block - b.block,
    );
    const at = spans.findIndex((span, index) => {
      const before = spans[index - 1];
      return index > 0 && before.parent === span.parent && before.block + before.blocks > span.block;
    });
    if (at >= 0)
      throw new UsageError(
        `${shorten(origin)}: ${shorten(id)}: block ${spans[at].block} is there twice; merge results of one campaign`,
      );
  }

  /** Findings with all their hits: of stored cases first, then by the earliest case. */
  private reported(
    replays: readonly ReplayRecord[],
    failures: readonly FailureTotals[],
    id: string,
    origin: string,
  ): FindingResult[] {
    const hits = new Map<string, number>();
    const hit = (key: string, count: number): void => void hits.set(key, (hits.get(key) ?? 0) + count);
    for (const { signatures } of replays) for (const signature of signatures) hit(signatureKey(signature), 1);
    for (const { signature, hits: count } of failures) hit(signatureKey(signature), count);
    return [...hits].map(([key, count]) => {
      const finding = this.findings.get(key);
      if (finding === undefined)
        throw new UsageError(
          `${shorten(origin)}: ${shorten(id)}: a failure has no finding (${shorten(key)}); run it again`,
        );
      return { ...finding, hits: count };
    });
  }
}

/** Cases that were stored come before those that were made. */
function compareFirst(a: First, b: First): number {
  if ('replayed' in a) return 'replayed' in b ? compareTexts(a.replayed, b.replayed) : -1;
  if ('replayed' in b) return 1;
  return compareTexts(a.parent ?? '', b.parent ?? '') || a.block - b.block || a.index - b.index;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @throws UsageError if two records of the same thing differ */
function same<T>(known: T | undefined, record: T, origin: string, what: string): T {
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(record))
    throw new UsageError(
      `${shorten(origin)}: ${what} is recorded otherwise in another folder; merge results of one campaign`,
    );
  return record;
}

function propertyResults(
  { properties }: TargetRecord,
  inForce: readonly number[],
  findings: readonly FindingResult[],
): PropertyResult[] {
  return properties.map(({ name, status, reason }, index) => {
    const cases = inForce[index] ?? 0;
    const violated = findings.some(({ property }) => property === name);
    const judged = violated ? 'violated' : cases > 0 ? 'holds' : 'not evaluated';
    return {
      property: name,
      status: status === 'judged' ? judged : status,
      cases,
      ...(reason !== undefined && { reason }),
    };
  });
}
