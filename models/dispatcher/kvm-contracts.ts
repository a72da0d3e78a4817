import { KVM_EXIT_REASON_STATUSES } from '../abi/exit-reasons.js';
import { KVM_TD_EMULATED_MSRS } from '../abi/msr.js';
import type { DispatcherContract } from './contract.js';

/** KVM from 7.3.2 on: modifier bits do not hide an exit, and userspace can ask the guest to try again. */
export const KVM_7_3: DispatcherContract = {
  exitReasonStatuses: KVM_EXIT_REASON_STATUSES,
  exitReasonBits: 'basic',
  upperHalves: 'ignored',
  emulatedMsrs: KVM_TD_EMULATED_MSRS,
  mapGpaChunk: 0x200000n,
  mapGpaErrors: 'range-first',
  userspaceErrors: 'linux-7.2',
};

/** KVM 7.2: the errors of userspace for MapGPA are told apart. */
export const KVM_7_2: DispatcherContract = { ...KVM_7_3, exitReasonBits: 'whole' };

/** KVM 6.16 to 7.1. */
export const KVM_6_16: DispatcherContract = { ...KVM_7_2, userspaceErrors: 'linux-7.1' };
