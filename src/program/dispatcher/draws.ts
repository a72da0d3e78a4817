/** How the registers of each sub-function are drawn: mostly what it takes, else what is next to it. */
import { ERRNO } from '../../../models/abi/errno.js';
import { KVM_EXIT_REASON_STATUSES, EXIT_REASON } from '../../../models/abi/exit-reasons.js';
import { KVM_HC_MAP_GPA_RANGE } from '../../../models/abi/kvm.js';
import { SOFTWARE_STATUS_CODES } from '../../../models/abi/linux-constants.js';
import { KVM_TD_EMULATED_MSRS } from '../../../models/abi/msr.js';
import { statusHigh } from '../../../models/abi/status.js';
import { STATUS_CODES } from '../../../models/abi/status-codes.js';
import { TDVMCALL, TDVMCALL_STATUS } from '../../../models/abi/tdvmcall.js';
import type { Dice } from '../../case/dice.js';
import {
  anyValue,
  below,
  boundary,
  type Draw,
  either,
  mostly,
  narrow,
  oneBitOff,
  oneOf,
  uniform,
  upperHalfAdded,
} from '../../story/draws.js';

export const WORD = (1n << 64n) - 1n;
const PAGE = 4096n;
/** What MapGPA converts at once (docs/abi/kvm-dispatcher.md#mapgpa): lengths around its multiples are where chunks go wrong. */
export const CHUNK = 0x200000n;
/** An MSR that can be read and written: IA32_PAT. */
export const PAT = BigInt(KVM_TD_EMULATED_MSRS.find(({ name }) => name === 'IA32_PAT')?.first ?? 0);
const OPERAND_BUSY = BigInt(statusHigh('TDX_OPERAND_BUSY')) << 32n;
const X2APIC = 0x800n;
const SHARED_BITS = [1n << 51n, 1n << 51n, 1n << 47n] as const;

/** A value of the draw, or something that less than 64 bits take for it. */
const nearly = (draw: Draw, times = 6): Draw =>
  mostly(draw, either(upperHalfAdded(draw), oneBitOff(draw), anyValue), times);

const sum =
  (one: Draw, other: Draw): Draw =>
  (dice) =>
    (one(dice) + other(dice)) & WORD;

export const direction: Draw = nearly(below(2));
export const portSize: Draw = nearly(oneOf(1n, 2n, 4n));
export const mmioSize: Draw = nearly(oneOf(1n, 2n, 4n, 8n));
export const port: Draw = nearly(below(0x10000));

const sharedBit: Draw = oneOf(...SHARED_BITS);
/** Below every shared bit. */
const address: Draw = (dice) => dice.value() >> BigInt(17 + dice.below(40));
/** A few bytes or pages on either side of the shared bit and of the end of all addresses. */
const edge =
  (unit: bigint): Draw =>
  (dice) =>
    (sharedBit(dice) * BigInt(dice.below(3)) + unit * BigInt(dice.below(17) - 8)) & WORD;

/** The last bytes of shared memory. */
const lastBytes: Draw = (dice) => 2n * sharedBit(dice) - BigInt(1 + dice.below(8));

/** Mostly shared memory. */
export const deviceAddress: Draw = nearly(
  mostly(sum(sharedBit, address), either(address, edge(1n), lastBytes, sum(uniform, sharedBit)), 2),
);

/** Whether the guest says that interrupts are blocked. */
export const blocked: Draw = mostly(below(2), either(anyValue, upperHalfAdded(oneOf(0n))), 2);

const page: Draw = (dice) => address(dice) & -PAGE & WORD;

/** First GPA of a range, mostly aligned. */
export const rangeStart: Draw = mostly(
  either(page, sum(sharedBit, page)),
  either(edge(PAGE), oneBitOff(sum(sharedBit, page)), anyValue),
  5,
);

/** Up to three chunks and a little, mostly of whole pages. */
export const rangeSize: Draw = mostly(
  (dice) => (CHUNK * BigInt(dice.below(4)) + PAGE * BigInt(dice.below(4) - 1)) & WORD,
  either(narrow, oneBitOff(oneOf(CHUNK, PAGE)), oneOf(0n), boundary),
  6,
);

/** An end of a range of emulated MSRs, or next to it. */
const msrEdge: Draw = (dice) => {
  const { first, last } = KVM_TD_EMULATED_MSRS[dice.below(KVM_TD_EMULATED_MSRS.length)];
  return BigInt([first - 1, first, last, last + 1][dice.below(4)]);
};

/** The x2APIC, mostly the registers up to the interrupt to itself. */
const x2apic: Draw = (dice) => X2APIC + BigInt(dice.below(dice.once(3) ? 0x100 : 0x40));

/** Around the emulated ones, all of the x2APIC, and any. */
export const msr: Draw = mostly(either(msrEdge, x2apic), either(upperHalfAdded(msrEdge), narrow, anyValue), 5);

export const vector: Draw = nearly(either(below(256), below(256), oneOf(0n, 31n, 32n, 255n, 256n)));
export const informationLeaf: Draw = nearly(below(3), 4);

/** R11 of a call that need not be served. */
export const subFunction: Draw = nearly(
  mostly(oneOf(...Object.values(TDVMCALL).map(BigInt)), either(below(128), sum(oneOf(0x10000n), below(16))), 3),
  3,
);

/** R10 of a call to KVM. */
export const hypercall: Draw = (dice: Dice) =>
  nearly(either(oneOf(BigInt(KVM_HC_MAP_GPA_RANGE)), below(16)), 5)(dice) || 1n;

/** Status word of an exit, now and then with modifier bits. */
export const statusOf = (reason: bigint): Draw =>
  mostly(oneOf(reason), (dice) => reason | (1n << BigInt(16 + dice.below(16))), 24);

/** Of a TDVMCALL. */
export const tdvmcallStatus: Draw = statusOf(BigInt(EXIT_REASON.TDCALL));

const exitReason: Draw = mostly(
  oneOf(...Object.values(EXIT_REASON).map(BigInt)),
  either(below(80), (dice) => BigInt(dice.word() >>> 0)),
  3,
);

/** Any status word. */
export const exitStatus: Draw = mostly(
  sum(
    oneOf(...KVM_EXIT_REASON_STATUSES),
    mostly(
      exitReason,
      sum(exitReason, (dice) => 1n << BigInt(16 + dice.below(16))),
      4,
    ),
  ),
  either(
    sum(oneOf(...STATUS_CODES.map(({ value }) => value)), mostly(below(80), oneOf(0n))),
    oneOf(...SOFTWARE_STATUS_CODES.map(({ value }) => value)),
    sum(oneOf(OPERAND_BUSY), mostly(below(256), oneOf(0n))),
    oneBitOff(oneOf(...KVM_EXIT_REASON_STATUSES)),
    anyValue,
  ),
  3,
);

/** An NMI, a machine check, a page fault, or something next to them: interruption information of 32 bits. */
export const interruption: Draw = nearly(oneOf(0x8000_0202n, 0x8000_0312n, 0x8000_030en, 0x8000_0302n), 3);

/** Few bits of an exit qualification: an access, permissions (mostly none: nothing is mapped), a linear address. */
export const qualification: Draw = (dice) => (dice.once(3) ? below(0x200)(dice) : below(0x200)(dice) & ~0x78n);

/** Where an EPT violation may be: in shared and in private memory. */
export const violatedAddress: Draw = either(deviceAddress, page);

/** Why the module reports an EPT violation: 6 is a page that the guest has not accepted. */
export const extendedQualification: Draw = either(below(16), upperHalfAdded(oneOf(6n)));

const ERRORS = [ERRNO.EIO, ERRNO.EAGAIN, ERRNO.EFAULT, ERRNO.EINVAL];

/** An int: mostly 0, else an error. */
export const result: Draw = mostly(oneOf(0n), either(oneOf(1n), oneOf(...ERRORS.map((error) => -error & WORD))), 2);

/** What userspace writes to `ret`: an error number for a conversion, a status for a TDVMCALL. */
export const userspaceResult: Draw = either(
  oneOf(0n),
  oneOf(0n, ERRNO.EAGAIN, ERRNO.EINVAL),
  oneOf(...ERRORS, ...Object.values(TDVMCALL_STATUS)),
  mostly(oneOf(0n), upperHalfAdded(oneOf(0n, ...ERRORS)), 2),
);
