/** The exchanges of a dispatcher with the guest, with userspace and with the rest of the host. */
import { KVM_EXIT, type KvmExitName } from '../abi/kvm.js';
import { low, type Expectation, type ExpectedExchange, type Values } from '../exchange/exchange.js';

/** The guest's registers that a TDVMCALL can share; their names are those of the values. */
export const GUEST_REGISTERS = [
  'rdx',
  'rbx',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const;

export type GuestRegister = (typeof GUEST_REGISTERS)[number];

/** Rules that an exchange can be about, beside `answers REGISTER` and `keeps REGISTER` for a return to the guest. */
export type Topic =
  | 'decode'
  | 'route'
  | 'validation'
  | 'upper-bits'
  | 'status'
  | 'completion'
  | 'read'
  | 'cpuid'
  | 'hlt'
  | 'io'
  | 'msr'
  | 'mmio'
  | 'map-gpa'
  | 'fatal-error'
  | 'information'
  | 'quote'
  | 'notify'
  | 'hypercall';

/** Registers that the guest gets as an answer; it finds all others as it left them. */
export type Results = Readonly<Partial<Record<GuestRegister, Expectation>>>;

export const RETURN_TO_GUEST = 'return to guest';
export const USERSPACE_EXIT = 'userspace exit';
export const FAIL = 'fail';

/** The guest goes on behind its TDVMCALL. */
export function returnToGuest(sent: Values, results: Results, about: readonly Topic[]): ExpectedExchange {
  const labels = GUEST_REGISTERS.map((register) => `${register in results ? 'answers' : 'keeps'} ${register}`);
  const kept = GUEST_REGISTERS.map((register): [string, Expectation] => [register, sent[register]]);
  return {
    moment: RETURN_TO_GUEST,
    values: { ...Object.fromEntries(kept), ...results },
    about: [...about, ...labels],
  };
}

/** The guest goes on with registers that the TDX module kept: what the host holds does not matter. */
export function resumeGuest(about: readonly Topic[]): ExpectedExchange {
  return { moment: RETURN_TO_GUEST, values: {}, about };
}

/**
 * KVM_RUN returns 0 and userspace finds this in `struct kvm_run`; the answer is what it has written there until the
 * next KVM_RUN, under the same names, and `pendingEvents`.
 */
export function userspaceExit(
  exit: KvmExitName,
  fields: Readonly<Record<string, Expectation>>,
  about: readonly Topic[],
): ExpectedExchange {
  const named = Object.entries(fields).map(([name, value]) => [fieldName(exit, name), value]);
  return {
    moment: USERSPACE_EXIT,
    values: { exit_reason: BigInt(KVM_EXIT[exit]), ...Object.fromEntries(named) },
    about,
  };
}

/** The name of a field of `struct kvm_run` among the values of an exit. */
export function fieldName(exit: KvmExitName, field: string): string {
  return `${exit.toLowerCase()}.${field}`;
}

/** KVM_RUN returns an error. @param errno Positive, as ERRNO has it. */
export function fail(errno: number, about: readonly Topic[]): ExpectedExchange {
  return { moment: FAIL, values: { rax: low(32, BigInt(-errno)) }, about };
}

/** The dispatcher calls another part of the host. */
export function call(
  name: string,
  values: Readonly<Record<string, Expectation>>,
  about: readonly Topic[],
): ExpectedExchange {
  return { moment: `call ${name}`, values, about };
}
