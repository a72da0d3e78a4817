/** Writes down what a campaign did, record by record, and keeps what the result is made of. */
import { randomBytes } from 'node:crypto';
import { toolVersion } from '../../package-info.js';
import { CoverageSet, coverageSize, functionRecords, otherFunctions } from './coverage.js';
import { kernelRelease } from '../recognition/kernel-version.js';
import { fingerprint } from '../targets/fingerprint.js';
import type { Origin } from './origin.js';
import type { ContractHint } from './contract-hint.js';
import type { Totals } from './merge.js';
import type { RecordFile } from './record-file.js';
import {
  type CampaignRecord,
  type EntryRecord,
  type FunctionRecord,
  recordSchema,
  type ReplayRecord,
  RECORDS_SCHEMA,
} from './records.js';
import { ResultBuilder } from './result-builder.js';
import type { FindingResult, RunResult } from './result.js';
import type { Shard } from './shard.js';
import type { Runner } from '../../run/runner.js';
import { type AnyTarget, assumptionsOf, contractId } from '../../run/target.js';

/** One target of a campaign, ready to be run. */
export interface Prepared {
  readonly target: AnyTarget;
  readonly runner: Runner;
  readonly seed: string;
  /** `NAME@FINGERPRINT` */
  readonly id: string;
  readonly fingerprint: string;
  readonly functions: FunctionRecord[];
}

/** Hexadecimal digits of the fingerprint that tell a target from what it was before a change. */
const ID_DIGITS = 16;

export function prepare(target: AnyTarget, runner: Runner, seed: string): Prepared {
  const print = fingerprint(target);
  return {
    target,
    runner,
    seed,
    id: `${target.name}@${print.slice(0, ID_DIGITS)}`,
    fingerprint: print,
    functions: functionRecords(target.image, target.symbol),
  };
}

/** Consecutive blocks of one target, computed as one. */
export interface ComputedBlocks {
  /** Index of the target. */
  target: number;
  /** Number of the first block. */
  block: number;
  blocks: number;
  /** The case of the corpus from which the cases are made; absent: fresh cases. */
  parent?: { digest: string };
}

export class CampaignLog {
  private readonly builder = new ResultBuilder();
  /** Per target, what it was known to reach, and the functions that this lies in. */
  private readonly covered: CoverageSet[];
  private readonly functions: FunctionRecord[][];
  /** Of this process, as its records have it. */
  private readonly id = randomBytes(8).toString('hex');

  /**
   * @param targets in the order of the result
   * @param seed as the result tells it
   * @param file where records are written too; they are in it before `blocks`, `replay` and `finding` return
   */
  constructor(
    private readonly targets: readonly Prepared[],
    seed: string,
    private readonly file?: RecordFile,
  ) {
    this.covered = targets.map(() => new CoverageSet(0n));
    this.functions = targets.map(({ functions }) => [...functions]);
    const ids = targets.map(({ id }) => id);
    this.append([
      { kind: 'run', schema: RECORDS_SCHEMA, tool: toolVersion(), seed, targets: ids },
      ...targets.map(targetRecord),
    ]);
  }

  /** @returns how much of what was reached was reached for the first time */
  blocks({ target, block, blocks, parent }: ComputedBlocks, result: Totals): number {
    const { coverage, failures, cases, executions, inForce, classes, problem } = result;
    const { id } = this.targets[target];
    const told = failures.map(({ signature, hits, block: at, index, together }) => ({
      signature,
      hits,
      block: at,
      index,
      together,
    }));
    const fresh = this.covered[target].missing(coverage);
    const records: CampaignRecord[] = [];
    if (coverageSize(fresh) > 0) {
      this.covered[target].add(fresh);
      const functions = otherFunctions(this.targets[target].target.image, this.functions[target], fresh.reached);
      this.functions[target].push(...functions);
      records.push({ kind: 'coverage', target: id, at: Date.now(), ...fresh, functions });
    }
    records.push({
      kind: 'blocks',
      target: id,
      ...(parent !== undefined && { parent: parent.digest }),
      block,
      blocks,
      cases,
      executions,
      inForce,
      classes,
      failures: told,
      ...(problem !== undefined && { problem }),
    });
    this.append(records);
    return coverageSize(fresh);
  }

  /** A record that is in the file already: of an earlier process. What is not of these targets is left out. */
  restore(record: CampaignRecord): void {
    // The image around a function may have changed since: what describes the target is what it is made of now.
    if (record.kind === 'run' || record.kind === 'target') return;
    const id = 'target' in record ? record.target : undefined;
    const target = this.targets.findIndex((known) => known.id === id);
    if (id !== undefined && target < 0) return;
    if (record.kind === 'coverage') {
      this.covered[target].add(record);
      this.functions[target].push(...record.functions);
    }
    this.builder.add(record, 'the state');
  }

  /** What the cases of a target reached so far. */
  coverage(target: number): CoverageSet {
    return this.covered[target];
  }

  entry(target: number, entry: Omit<EntryRecord, 'kind' | 'target'>): EntryRecord {
    const record: EntryRecord = { kind: 'entry', target: this.targets[target].id, ...entry };
    this.append([record]);
    return record;
  }

  kept(target: number, entries: string[]): void {
    this.append([{ kind: 'kept', target: this.targets[target].id, entries }]);
  }

  replay(target: number, record: Omit<ReplayRecord, 'kind' | 'target'>): void {
    this.append([{ kind: 'replay', target: this.targets[target].id, ...record }]);
  }

  finding(target: number, finding: Omit<FindingResult, 'hits' | 'accepted'>): void {
    this.append([{ kind: 'finding', target: this.targets[target].id, finding }]);
  }

  hint(target: number, { text, contract }: ContractHint): void {
    this.append([{ kind: 'hint', target: this.targets[target].id, text, contract }]);
  }

  /** A night begins. @param planned milliseconds */
  night(planned: number, origin: Origin): void {
    this.append([{ kind: 'night', id: this.id, started: Date.now(), planned: Math.round(planned), ...origin }]);
  }

  /** The process is at its end. */
  end(shard: Shard, workers: number, milliseconds: number, interrupted: boolean, origin: Origin = {}): void {
    this.append([
      {
        kind: 'process',
        id: this.id,
        shard: { ...shard },
        node: process.version,
        workers,
        started: Math.round(Date.now() - milliseconds),
        milliseconds: Math.round(milliseconds),
        interrupted,
        ...origin,
      },
    ]);
  }

  /** Names from images are escaped on the way, as they are when records are read: both ways give the same result. */
  private append(records: readonly CampaignRecord[]): void {
    const escaped = records.map((record) => recordSchema.parse(record));
    this.file?.append(escaped);
    for (const record of escaped) this.builder.add(record, 'this campaign');
  }

  result(): RunResult {
    return this.builder.result('this campaign');
  }
}

function targetRecord({ target, runner, seed, id, fingerprint: print, functions }: Prepared): CampaignRecord {
  const assumes = assumptionsOf(target);
  const kernel = kernelRelease(target.image)?.join('.');
  return {
    kind: 'target',
    id,
    name: target.name,
    symbol: target.symbol,
    contract: contractId(target),
    image: target.image.name,
    imageHash: target.image.hash,
    fingerprint: print,
    ...(kernel !== undefined && { kernel }),
    seed,
    ...(assumes.length > 0 && { assumes: [...assumes] }),
    properties: runner.properties.map(({ property, ...rest }) => ({ name: property.name, ...rest })),
    functions,
  };
}
