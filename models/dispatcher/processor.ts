import { low } from '../exchange/exchange.js';
import { invalidOperand, success, truncate, upperBits, type Handler } from './handler.js';
import { call } from './moments.js';

/** Instruction.CPUID: R12 leaf, R13 sub-leaf; EAX, EBX, ECX, EDX come back in R12 to R15. */
export const cpuid: Handler = function* ({ contract, exit }) {
  const { r12: leaf, r13: subleaf } = exit;
  const wide = upperBits([leaf, subleaf]);
  if (contract.upperHalves === 'refused' && wide.length > 0) return invalidOperand(['cpuid'], [leaf, subleaf]);
  const request = { function: low(32, leaf), index: low(32, subleaf) };
  const host = yield call('host_cpuid', request, ['cpuid', ...wide]);
  const word = (name: string): bigint => truncate(host[name], 4n);
  return success({ r12: word('eax'), r13: word('ebx'), r14: word('ecx'), r15: word('edx') }, ['cpuid', 'narrow']);
};

/** Instruction.HLT: the vCPU waits; with any R12 but 0 the guest has interrupts blocked (docs/abi/kvm-dispatcher.md#hlt). */
export const halt: Handler = function* ({ exit }) {
  const { r12: blocked } = exit;
  const request = { interruptsBlocked: low(32, blocked === 0n ? 0n : 1n) };
  yield call('host_halt', request, ['hlt', ...upperBits([blocked])]);
  return success({}, ['hlt']);
};
