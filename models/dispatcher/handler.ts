import { TDVMCALL_STATUS } from '../abi/tdvmcall.js';
import type { ExpectedExchange, Values } from '../exchange/exchange.js';
import type { DispatcherContract, TdConfiguration } from './contract.js';
import type { Results, Topic } from './moments.js';

/** One exit of one vCPU, as its handler knows it. */
export interface Visit {
  readonly contract: DispatcherContract;
  readonly td: TdConfiguration;
  /** Registers behind TDH.VP.ENTER: `rax` the status word, `rcx`, and the guest's; a register that is not shared is 0. */
  readonly exit: Values;
  readonly vcpu: VcpuState;
}

/** What lasts from one exit of a vCPU to the next. */
export interface VcpuState {
  /** The CPU that it runs on. */
  readonly cpu: bigint;
  /** IA32_MCG_EXT_CTL, where the dispatcher keeps it. */
  machineCheckControl: bigint;
}

/** With what the guest goes on. */
export interface Answer {
  readonly results: Results;
  readonly about: readonly Topic[];
}

/** Serves one TDVMCALL: yields what it does to the surroundings, and returns what the guest gets. */
export type Handler = (visit: Visit) => Generator<ExpectedExchange, Answer, Values>;

/** R10 = SUCCESS and these registers. */
export function success(results: Results, about: readonly Topic[]): Answer {
  return { results: { r10: TDVMCALL_STATUS.SUCCESS, ...results }, about };
}

/** R10 = INVALID_OPERAND: an operand is not what the sub-function takes. Nothing else was done. */
export function invalidOperand(about: readonly Topic[], operands: readonly bigint[] = []): Answer {
  const wide = upperBits(operands);
  return {
    results: { r10: TDVMCALL_STATUS.INVALID_OPERAND },
    about: [...about, ...(wide.length > 0 ? wide : (['validation'] as const))],
  };
}

/** The label for operands of which more than the lower half is in use. */
export function upperBits(operands: readonly bigint[]): Topic[] {
  return operands.some((operand) => operand >> 32n !== 0n) ? ['upper-bits'] : [];
}

/** Whether a function of the surroundings that returns an int said 0. */
export function isZero(rax: bigint): boolean {
  return BigInt.asUintN(32, rax) === 0n;
}

/** The low `bytes` bytes of a value. */
export function truncate(value: bigint, bytes: bigint): bigint {
  return BigInt.asUintN(Number(8n * bytes), value);
}
