import { TDX_ERROR, TDX_NON_RECOVERABLE, TDX_SEAMCALL_STATUS_MASK, TDX_SW_ERROR } from '../abi/linux-constants.js';
import { BUS_LOCK_DETECTED, EXIT_REASON, FAILED_ENTRY, INSTRUCTION_REASONS } from '../abi/exit-reasons.js';
import { statusHigh } from '../abi/status.js';
import type { DispatcherContract } from './contract.js';

/** What a status word of TDH.VP.ENTER asks the dispatcher to do. */
export type ExitKind =
  | 'tdcall'
  /** The module was busy: enter once more, with the same registers. */
  | 'enter-again'
  /** The host took its interrupt or its SMI; the guest goes on. */
  | 'interrupt'
  /** An exception, or an NMI: the interruption information says which. */
  | 'exception'
  | 'ept-violation'
  | 'triple-fault'
  | 'bus-lock'
  /** The guest had interrupts blocked for too long. */
  | 'notify'
  | 'failed-entry'
  /** No exit that a TD can cause: userspace is told. */
  | 'unexpected'
  /** Likewise, and the host must not trust this TD any more. */
  | 'bug'
  /** As `bug`, and KVM_RUN fails: the module reports a misconfiguration that it must keep to itself. */
  | 'misconfiguration';

const OPERAND_BUSY = BigInt(statusHigh('TDX_OPERAND_BUSY')) << 32n;
const MISCONFIGURATION = BigInt(EXIT_REASON.EPT_MISCONFIG);

const KINDS = new Map<bigint, ExitKind>([
  [BigInt(EXIT_REASON.EXCEPTION_OR_NMI), 'exception'],
  [BigInt(EXIT_REASON.EXTERNAL_INTERRUPT), 'interrupt'],
  [BigInt(EXIT_REASON.TRIPLE_FAULT), 'triple-fault'],
  [BigInt(EXIT_REASON.OTHER_SMI), 'interrupt'],
  [BigInt(EXIT_REASON.EPT_VIOLATION), 'ept-violation'],
  [BigInt(EXIT_REASON.BUS_LOCK), 'bus-lock'],
  [BigInt(EXIT_REASON.NOTIFY), 'notify'],
  [BigInt(EXIT_REASON.TDCALL), 'tdcall'],
]);

/**
 * Decodes the status word behind TDH.VP.ENTER (docs/abi/kvm-dispatcher.md#exit-reason-map, #exits-that-are-no-tdvmcall).
 *
 * @param status RAX, 64 bits.
 */
export function exitKind(contract: DispatcherContract, status: bigint): ExitKind {
  // The number alone serves KVM as the name of an MMIO request, and with modifier bits it is no reason at all.
  if (status === MISCONFIGURATION) return 'misconfiguration';
  if ((status & TDX_SW_ERROR) === TDX_SW_ERROR) return 'bug';
  const upper = status & TDX_SEAMCALL_STATUS_MASK;
  if (upper === OPERAND_BUSY) return 'enter-again';
  if (!contract.exitReasonStatuses.includes(upper)) return 'unexpected';
  if (contract.exitReasonBits === 'basic' && (status & FAILED_ENTRY) !== 0n) return 'failed-entry';
  const kind = KINDS.get(reasonOf(contract, status)) ?? 'unexpected';
  return isBroken(status) && kind !== 'triple-fault' ? 'unexpected' : kind;
}

/** Whether the exit's reason says that a bus lock was detected, too: userspace is told before the guest goes on. */
export function hasBusLock(contract: DispatcherContract, status: bigint): boolean {
  if (contract.exitReasonBits !== 'basic') return false;
  const isReason = contract.exitReasonStatuses.includes(status & TDX_SEAMCALL_STATUS_MASK);
  return isReason && ((status & BUS_LOCK_DETECTED) !== 0n || exitKind(contract, status) === 'bus-lock');
}

/** Whether nothing is asked of a dispatcher with this contract: the module never reports such an exit. */
export function isLeftOut(contract: DispatcherContract, status: bigint): boolean {
  return (
    contract.instructionExits === 'left-out' &&
    exitKind(contract, status) === 'unexpected' &&
    !isBroken(status) &&
    contract.exitReasonStatuses.includes(status & TDX_SEAMCALL_STATUS_MASK) &&
    INSTRUCTION_REASONS.includes(reasonOf(contract, status))
  );
}

function reasonOf({ exitReasonBits }: DispatcherContract, status: bigint): bigint {
  return BigInt.asUintN(exitReasonBits === 'basic' ? 16 : 32, status);
}

function isBroken(status: bigint): boolean {
  return (status & (TDX_ERROR | TDX_NON_RECOVERABLE)) !== 0n;
}
