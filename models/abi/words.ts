/**
 * What numbers of the ABI are called: one vocabulary for each kind of value. Slots of cases, values of exchanges and
 * registers name the vocabulary that they speak; whatever prints a value puts the word beside the number.
 */
import { ERRNO } from './errno.js';
import { EXIT_REASON, KVM_EXIT_REASON_STATUSES } from './exit-reasons.js';
import {
  KVM_ENOSYS,
  KVM_EXIT_HYPERCALL_LONG_MODE,
  KVM_HC_MAP_GPA_RANGE,
  KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON,
  KVM_MAP_GPA_RANGE_ENCRYPTED,
  KVM_SYSTEM_EVENT_TDX_FATAL,
} from './kvm.js';
import { KVM_TD_EMULATED_MSRS } from './msr.js';
import { P_SEAMLDR_LEAVES, P_SEAMLDR_STATUS_CODES } from './p-seamldr.js';
import { GPR_NAMES } from './registers.js';
import { SEAMCALL_LEAVES } from './seamcall-leaves.js';
import { describeStatus, statusName } from './status.js';
import { TDCALL_LEAVES, TDCALL_RAX } from './tdcall-leaves.js';
import { TDVMCALL, TDVMCALL_STATUS } from './tdvmcall.js';

/** The word for a 64-bit value, unsigned; undefined for one that no table knows. */
type Vocabulary = (value: bigint) => string | undefined;

const WORD = (1n << 64n) - 1n;
const LOW_HALF = 0xffffffffn;

function inverted(table: Readonly<Record<string, bigint | number>>): Vocabulary {
  const names = new Map(Object.entries(table).map(([name, value]) => [BigInt(value), name]));
  return (value) => names.get(value);
}

const errnoName = inverted(ERRNO);
const exitReasonName = inverted(EXIT_REASON);
const seamldrStatusName = inverted(P_SEAMLDR_STATUS_CODES);

/** `-EINVAL`, as an int or a long has it. */
function negativeErrno(value: bigint): string | undefined {
  const isInt = value >> 32n === 0n || value >> 31n === (1n << 33n) - 1n;
  const number = isInt ? BigInt.asUintN(32, -value) : 0n;
  const name = number === KVM_ENOSYS ? 'KVM_ENOSYS' : errnoName(number);
  return name === undefined ? undefined : `-${name}`;
}

function leafName(names: ReadonlyMap<number, string>): Vocabulary {
  return (value) => {
    const { leafMask, versionMask, versionShift } = TDCALL_RAX;
    if (value >> 24n !== 0n) return undefined;
    const version = (Number(value) & versionMask) >>> versionShift;
    const name = names.get(Number(value) & leafMask);
    return name === undefined || version === 0 ? name : `${name} version ${version}`;
  };
}

const tdcallLeaf = leafName(new Map(TDCALL_LEAVES.map(({ leaf, name }) => [leaf, name])));
const moduleLeaf = leafName(new Map(SEAMCALL_LEAVES.map(({ leaf, name }) => [leaf, name])));
const seamldrLeaves = new Map<bigint, string>(P_SEAMLDR_LEAVES.map(({ rax, name }) => [rax, name]));

/** A status word of the module, or what Linux makes of a SEAMCALL that did not reach it. */
function status(value: bigint): string | undefined {
  const known = statusName(Number(value & LOW_HALF), Number(value >> 32n));
  if (known === undefined) return undefined;
  // Behind success the lower half is whatever the leaf says.
  return value >> 32n === 0n ? (value === 0n ? known : undefined) : describeStatus(value);
}

/** RAX behind TDH.VP.ENTER: a status, and in its lower half the exit reason. */
function exitStatus(value: bigint): string | undefined {
  if (!KVM_EXIT_REASON_STATUSES.some((known) => known === (value >> 32n) << 32n)) return status(value);
  const reason = exitReasonName(value & 0xffffn);
  if (reason === undefined) return undefined;
  const modifiers = value & 0xffff0000n;
  const words = [`exit reason ${reason}`, ...(modifiers === 0n ? [] : [`modifier bits 0x${modifiers.toString(16)}`])];
  const name = value >> 32n === 0n ? undefined : statusName(0, Number(value >> 32n));
  return (name === undefined ? words : [name, ...words]).join(', ');
}

function registers(value: bigint): string | undefined {
  if (value === 0n || value >> 16n !== 0n) return undefined;
  const named = GPR_NAMES.filter((_, bit) => (value >> BigInt(bit)) & 1n).join(' ');
  return named.replace('R8 R9 R10 R11 R12 R13 R14 R15', 'R8-R15').replace('R10 R11 R12 R13 R14 R15', 'R10-R15');
}

/** The exit qualification of a port access (docs/abi/linux-helpers.md#handle_io). */
function portAccess(value: bigint): string {
  const bytes = (value & 7n) + 1n;
  const text = `${value & 0x10n ? 'string ' : ''}${value & 8n ? 'IN' : 'OUT'} of ${bytes} byte${bytes === 1n ? '' : 's'}`;
  return `${text}, port 0x${((value >> 16n) & 0xffffn).toString(16)}`;
}

function msr(value: bigint): string | undefined {
  const found = KVM_TD_EMULATED_MSRS.find(({ first, last }) => value >= BigInt(first) && value <= BigInt(last));
  return found === undefined || found.first !== found.last ? undefined : found.name;
}

const VOCABULARIES = {
  /** R10 behind a standard TDVMCALL. */
  'tdvmcall-status': inverted(TDVMCALL_STATUS),
  /** RAX behind TDCALL. */
  'tdcall-status': status,
  /** RAX behind SEAMCALL, and what Linux puts in its place; statuses of the P-SEAMLDR are a numbering of their own. */
  'seamcall-status': (value) => status(value) ?? seamldrStatusName(value),
  /** RAX behind TDH.VP.ENTER. */
  'exit-status': exitStatus,
  /** R11 of a standard TDVMCALL. */
  'sub-function': inverted(TDVMCALL),
  /** RAX at TDCALL. */
  'tdcall-leaf': tdcallLeaf,
  /** RAX at SEAMCALL. */
  'seamcall-leaf': (value) => seamldrLeaves.get(value) ?? moduleLeaf(value),
  /** What userspace writes: an error number as it is. */
  errno: errnoName,
  /** What a function returns: an error number, negated. */
  'negative-errno': negativeErrno,
  /** What a function with a boolean result returns. */
  boolean: (value) => ((value & 0xffn) === 1n ? 'true' : (value & 0xffn) === 0n ? 'false' : undefined),
  /** Why a #VE came: a basic exit reason, which is also the number of the sub-function that asks for the same. */
  'exception-reason': inverted({
    CPUID: TDVMCALL.CPUID,
    HLT: TDVMCALL.HLT,
    IO: TDVMCALL.IO,
    RDMSR: TDVMCALL.RDMSR,
    WRMSR: TDVMCALL.WRMSR,
    EPT_VIOLATION: EXIT_REASON.EPT_VIOLATION,
    WBINVD: TDVMCALL.WBINVD,
  }),
  'port-access': portAccess,
  /** `nr` of KVM_EXIT_HYPERCALL, its attributes and its flags. */
  'kvm-hypercall': inverted({ KVM_HC_MAP_GPA_RANGE }),
  'map-gpa-attributes': inverted({ KVM_MAP_GPA_RANGE_DECRYPTED: 0, KVM_MAP_GPA_RANGE_ENCRYPTED }),
  'hypercall-flags': inverted({ KVM_EXIT_HYPERCALL_LONG_MODE }),
  'internal-error': inverted({ KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON }),
  'system-event': inverted({ KVM_SYSTEM_EVENT_TDX_FATAL }),
  /** An exposure mask. */
  registers,
  msr,
  /** Of a port or MMIO access, as TDVMCALL has it: R13. */
  direction: inverted({ read: 0, write: 1 }),
  /** Vector of an exception. */
  vector: inverted({ '#DE': 0, '#UD': 6, '#NP': 11, '#GP': 13, '#PF': 14 }),
} as const satisfies Record<string, Vocabulary>;

/** The name of a vocabulary. */
export type Words = keyof typeof VOCABULARIES;

/**
 * The word for a value; undefined where the vocabulary has none.
 *
 * @param value of at most 64 bits, unsigned
 */
export function wordOf(words: Words, value: bigint): string | undefined {
  return VOCABULARIES[words](value & WORD);
}
