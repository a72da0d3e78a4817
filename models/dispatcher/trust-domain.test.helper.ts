import { KVM_EXIT_REASON_STATUSES } from '../abi/exit-reasons.js';
import { KVM_TD_EMULATED_MSRS } from '../abi/msr.js';
import { EXPOSED_REGISTERS } from '../abi/linux-constants.js';
import type { ExpectedExchange, Values } from '../exchange/exchange.js';
import { TrustDomain, type Action } from './trust-domain.js';
import type { DispatcherContract, TdConfiguration } from './contract.js';

/** KVM from 7.3.2 on. */
export const KVM_7_3: DispatcherContract = {
  exitReasonStatuses: KVM_EXIT_REASON_STATUSES,
  exitReasonBits: 'basic',
  upperHalves: 'ignored',
  emulatedMsrs: KVM_TD_EMULATED_MSRS,
  mapGpaChunk: 0x200000n,
  mapGpaErrors: 'range-first',
  userspaceErrors: 'linux-7.2',
  refusedAnswers: 'asked-again',
  machineCheckMsrs: 'emulation',
  mmioAddresses: 'legal',
  instructionExits: 'unexpected',
};

/** A TD of two vCPUs with 52 address bits, whose userspace takes KVM_HC_MAP_GPA_RANGE. */
export function trustDomain(
  contract: Partial<DispatcherContract> = {},
  td: Partial<TdConfiguration> = {},
  vcpus = 2,
): TrustDomain {
  return new TrustDomain(
    { ...KVM_7_3, ...contract },
    { gpaWidth: 52, mapGpaRange: true, localMachineCheck: false, ...td },
    vcpus,
  );
}

/** Every register has a value of its own, so that a mixed-up one shows. */
const SENT: Values = {
  rcx: 0xffccn,
  ...Object.fromEntries(EXPOSED_REGISTERS.map((name, index) => [name, 0x1111_0000_0000_0000n + BigInt(index)])),
  leftover: 0xa5a5_a5a5_a5a5_a5a5n,
};

/** An exit by TDVMCALL: R10 = 0 and these registers. */
export function tdvmcall(registers: Values): Values {
  return { ...SENT, rax: 77n, r10: 0n, ...registers };
}

/** What the world says where a test does not: no device, no such MSR, and zero. */
const REFUSAL: Values = { rax: 1n, eax: 0n, ebx: 0n, ecx: 0n, edx: 0n };

/** One step; `answers` are what the world says to each exchange in turn. */
export function perform(
  domain: TrustDomain,
  action: Action,
  vcpu: number,
  values: Values,
  ...answers: Values[]
): ExpectedExchange[] {
  const reference = domain.perform(action, vcpu, values);
  const seen: ExpectedExchange[] = [];
  for (let step = reference.next({}); !step.done; step = reference.next(answers.shift() ?? REFUSAL))
    seen.push(step.value);
  return seen;
}

/** An exit of the first vCPU of a TD of its own, as far as it goes. */
export function exit(values: Values, ...answers: Values[]): ExpectedExchange[] {
  return perform(trustDomain(), 'exit', 0, values, ...answers);
}

/** What a return to the guest looks like: the registers that differ from those it sent. */
export function changed(exchange: ExpectedExchange | undefined, sent: Values): Record<string, unknown> {
  const values = Object.entries(exchange?.values ?? {});
  return Object.fromEntries(values.filter(([name, value]) => value !== sent[name]));
}
