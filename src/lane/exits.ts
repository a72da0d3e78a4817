/** Tells the driver what each exit of translated code means (layout.ts, EXIT). */
import { VECTOR } from '../x86/exit.js';
import { OP } from '../x86/micro-ops.js';
import type { TranslatedCode } from '../x86/wasm/engine.js';
import type { Unit } from '../x86/wasm/units.js';
import { EXIT, EXIT_BYTES, LEFT } from './layout.js';

export interface ExitTables {
  /** Addresses of the instructions of all blocks, one block after the other. */
  readonly addresses: BigInt64Array;
  /** The table of one unit, when `addresses` lie at this byte offset. */
  table(unit: Unit, addressesAt: number): Uint8Array;
}

export function exitTables({ quick, exact }: TranslatedCode): ExitTables {
  const all: bigint[] = [];
  const starts = new Map<Unit, number[]>();
  for (const unit of [quick, exact]) {
    const blockStarts: number[] = [];
    for (const { instructions } of unit.blocks) {
      blockStarts.push(all.length);
      all.push(...instructions.map(({ address }) => BigInt.asIntN(64, address)));
    }
    starts.set(unit, blockStarts);
  }
  return {
    addresses: BigInt64Array.from(all),
    table: (unit, addressesAt) => {
      const bytes = new Uint8Array(EXIT_BYTES * unit.exits.length);
      const view = new DataView(bytes.buffer);
      unit.exits.forEach((_, number) => {
        const { kind, detail, rip, next, block, count } = describe(unit, number);
        const at = number * EXIT_BYTES;
        view.setInt32(at + EXIT.kind, kind, true);
        view.setInt32(at + EXIT.detail, detail, true);
        view.setBigUint64(at + EXIT.rip, rip, true);
        view.setBigUint64(at + EXIT.next, next, true);
        view.setInt32(at + EXIT.count, count, true);
        view.setInt32(at + EXIT.addresses, addressesAt + 8 * (starts.get(unit)?.[block] ?? 0), true);
      });
      return bytes;
    },
  };
}

function describe(unit: Unit, number: number) {
  const exit = unit.exits[number];
  if (exit.kind === 'environment') {
    for (const { instructions } of unit.blocks) {
      const last = instructions[instructions.length - 1];
      if (last.record === exit.record)
        return {
          kind: LEFT.environment,
          detail: exit.number,
          rip: last.address,
          next: last.next,
          block: 0,
          count: 0,
        };
    }
    throw new Error(`an environment call at record ${exit.record} belongs to no block`);
  }
  const { block, index } = exit;
  const { address: rip, next, ops } = unit.blocks[block].instructions[index];
  const place = { rip, next, block, count: index };
  if (exit.kind === 'boundary') return { kind: LEFT.boundary, detail: 0, ...place };
  const { access } = exit;
  if (access !== undefined) return { kind: LEFT.access, detail: access.size | (access.needed << 8), ...place };
  // UD2 and INT3 end a run as a trap.
  const [only] = ops;
  const traps = ops.length === 1 && only.op === OP.Fault && (only.x === VECTOR.UD || only.x === VECTOR.BP);
  return traps ? { kind: LEFT.trap, detail: only.x, ...place } : { kind: LEFT.other, detail: 0, ...place };
}
