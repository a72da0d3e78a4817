/** The exchanges of a dispatcher with the guest, with userspace and with the rest of the host. */
import { KVM_EXIT, type KvmExitName } from '../abi/kvm.js';
import { EXPOSED_REGISTERS, type ExposedRegister } from '../abi/linux-constants.js';
import { low, type Expectation, type ExpectedExchange, type Values } from '../exchange/exchange.js';

/**
 * Rules that an exchange can be about, beside what a return to the guest does with each register: `keeps R`, or with a
 * result `maps R` (MapGPA), `completes R` (what userspace answered) or `answers R` (the dispatcher by itself).
 */
export type Topic =
  /** The exit is no TDVMCALL. */
  | 'decode'
  /** A TDVMCALL whose exit reason has modifier bits. */
  | 'modifiers'
  /** A TDVMCALL beside which a bus lock was detected. */
  | 'bus-lock'
  /** The first thing that shows who serves the call. */
  | 'route'
  /** Nothing but this comes behind the first exchange. */
  | 'once'
  /** A refusal that bits below 32 ask for. */
  | 'validation'
  /** What bits above 31 decide. */
  | 'upper-bits'
  /** Userspace serves the call. */
  | 'exit'
  /** What becomes of the answer of userspace. */
  | 'completion'
  /** The result is narrower than its register. */
  | 'narrow'
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
export type Results = Readonly<Partial<Record<ExposedRegister, Expectation>>>;

const KEEPS = labelled('keeps');
const MAPS = labelled('maps');
const COMPLETES = labelled('completes');
const ANSWERS = labelled('answers');

function resultLabels(about: readonly string[]): Readonly<Record<ExposedRegister, string>> {
  if (about.includes('map-gpa')) return MAPS;
  return about.includes('completion') ? COMPLETES : ANSWERS;
}

function labelled(role: string): Readonly<Record<ExposedRegister, string>> {
  const labels = EXPOSED_REGISTERS.map((register) => [register, `${role} ${register}`]);
  return Object.fromEntries(labels) as Record<ExposedRegister, string>;
}

export const RETURN_TO_GUEST = 'return to guest';
export const FAIL = 'fail';

/** The guest goes on behind its TDVMCALL. */
export function returnToGuest(sent: Values, results: Results, about: readonly string[]): ExpectedExchange {
  const values: Record<string, Expectation> = {};
  const labels: string[] = [...about];
  const answering = resultLabels(about);
  for (const register of EXPOSED_REGISTERS) {
    const result = results[register];
    values[register] = result ?? sent[register];
    labels.push(result === undefined ? KEEPS[register] : answering[register]);
  }
  return { moment: RETURN_TO_GUEST, values, about: labels };
}

/** The guest goes on with registers that the TDX module kept: what the host holds does not matter. */
export function resumeGuest(about: readonly Topic[]): ExpectedExchange {
  return { moment: RETURN_TO_GUEST, values: {}, about };
}

/** The moment of an exit, by its name in Linux. */
export function exitMoment(exit: KvmExitName): string {
  return `KVM_EXIT_${exit}`;
}

const EXIT_MOMENTS = new Set((Object.keys(KVM_EXIT) as KvmExitName[]).map(exitMoment));

/** Whether a moment is one at which KVM_RUN returns to userspace. */
export function isUserspaceTurn(moment: string): boolean {
  return moment === FAIL || EXIT_MOMENTS.has(moment);
}

/**
 * KVM_RUN returns 0 and userspace finds this in `struct kvm_run`; the answer is what it has written there until the
 * next KVM_RUN, as `io.data`, `hypercall.ret`..., and `pendingEvents`.
 */
export function userspaceExit(
  exit: KvmExitName,
  fields: Readonly<Record<string, Expectation>>,
  about: readonly Topic[],
): ExpectedExchange {
  return { moment: exitMoment(exit), values: fields, about };
}

/** The name of a field of `struct kvm_run` among what userspace has written. */
export function fieldName(exit: KvmExitName, field: string): string {
  return `${exit.toLowerCase()}.${field}`;
}

/** KVM_RUN returns an error. @param errno Positive, as ERRNO has it. */
export function fail(errno: bigint, about: readonly Topic[]): ExpectedExchange {
  return { moment: FAIL, values: { rax: low(32, -errno) }, about };
}

/** The dispatcher calls another part of the host. */
export function call(
  name: string,
  values: Readonly<Record<string, Expectation>>,
  about: readonly Topic[],
): ExpectedExchange {
  return { moment: `call ${name}`, values, about };
}
