/** Seeds are text; every 32-bit seed is derived from (text, target, block), so that no two streams are the same. */
import seedrandom from 'seedrandom';

/** Seed of fast-check for one block of one target. */
export function blockSeed(seed: string, target: string, block: number): number {
  return seedrandom(`${seed}\n${target}\n${block}`).int32();
}
