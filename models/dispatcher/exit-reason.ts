import { TDX_ERROR, TDX_NON_RECOVERABLE, TDX_SEAMCALL_STATUS_MASK, TDX_SW_ERROR } from '../abi/linux-constants.js';
import { EXIT_REASON } from '../abi/exit-reasons.js';
import { statusHigh } from '../abi/status.js';
import type { DispatcherContract } from './contract.js';

/** What a status word of TDH.VP.ENTER asks the dispatcher to do. */
export type ExitKind =
  | 'tdcall'
  /** The module was busy: enter once more, with the same registers. */
  | 'enter-again'
  /** The host took its interrupt; the guest goes on. */
  | 'interrupt'
  | 'ept-violation'
  | 'triple-fault'
  /** No exit that a TD can cause: userspace is told. */
  | 'unexpected'
  /** Likewise, and the host must not trust this TD any more. */
  | 'bug';

const OPERAND_BUSY = BigInt(statusHigh('TDX_OPERAND_BUSY')) << 32n;

const KINDS = new Map<bigint, ExitKind>([
  [BigInt(EXIT_REASON.EXTERNAL_INTERRUPT), 'interrupt'],
  [BigInt(EXIT_REASON.TRIPLE_FAULT), 'triple-fault'],
  [BigInt(EXIT_REASON.EPT_VIOLATION), 'ept-violation'],
  // The module never reports it: the number serves KVM as the name of an MMIO request.
  [BigInt(EXIT_REASON.EPT_MISCONFIG), 'bug'],
  [BigInt(EXIT_REASON.TDCALL), 'tdcall'],
]);

/**
 * Decodes the status word behind TDH.VP.ENTER (docs/abi/kvm-dispatcher.md#exit-reason-map). The facts do not say what a
 * host does with the other reasons that a TD can cause (INIT, SMI, bus lock: docs/abi/seamcall.md#exit-reasons): unexpected.
 *
 * @param status RAX, 64 bits.
 */
export function exitKind(contract: DispatcherContract, status: bigint): ExitKind {
  if ((status & TDX_SW_ERROR) === TDX_SW_ERROR) return 'bug';
  const upper = status & TDX_SEAMCALL_STATUS_MASK;
  if (upper === OPERAND_BUSY) return 'enter-again';
  if (!contract.exitReasonStatuses.includes(upper)) return 'unexpected';
  const reason = BigInt.asUintN(contract.exitReasonBits === 'basic' ? 16 : 32, status);
  const kind = KINDS.get(reason) ?? 'unexpected';
  const broken = (status & (TDX_ERROR | TDX_NON_RECOVERABLE)) !== 0n;
  return broken && kind !== 'triple-fault' ? 'unexpected' : kind;
}
