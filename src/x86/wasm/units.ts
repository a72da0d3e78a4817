/** Translations of one variant: each covers what can be reached from one place where many runs began. */
import type { CodeCache } from '../code-cache.js';
import type { EventLog } from '../event-log.js';
import type { Interpreter } from '../interpreter.js';
import { type Layout, UNDO_WORDS } from '../layout.js';
import type { Memory } from '../memory.js';
import { fillAddressTable } from './address-table.js';
import { type Block, findBlocks } from './blocks.js';
import type { Exit } from './emitter.js';
import type { EngineLayout, RegionPool } from './engine-layout.js';
import { EventTemplates } from './event-templates.js';
import { instantiate, type LinearMemory, type TranslatedRun } from '../../wasm/host.js';
import type { TranslationCache } from './tlb.js';
import { translate } from './translate.js';

/** Instructions of one translation: what lies beyond is left to the interpreter, or to another one. */
const MOST_INSTRUCTIONS = 1024;

/** Instructions in a block of the quick variant: one that the budget does not reach is left to the interpreter. */
const LONGEST_BLOCK = 64;

/** Places whose runs are counted, by the low bits of their address. */
const COUNTERS = 1024;

/** What a result of 0 or more means (Exit), as a number. */
export const MEANING = { instruction: 0, boundary: 1, environment: 2 } as const;

/** Words of one meaning: MEANING, then block and index of the instruction, or number and record of the environment call. */
export const MEANING_WORDS = 3;

/** The parts of the machine that the engine works with. */
export interface MachineParts {
  readonly layout: Layout;
  readonly slots: Int32Array;
  readonly control: Int32Array;
  readonly memory: Memory;
  readonly cache: CodeCache;
  readonly log: EventLog;
  readonly interpreter: Interpreter;
}

/** One translation. */
export interface Unit {
  readonly exact: boolean;
  readonly run: TranslatedRun;
  /** By result. */
  readonly exits: readonly Exit[];
  readonly meanings: Int32Array;
  readonly blocks: readonly Block[];
  /** Events that one instruction makes at most. */
  readonly maxEvents: number;
  /** Words of the undo list that one instruction needs at most. */
  readonly maxUndo: number;
}

/** What a set of units is made from. */
export interface UnitsInput {
  readonly parts: MachineParts;
  readonly linear: LinearMemory;
  readonly engine: EngineLayout;
  readonly pool: RegionPool;
  readonly tlb: TranslationCache;
  /** All declared externals: address -> index. */
  readonly externals: ReadonlyMap<bigint, number>;
  /** Runs that begin at one place before it is translated. */
  readonly hotRuns: number;
  /** Whether the planned interrupt is looked at, and the code can be entered, at every instruction boundary. */
  readonly exact: boolean;
}

export class Units {
  /** The unit to try first. */
  latest: Unit | undefined;
  readonly exact: boolean;

  private readonly input: UnitsInput;
  private readonly heat = new Int32Array(COUNTERS);
  /** Low half of the address of each block -> a unit that has it. */
  private readonly byAddress = new Map<number, Unit>();

  constructor(input: UnitsInput) {
    this.input = input;
    this.exact = input.exact;
  }

  /** The unit that may have a block at the address with this low half. */
  at(low: number): Unit | undefined {
    return this.byAddress.get(low);
  }

  /** Forgets everything translated and counted. */
  clear(): void {
    this.latest = undefined;
    this.byAddress.clear();
    this.heat.fill(0);
  }

  /** Counts a run that began here. @returns whether there were enough of them */
  isHot(low: number): boolean {
    const at = (low ^ (low >>> 10)) & (COUNTERS - 1);
    if (++this.heat[at] <= this.input.hotRuns) return false;
    this.heat[at] = 0;
    return true;
  }

  /**
   * @param others - addresses in the code that are known to be jumped to
   * @returns whether there is a unit for this address now; undefined if there is no room for one
   */
  translateAt(low: number, high: number, others: readonly bigint[] = []): boolean | undefined {
    const { parts, linear, engine, pool, tlb, externals, exact } = this.input;
    const { cache, layout, slots } = parts;
    const address = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    if (externals.has(address)) return false;
    const graph = findBlocks(cache, [address, ...others], MOST_INSTRUCTIONS, exact ? 1 : LONGEST_BLOCK);
    const { blocks } = graph;
    if (blocks.length === 0) return false;
    const regions = pool.takeTable(blocks.length + externals.size);
    if (regions === undefined) return undefined;
    const { pages } = linear;
    const templates = new EventTemplates(pool.next);
    const { multiplier: tlbMultiplier } = tlb;
    const made = translate({ graph, layout, engine, regions, slots, tlbMultiplier, exact, pages, templates });
    const words = templates.encode();
    if (!pool.take(words.byteLength)) return undefined;
    new BigUint64Array(linear.buffer, templates.at, words.length).set(words);
    fillAddressTable(linear.buffer, regions, graph, externals);
    const unit: Unit = {
      exact,
      run: instantiate(made.bytes, linear),
      exits: made.exits,
      meanings: flatten(made.exits),
      blocks,
      maxEvents: made.maxEvents,
      maxUndo: made.maxUndo * UNDO_WORDS,
    };
    for (const block of blocks) this.byAddress.set(Number(BigInt.asIntN(32, block.address)), unit);
    this.latest = unit;
    return true;
  }
}

function flatten(exits: readonly Exit[]): Int32Array {
  const meanings = new Int32Array(exits.length * MEANING_WORDS);
  exits.forEach((exit, i) => {
    const numbers = exit.kind === 'environment' ? [exit.number, exit.record] : [exit.block, exit.index];
    meanings.set([MEANING[exit.kind], ...numbers], i * MEANING_WORDS);
  });
  return meanings;
}
