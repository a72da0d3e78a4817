/**
 * The memory of a reproducer. A program cannot have the upper half of the address space, so that everything that lies there
 * is moved down by one constant, and so is every value that points into it: distances between addresses, and the lower
 * halves of addresses, stay what they are.
 */
import type { CaseFile } from '../stored/case-schema.js';
import { lowHalf, highHalf, joinHalves } from '../halves.js';
import { outsideOf } from '../stage/outside.js';
import type { ExternalModel } from '../world/externals.js';
import { poisonBytes, REGIONS, type Region } from '../stage/layout.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { createObservation } from '../observation/layout.js';
import type { Scenario } from '../scenario/layout.js';
import { hex } from '../text/hex.js';

const PAGE = 0x1000n;
const UPPER_HALF = 1n << 63n;
/**
 * By so much addresses of the upper half are moved. The lower half of it is 0. A kernel's text comes to 0x77ff81000000, below
 * where Linux puts stack and libraries; its direct map, which begins at 0xffff888000000000, to 0x8000000000.
 */
export const MOVED_BY = 0xffff880000000000n;
/** Below lies what no program may map. */
const LOWEST = 0x10000n;
const MOST_PAGES = 32;

/** A part of memory before the run, at its address in the machine. */
export interface Area {
  name: string;
  address: bigint;
  size: number;
  permissions: string;
  /** Its bytes, 0 behind them; or the pattern of the poison that fills it. */
  content: Uint8Array | number;
}

export interface Poke {
  address: bigint;
  value: bigint;
}

/** Why there is no reproducer. */
export class Impossible extends Error {
  override readonly name = 'Impossible';
}

const UD2 = Uint8Array.of(0x0f, 0x0b);

/** Everything that is mapped, but for the caller's side of memory 1 where no run needs it. */
export function areasOf(file: CaseFile, runner: CaseRunner, memories: readonly (0 | 1)[]): Area[] {
  const { pages } = file.code;
  if (pages.length > MOST_PAGES) throw new Impossible(`the runs touched ${pages.length} pages of the image`);
  const areas = pages.map(({ address, permissions, base64 }, index): Area => {
    const content = new Uint8Array(Buffer.from(base64, 'base64'));
    return { name: `image_${index}`, address: BigInt(address), size: Number(PAGE), permissions, content };
  });
  for (const memory of memories) areas.push(...callerSide(memory));
  areas.push(...landings(runner, memories, areas));
  for (const { address } of areas)
    if (moved(address) < LOWEST)
      throw new Impossible(`nothing of a program can lie where ${hex(address)} would be moved to`);
  return areas;
}

function callerSide(memory: 0 | 1): Area[] {
  const { stack, stackAcrossCarry, block, readOnly, acrossCarry, poison } = REGIONS[memory];
  const area = (name: string, { address, size }: Region, kind: 'stack' | 'block', permissions = 'rw-'): Area => ({
    name: `${name}_${memory}`,
    address,
    size,
    permissions,
    content: poison(kind),
  });
  return [
    area('stack', stack, 'stack'),
    area('stack_across_carry', stackAcrossCarry, 'stack'),
    area('block', block, 'block'),
    area('read_only', readOnly, 'block', 'r--'),
    area('across_carry', acrossCarry, 'block'),
  ];
}

/** Where a call out of the image ends, and the return addresses: UD2, which the signal handler knows by its address. */
function landings(runner: CaseRunner, memories: readonly (0 | 1)[], image: readonly Area[]): Area[] {
  const pages = new Map<bigint, Uint8Array>();
  const put = (address: bigint, bytes: ArrayLike<number>): void => {
    const page = address - (address % PAGE);
    const within = image.find((area) => area.address === page);
    if (within !== undefined) {
      // A function of the image that never returns.
      const content = new Uint8Array(Number(PAGE));
      content.set(within.content as Uint8Array);
      content.set(bytes, Number(address - page));
      within.content = content;
      return;
    }
    const content = pages.get(page) ?? new Uint8Array(Number(PAGE)).fill(0xcc);
    content.set(bytes, Number(address - page));
    pages.set(page, content);
  };
  for (const memory of memories) put(REGIONS[memory].returnAddress, UD2);
  for (const { address, model } of outsideOf(runner.target.image, runner.target.entry)) {
    const inReach = !isInImage(runner, address) || image.some((a) => contains(a, address));
    if (inReach) put(address, bytesOf(model));
  }
  return [...pages].map(([address, content], index) => ({
    name: `landing_${index}`,
    address,
    size: Number(PAGE),
    permissions: 'r-x',
    content,
  }));
}

/** What lies where a symbol from outside is: its code, zeros for data, a trap for all that the run may not go on behind. */
function bytesOf(model: ExternalModel): Uint8Array {
  if (model.kind === 'code') return model.bytes;
  return model.kind === 'data' ? new Uint8Array(model.bytes) : UD2;
}

function isInImage({ target }: CaseRunner, address: bigint): boolean {
  return target.image.segments.some((segment) => contains(segment, address));
}

function contains({ address: start, size }: { address: bigint; size: number }, address: bigint): boolean {
  return address >= start && address < start + BigInt(size);
}

const FIXED: readonly Region[] = REGIONS.flatMap(
  ({ stack, stackAcrossCarry, block, readOnly, acrossCarry, unmapped, returnAddress }) => [
    stack,
    stackAcrossCarry,
    block,
    readOnly,
    acrossCarry,
    { address: unmapped, size: Number(PAGE) },
    { address: returnAddress, size: 1 },
  ],
);

/** Moves what points into memory, a page around it included; every other value stays. */
export function mover(areas: readonly Area[]): (value: bigint) => bigint {
  const places = [...FIXED, ...areas];
  return (value) =>
    places.some(({ address, size }) => value >= address - PAGE && value < address + BigInt(size) + PAGE)
      ? moved(value)
      : value;
}

/** An address where the program has it. */
export function moved(address: bigint): bigint {
  return address >= UPPER_HALF ? address - MOVED_BY : address;
}

/** What the caller put into stack and block before the run: every word that is not poison. */
export function callersWords({ harness }: CaseRunner, scenario: Scenario, memory: 0 | 1): Poke[] {
  const pokes: Poke[] = [];
  let first = true;
  harness.run(scenario, memory, createObservation(), {
    before: (machine) => {
      if (!first) return;
      first = false;
      for (const { address, size, content } of callerSide(memory)) {
        const poison = new Int32Array(poisonBytes(size, content as number).buffer);
        for (let offset = 0; offset < size; offset += 8) {
          const at = address + BigInt(offset);
          machine.peek64(lowHalf(at), highHalf(at));
          const { peekLow, peekHigh } = machine;
          if (peekLow !== poison[offset / 4] || peekHigh !== poison[offset / 4 + 1])
            pokes.push({ address: at, value: joinHalves(peekLow, peekHigh) });
        }
      }
    },
    after: () => undefined,
  });
  return pokes;
}
