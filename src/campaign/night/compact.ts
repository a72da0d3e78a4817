/** Fewer records that say the same: blocks that follow each other become one piece, and former builds keep only what is still used of them. */
import { BLOCK_CASES } from '../blocks/block.js';
import { NO_COVERAGE } from '../records/coverage.js';
import { Merge } from '../records/merge.js';
import type { BlocksRecord, CampaignRecord } from '../records/records.js';

/** @returns records from which the same result is made, and the same next night */
export function compacted(records: readonly CampaignRecord[]): CampaignRecord[] {
  const present = new Set(records.findLast((record) => record.kind === 'run')?.targets);
  const streams = new Map<string, BlocksRecord[]>();
  // Each night writes its run and its targets again: the last ones stand for all.
  const described = new Map<string, CampaignRecord>();
  const others: CampaignRecord[] = [];
  for (const record of records) {
    switch (record.kind) {
      case 'run':
        described.set('', record);
        break;
      case 'target':
        described.set(record.id, record);
        break;
      case 'blocks':
        if (present.has(record.target)) put(streams, `${record.target}\n${record.parent ?? ''}`, record);
        break;
      case 'coverage':
      case 'replay':
        if (present.has(record.target)) others.push(record);
        break;
      default:
        others.push(record);
    }
  }
  // Blocks of all nights come before the beginnings of nights: what follows a beginning is of that night.
  return [...described.values(), ...[...streams.values()].flatMap(pieces), ...others];
}

function put(streams: Map<string, BlocksRecord[]>, key: string, record: BlocksRecord): void {
  const stream = streams.get(key);
  if (stream === undefined) streams.set(key, [record]);
  else stream.push(record);
}

/** The blocks of one stream, as few pieces as they come to. */
function pieces(stream: readonly BlocksRecord[]): BlocksRecord[] {
  const groups: BlocksRecord[][] = [];
  for (const record of [...stream].sort((a, b) => a.block - b.block)) {
    const last = groups.at(-1)?.at(-1);
    const follows =
      last !== undefined && last.block + last.blocks === record.block && last.cases === last.blocks * BLOCK_CASES;
    if (follows) groups.at(-1)?.push(record);
    else groups.push([record]);
  }
  return groups.map(sum);
}

function sum(group: readonly BlocksRecord[]): BlocksRecord {
  const [first] = group;
  const merge = new Merge();
  for (const { problem, ...record } of group)
    merge.add({ ...record, coverage: NO_COVERAGE, ...(problem !== undefined && { problem }) });
  const { coverage: _, ...totals } = merge.totals();
  const { kind, target, parent, block } = first;
  const blocks = group.reduce((count, record) => count + record.blocks, 0);
  return { kind, target, ...(parent !== undefined && { parent }), block, blocks, ...totals };
}
