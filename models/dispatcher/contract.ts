import type { MsrRange } from '../abi/msr.js';

/** What sound dispatchers may do differently, as data. Everything else is the same for all of them. */
export interface DispatcherContract {
  /** Upper halves of the status words whose lower half is an exit reason. */
  readonly exitReasonStatuses: readonly bigint[];
  /**
   * Which bits of the lower half name the exit: `whole`, all 32, so that a modifier bit makes an unknown reason
   * (KVM 6.16), or `basic`, bits 15:0 (7.3.2 and later). docs/abi/linux-fixes.md#bc335ce04408.
   */
  readonly exitReasonBits: 'whole' | 'basic';
  /** Upper halves of the leaf and sub-leaf of CPUID and of an MSR index: the host may choose (docs/abi/tdvmcall.md#host-visibility-of-operands). */
  readonly upperHalves: 'ignored' | 'refused';
  /** The MSRs that are handed to the emulation. */
  readonly emulatedMsrs: readonly MsrRange[];
  /** Bytes that one exit of MapGPA covers at most, counted from the first GPA of the range. */
  readonly mapGpaChunk: bigint;
  /** A MapGPA whose range is wrong and misaligned too: `range-first` INVALID_OPERAND, `either` this or ALIGN_ERROR. */
  readonly mapGpaErrors: 'range-first' | 'either';
  /**
   * An error that userspace gives for a chunk of MapGPA: `linux-7.1` INVALID_OPERAND whatever it is; `linux-7.2` EAGAIN
   * is RETRY, EINVAL is INVALID_OPERAND, any other makes KVM_RUN fail with -EINVAL. docs/abi/linux-fixes.md#3e2dec1ede0a.
   */
  readonly userspaceErrors: 'linux-7.1' | 'linux-7.2';
  /**
   * An answer to MapGPA with which KVM_RUN fails: `asked-again`, the chunk stays open; `dropped`, the next KVM_RUN enters the
   * guest as if nothing were left to do (KVM clears its pointer before it looks at the answer).
   */
  readonly refusedAnswers: 'asked-again' | 'dropped';
  /** Who knows IA32_FEATURE_CONTROL and IA32_MCG_EXT_CTL: the emulation of MSRs, or the dispatcher itself, as KVM's. */
  readonly machineCheckMsrs: 'emulation' | 'dispatcher';
  /** An MMIO address with bits above the width of addresses: `legal` refuses it, `shared` looks at the shared bit alone (KVM). */
  readonly mmioAddresses: 'legal' | 'shared';
  /**
   * Exits with a reason that the module never reports because it is an instruction's: `unexpected`, or `left-out`, of a
   * dispatcher that trusts the module not to report it: nothing is asked of it then.
   */
  readonly instructionExits: 'unexpected' | 'left-out';
}

/** How one TD was created. */
export interface TdConfiguration {
  /** Bits of a guest physical address; the uppermost is the shared bit. */
  readonly gpaWidth: 48 | 52;
  /** Userspace takes KVM_HC_MAP_GPA_RANGE (KVM_CAP_EXIT_HYPERCALL). */
  readonly mapGpaRange: boolean;
  /** The guest has a local machine check (MCG_LMCE_P of IA32_MCG_CAP). */
  readonly localMachineCheck: boolean;
}
