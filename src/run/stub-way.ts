import type { Way } from './runner.js';

/**
 * The way of a whole run: the hash of its path and where it ended determine which instructions were executed.
 *
 * @param path hash of the base run
 */
export function wayOf(path: bigint, rip: bigint): Way {
  return { key: `${path} ${rip}`, machine: 0, from: 0, to: Infinity };
}
