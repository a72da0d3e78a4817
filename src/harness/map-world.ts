/** Lays out the memory of a target's machine: the image, the stacks, the blocks, and what lies outside the image. */
import { END } from '../observation/layout.js';
import { externalModel } from '../world/externals.js';
import { neverReturning } from './outside.js';
import { ImageError, type Image } from '../image/image.js';
import { PERCPU_BASE } from '../image/per-cpu.js';
import { segmentAt } from '../image/segments.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { Machine, type MachineOptions } from '../x86/machine.js';
import type { Code } from './code.js';
import { mapImage } from './map-image.js';
import { mapThunks } from './map-thunks.js';
import { poisonBytes, regionAt, REGIONS } from './regions.js';

const PAGE = 0x1000;
const READ_WRITE = { read: true, write: true, execute: false };

/** What reaching an external address means. */
export interface ExternalEnd {
  name: string;
  end: number;
}

/** Pages for the stacks, the blocks and the thunks beside the image. */
const WORLD_BYTES = 64 * PAGE;

/** Bytes of memory that the machine of an image needs. */
function memoryFor(image: Image): number {
  const ends = image.segments.map(({ size }) => size + 2 * PAGE);
  return ends.reduce((sum, size) => sum + size, WORLD_BYTES);
}

/** Which engine executes; the reference interpreter if not given. */
export type EngineOptions = Pick<MachineOptions, 'engine' | 'hotRuns' | 'spareBytes'>;

/** Machines by image: the memory of a whole kernel is laid out once, and every target in it runs on the same machine. */
const WORLDS = new WeakMap<Image, MappedWorld>();

/**
 * The machine of an image, with its world laid out and the checkpoint set.
 *
 * @throws ImageError if the image cannot lie in memory beside the caller's side
 */
export function worldOf(code: Code, options: EngineOptions = {}): MappedWorld {
  const own = !isShared(code) || options.engine !== undefined;
  const known = own ? undefined : WORLDS.get(code.image);
  if (known !== undefined) return known;
  const machine = new Machine({ memoryBytes: memoryFor(code.image), ...options });
  const world = { machine, ...mapWorld(machine, code) };
  machine.checkpoint();
  if (!own) WORLDS.set(code.image, world);
  return world;
}

/** Whether a target may run on a machine that other targets of its image use: one that never returns by its name must run, and not end where it begins. */
export function isShared({ symbol }: Code): boolean {
  return externalModel(symbol).kind !== 'noreturn';
}

export interface MappedWorld {
  machine: Machine;
  /** Meaning of each external index, in the order in which the machine knows them. */
  ends: ExternalEnd[];
  /** Pages that the image wants writable and executable: see `mapImage`. */
  readOnlyCode: ReadonlySet<number>;
}

/** @throws ImageError if the image cannot lie in memory beside the caller's side */
function mapWorld(machine: Machine, { image, entry }: Code): Omit<MappedWorld, 'machine'> {
  checkRoom(image);
  const readOnlyCode = mapImage(machine, image);
  const ends: ExternalEnd[] = [];
  const stopAt = (address: bigint, name: string, end: number): void => {
    ends[machine.addExternal(address)] = { name, end };
  };
  for (const { stack, block, lowHalfZero, readOnly, returnAddress, poison } of REGIONS) {
    machine.map(stack.address, stack.size, READ_WRITE, poisonBytes(stack.size, poison('stack')));
    for (const { address, size } of [block, lowHalfZero])
      machine.map(address, size, READ_WRITE, poisonBytes(size, poison('block')));
    machine.map(
      readOnly.address,
      readOnly.size,
      { ...READ_WRITE, write: false },
      poisonBytes(readOnly.size, poison('block')),
    );
    stopAt(returnAddress, 'return', END.returned);
  }
  if (segmentAt(image.segments, PERCPU_BASE) === undefined)
    machine.map(PERCPU_BASE, PAGE, READ_WRITE, poisonBytes(PAGE, REGIONS[0].poison('stack')));
  for (const { name, address, kind } of mapThunks(machine, image))
    stopAt(address, name, kind === 'noreturn' ? END.stopped : END.unknown);
  for (const { name, address } of neverReturning(image, entry)) stopAt(address, name, END.stopped);
  return { ends, readOnlyCode };
}

/** The addresses of the caller's side and of the externals are the tool's own. */
function checkRoom(image: Image): void {
  for (const { name, address, size } of image.segments) {
    const hit = regionAt(address, size);
    if (hit !== undefined)
      throw new ImageError(
        `${image.name}: ${shorten(name)} lies at ${hex(address)}, over the caller's memory at ${hex(hit.address)}; link it elsewhere`,
      );
  }
}
