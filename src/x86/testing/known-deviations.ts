import { Mnemonic } from 'iced-x86';
import { VECTOR } from '../exit.js';
import { ARITHMETIC_FLAGS } from '../flags.js';
import type { CasePlan } from './case-plan.js';
import { thisCpu } from './cpu.js';

/** Where the machine is known to differ from the CPU; such a difference is counted apart. */
export interface KnownDeviation {
  readonly name: string;
  /** For people: what the CPU does and what the machine does. */
  readonly text: string;
  /** Flags that the deviation concerns in a case that ended with this vector (-1: none). */
  readonly flags?: (plan: CasePlan, trap: number) => number;
  /** Whether it concerns all that an instruction does. */
  readonly everything?: (plan: CasePlan) => boolean;
}

const PREFIXES = new Set([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3]);

function hasPrefix({ bytes }: CasePlan, prefix: number): boolean {
  for (const byte of bytes) {
    if (byte === prefix) return true;
    if (!PREFIXES.has(byte)) return false;
  }
  return false;
}

const isMnemonic =
  (mnemonic: Mnemonic) =>
  ({ row }: CasePlan): boolean =>
    row.mnemonic === mnemonic;

const COMPARES = new Set<Mnemonic>([
  Mnemonic.Cmpsb,
  Mnemonic.Cmpsw,
  Mnemonic.Cmpsd,
  Mnemonic.Cmpsq,
  Mnemonic.Scasb,
  Mnemonic.Scasw,
  Mnemonic.Scasd,
  Mnemonic.Scasq,
]);

/** What CPUs of AMD do otherwise than those of Intel, which the machine stands for: there is no TDX elsewhere. Seen on family 25. */
const NOT_INTEL: readonly KnownDeviation[] = [
  {
    name: 'near branch of 16 bits',
    text: 'with prefix 66 the CPU cuts the target of a near branch to 16 bits; Intel ignores the prefix',
    everything: (plan) => hasPrefix(plan, 0x66) && ['branch', 'call', 'return'].includes(plan.flow),
  },
  {
    name: 'REP with 32-bit addresses',
    text: 'with prefix 67 and a count of 0 the CPU leaves the upper halves of RCX, RSI and RDI; Intel clears them',
    everything: (plan) => hasPrefix(plan, 0x67) && plan.repeats,
  },
  {
    name: 'flags behind a fault in REP CMPS and SCAS',
    text: 'the CPU has set the flags of the last comparison; Intel leaves those of the entry',
    flags: (plan, trap) =>
      trap === VECTOR.PF && plan.repeats && COMPARES.has(plan.row.mnemonic) ? ARITHMETIC_FLAGS : 0,
  },
  {
    name: 'INT1 is a fault',
    text: 'the CPU reports the address of INT1 itself; Intel that of the next instruction',
    everything: isMnemonic(Mnemonic.Int1),
  },
  {
    name: 'no reserved NOP 0F 0D',
    text: 'the CPU refuses 0F 0D with a register; Intel has a NOP there',
    everything: isMnemonic(Mnemonic.Reservednop),
  },
];

/**
 * On Intel every entry is a task: once the machine is right, the full run says that nothing deviates, and the entry goes.
 * None is left.
 */
export const KNOWN_DEVIATIONS: readonly KnownDeviation[] = thisCpu().isIntel ? [] : NOT_INTEL;
