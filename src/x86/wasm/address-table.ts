/** Fills the table in linear memory from which translated code learns where an address goes on (engine-layout.ts). */
import type { BlockGraph } from './blocks.js';
import { HASH_MULTIPLIER, TABLE_ENTRY, type UnitRegions } from './engine-layout.js';

/**
 * Enters all blocks and externals.
 *
 * @param externals - all declared externals: address -> index
 */
export function fillAddressTable(
  buffer: ArrayBuffer,
  regions: UnitRegions,
  graph: BlockGraph,
  externals: ReadonlyMap<bigint, number>,
): void {
  const { tableBits } = regions;
  const table = new DataView(buffer, regions.table, TABLE_ENTRY << tableBits);
  new Uint8Array(buffer, regions.table, TABLE_ENTRY << tableBits).fill(0);
  const mask = (1 << tableBits) - 1;
  const enter = (address: bigint, value: number): void => {
    let at = Number(BigInt.asUintN(64, address * HASH_MULTIPLIER) >> BigInt(64 - tableBits));
    while (table.getInt32(at * TABLE_ENTRY + 8, true) !== 0) at = (at + 1) & mask;
    table.setBigUint64(at * TABLE_ENTRY, address, true);
    table.setInt32(at * TABLE_ENTRY + 8, value, true);
  };
  graph.blocks.forEach(({ address }, number) => enter(address, number + 1));
  for (const [address, index] of externals) enter(address, -1 - index);
}
