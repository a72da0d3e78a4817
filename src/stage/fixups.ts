/** The exception-fixup table of an image, as a kernel uses it: a fault at an entry goes on where the entry says. */
import type { Fixup, Image } from '../image/image.js';
import { highHalf, lowHalf, readHalves } from '../halves.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { Machine } from '../x86/machine.js';

/** Types of entries (Linux 5.16+, extable_fixup_types.h). */
const EX_TYPE = {
  /** RIP goes to the fixup. */
  default: 1,
  /** RAX receives the trap number as well (docs/abi/linux-stubs.md#host-stubs). */
  fault: 2,
} as const;

/** A kernel has tens of thousands, and a stage for each target. */
const BY_ADDRESS = new WeakMap<Image, ReadonlyMap<bigint, Fixup>>();

export class Fixups {
  private readonly byAddress: ReadonlyMap<bigint, Fixup>;

  constructor(image: Image) {
    let byAddress = BY_ADDRESS.get(image);
    if (byAddress === undefined)
      BY_ADDRESS.set(image, (byAddress = new Map(image.fixups.map((fixup) => [fixup.from, fixup]))));
    this.byAddress = byAddress;
  }

  /** The entry for the instruction at RIP. */
  at({ state }: Machine): Fixup | undefined {
    return this.byAddress.size === 0 ? undefined : this.byAddress.get(readHalves(state, 2 * STATE.RIP));
  }
}

/**
 * Goes on in a fixup.
 *
 * @returns registers that the handler wrote, one bit each; undefined for a type of entry that is not modelled
 */
export function goToFixup(machine: Machine, { to, type }: Fixup, vector: number): number | undefined {
  if (type !== EX_TYPE.default && type !== EX_TYPE.fault) return undefined;
  machine.resumeAt(lowHalf(to), highHalf(to));
  if (type === EX_TYPE.default) return 0;
  machine.state[2 * STATE.GPR] = vector;
  machine.state[2 * STATE.GPR + 1] = 0;
  return 1;
}
