/**
 * What properties of a dispatcher speak of: the exchanges between guest, dispatcher, the rest of the host and userspace,
 * each with its values. The same names as in models/dispatcher; a test holds that no value there is without a clause.
 */
import { EXPOSED_REGISTERS } from '../../models/abi/linux-constants.js';
import { agrees, type ExchangeClause, happens } from './exchange-clause.js';

export const DISPATCHER_PROGRAMS = ['dispatcher-one-exit', 'dispatcher-sequence'] as const;

export const TO_GUEST = 'return to guest';
export const FAILS = 'fail';

type Exchanges = Readonly<Record<string, readonly string[]>>;

/** What the dispatcher asks the rest of the host for, on behalf of the guest. */
export const CALLS: Exchanges = {
  'call host_cpuid': ['vcpu', 'function', 'index'],
  'call host_get_msr': ['vcpu', 'index'],
  'call host_set_msr': ['vcpu', 'index', 'value'],
  'call host_pio_read': ['vcpu', 'port', 'size'],
  'call host_pio_write': ['vcpu', 'port', 'size', 'value'],
  'call host_mmio_read': ['vcpu', 'gpa', 'size'],
  'call host_mmio_write': ['vcpu', 'gpa', 'size', 'value'],
  'call host_halt': ['vcpu', 'interruptsBlocked'],
  'call host_kvm_hypercall': ['vcpu', 'number', 'a0', 'a1', 'a2', 'a3'],
};

/** What the dispatcher does about an exit that is no TDVMCALL. */
export const REACTIONS: Exchanges = {
  'call host_ept_violation': ['vcpu', 'gpa', 'qualification', 'present'],
  'call host_vm_bugged': ['vcpu'],
  KVM_EXIT_SHUTDOWN: [],
  KVM_EXIT_INTERNAL_ERROR: ['suberror', 'ndata', 'data[0]', 'data[1]'],
  KVM_EXIT_EXCEPTION: ['exception', 'error_code'],
  KVM_EXIT_FAIL_ENTRY: ['hardware_entry_failure_reason', 'cpu'],
  KVM_EXIT_X86_BUS_LOCK: ['run_flags'],
  KVM_EXIT_NOTIFY: ['flags'],
};

const FATAL_ERROR_DATA = Array.from({ length: 16 }, (_, index) => `data[${index}]`);

/** What userspace finds when it is to serve a TDVMCALL. */
export const EXITS: Exchanges = {
  KVM_EXIT_IO: ['direction', 'size', 'port', 'count', 'data_offset', 'data'],
  KVM_EXIT_MMIO: ['phys_addr', 'data', 'len', 'is_write'],
  KVM_EXIT_HYPERCALL: ['nr', 'args[0]', 'args[1]', 'args[2]', 'ret', 'flags'],
  KVM_EXIT_SYSTEM_EVENT: ['type', 'ndata', ...FATAL_ERROR_DATA],
  KVM_EXIT_TDX: ['flags', 'nr', 'ret', 'gpa', 'size', 'vector', 'leaf', 'r11', 'r12', 'r13', 'r14'],
};

const MOMENTS = [...Object.keys(CALLS), ...Object.keys(REACTIONS), ...Object.keys(EXITS), TO_GUEST, FAILS];

/** Every exchange that the reference labels so takes place, whichever it is, and nothing else in its place. */
export function allHappen(about: string): ExchangeClause[] {
  return MOMENTS.map((moment) => happens(moment, about));
}

/** All values of these exchanges. */
export function allAgree(exchanges: Exchanges, about?: string): ExchangeClause[] {
  return Object.entries(exchanges).flatMap(([moment, names]) => names.map((name) => agrees(moment, name, about)));
}

/** The registers that the guest gets, where the reference says that they play this role: `keeps`, `answers`... */
export function registersAgree(role: string, registers: readonly string[] = EXPOSED_REGISTERS): ExchangeClause[] {
  return registers.map((register) => agrees(TO_GUEST, register, `${role} ${register}`));
}
