/** The constants that drawing a scenario looks up, laid out in linear memory. */
import { highHalf, lowHalf } from '../halves.js';
import { EDGES, LEAF_DRAWS, type LeafDraws, statusesOf } from './draw-constants.js';
import { SLOT } from './layout.js';
import { leafBytes } from './leaf-slot.js';
import type { ScenarioSpace } from './space.js';

/** Where drawing keeps its things, as byte offsets; all multiples of 16. */
export interface DrawAddresses {
  /** STATE_BYTES. */
  state: number;
  /** What `drawTables` returned. */
  tables: number;
  /** Where the scenario goes: SCENARIO_BYTES. */
  scenario: number;
}

/** Entries of the table that says where a special value comes from. */
export const KINDS = 14;
const KIND_BYTES = 16 * 8;
const SMALL_NUMBERS = 256;
const BITS = 64;
/** Slots whose values are copied into others: all but the last, which is a small number and no value. */
const COPIED_SLOTS = SLOT.outcome;

/** What is drawn around the instruction that the contract wraps. */
export function leafDraws({ compiled }: ScenarioSpace): LeafDraws {
  const { instruction, leaves } = compiled.contract;
  const draws = { ...LEAF_DRAWS[instruction], ...(instruction === 'tdcall' && { statuses: statusesOf(leaves) }) };
  const bytes = leafBytes(compiled);
  if (bytes === 8) return draws;
  // Of a number that does not fit another leaf would be left.
  return { ...draws, unknown: draws.unknown.filter((leaf) => leaf < 2 ** (8 * bytes)), elsewhere: [] };
}

/** Byte offsets in the tables: leaf numbers of four bytes, then words of eight. */
export interface TableOffsets {
  unknownLeaves: number;
  leaves: number;
  elsewhere: number;
  statuses: number;
  edges: number;
  dictionary: number;
  small: number;
  bits: number;
  end: number;
}

export function tableOffsets(space: ScenarioSpace): TableOffsets {
  const { unknown, elsewhere, statuses } = leafDraws(space);
  let next = KIND_BYTES;
  const take = (bytes: number): number => {
    const at = next;
    next += 8 * Math.ceil(bytes / 8);
    return at;
  };
  return {
    unknownLeaves: take(4 * unknown.length),
    leaves: take(4 * space.compiled.contract.leaves.length),
    elsewhere: take(8 * elsewhere.length),
    statuses: take(8 * statuses.length),
    edges: take(4 * EDGES.length),
    dictionary: take(4 * space.dictionary.length),
    small: take(8 * SMALL_NUMBERS),
    bits: take(8 * BITS),
    end: next,
  };
}

/** The constants that drawing looks up, to be placed at `addresses.tables`. */
export function drawTables(space: ScenarioSpace, addresses: DrawAddresses): Uint8Array {
  const { dictionary, compiled } = space;
  const { unknown, elsewhere, statuses } = leafDraws(space);
  const at = tableOffsets(space);
  const bytes = new Uint8Array(at.end);
  const view = new DataView(bytes.buffer);
  const place = (offset: number, words: readonly number[] | Int32Array): void =>
    words.forEach((word, i) => view.setInt32(offset + 4 * i, word, true));
  const halves = (values: readonly bigint[]): number[] => values.flatMap((value) => [lowHalf(value), highHalf(value)]);
  place(at.unknownLeaves, unknown);
  place(at.leaves, compiled.contract.leaves);
  place(at.elsewhere, halves(elsewhere));
  place(at.statuses, halves(statuses));
  place(at.edges, EDGES);
  place(at.dictionary, dictionary);
  place(at.small, halves(Array.from({ length: SMALL_NUMBERS }, (_, i) => BigInt(i))));
  place(at.bits, halves(Array.from({ length: BITS }, (_, i) => 1n << BigInt(i))));
  const { tables, scenario } = addresses;
  const common = [
    [tables + at.edges, EDGES.length / 2],
    [tables + at.dictionary, dictionary.length / 2],
    [scenario, COPIED_SLOTS],
  ];
  // KINDS of them.
  const kinds = [
    ...Array.from({ length: 4 }, () => common).flat(),
    [tables + at.small, SMALL_NUMBERS],
    [tables + at.bits, BITS],
  ];
  place(0, kinds.flat());
  return bytes;
}
