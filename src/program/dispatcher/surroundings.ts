/** The rest of the host as the dispatcher calls it (corpus/targets/dispatcher/tdx-host.h): what it is asked, what it says. */
import type { Exchange, Values } from '../../../models/exchange/exchange.js';
import type { ExternalFunction, ExternalFunctions } from '../../play/call.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import { writeBytes } from './memory.js';

/** Parameters of every external symbol; `out` points to where the answer goes. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  host_cpuid: ['vcpu', 'function', 'index', 'out'],
  host_get_msr: ['vcpu', 'index', 'out'],
  host_set_msr: ['vcpu', 'index', 'value'],
  host_pio_read: ['vcpu', 'port', 'size', 'out'],
  host_pio_write: ['vcpu', 'port', 'size', 'value'],
  host_mmio_read: ['vcpu', 'gpa', 'size', 'out'],
  host_mmio_write: ['vcpu', 'gpa', 'size', 'value'],
  host_halt: ['vcpu', 'interruptsBlocked'],
  host_kvm_hypercall: ['vcpu', 'number', 'a0', 'a1', 'a2', 'a3'],
  host_ept_violation: ['vcpu', 'gpa', 'qualification'],
  host_vm_bugged: ['vcpu'],
};

const PENDING_EVENTS = 'host_pending_events';

/** Moments of the calls that are exchanges. */
export const CALLS: readonly string[] = Object.keys(PARAMETERS).map((name) => `call ${name}`);

/** What each symbol does to memory. */
function effects(stage: ProgramStage): Readonly<Record<string, ExternalFunction['apply']>> {
  const read = ({ out, size }: Values, { rax, data }: Values): void => {
    if (BigInt.asUintN(32, rax) === 0n) writeBytes(stage, out, data, Number(BigInt.asUintN(4, size)));
  };
  return {
    host_cpuid: ({ out }, answer) =>
      ['eax', 'ebx', 'ecx', 'edx'].forEach((name, index) =>
        writeBytes(stage, out + BigInt(4 * index), answer[name], 4),
      ),
    host_get_msr: ({ out }, { rax, value }) => {
      if (BigInt.asUintN(32, rax) === 0n) writeBytes(stage, out, value, 8);
    },
    host_pio_read: read,
    host_mmio_read: read,
  };
}

/**
 * @param vcpuAt which vCPU a pointer means
 * @param hasPendingEvents whether an event waits, 1 or 0
 */
export function surroundings(
  stage: ProgramStage,
  vcpuAt: (address: bigint) => bigint,
  hasPendingEvents: () => bigint,
): ExternalFunctions {
  const apply = effects(stage);
  const observed = (name: string, names: readonly string[], values: Values): Values => {
    const shown: Record<string, bigint> = {};
    for (const parameter of names)
      if (parameter !== 'out') shown[parameter] = parameter === 'vcpu' ? vcpuAt(values[parameter]) : values[parameter];
    // Whether anything is mapped there is what the permissions are looked at for.
    if (name === 'host_ept_violation') shown['present'] = (values['qualification'] & 0x38n) === 0n ? 0n : 1n;
    return shown;
  };
  const functions = Object.entries(PARAMETERS).map(([name, parameters]): [string, ExternalFunction] => {
    const effect = apply[name];
    return [
      name,
      {
        parameters,
        observe: (values) => observed(name, parameters, values),
        ...(effect !== undefined && { apply: effect }),
      },
    ];
  });
  return {
    ...Object.fromEntries(functions),
    [PENDING_EVENTS]: { parameters: ['vcpu'], query: hasPendingEvents },
  };
}

/** What the step says to a call; what it does not name is 0. */
export function answerOf({ moment }: Exchange, values: Values): Values {
  const said = (name: string): bigint => values[name] ?? 0n;
  switch (moment) {
    case 'call host_cpuid':
      return { eax: said('eax'), ebx: said('ebx'), ecx: said('ecx'), edx: said('edx') };
    case 'call host_get_msr':
      return { rax: said('result'), value: said('value') };
    case 'call host_pio_read':
    case 'call host_mmio_read':
      return { rax: said('result'), data: said('value') };
    case 'call host_ept_violation':
      // Only 1 and errors of 32 bits are results.
      return { rax: said('result') === 0n ? 1n : said('result') | 0x8000_0000n };
    default:
      return { rax: said('result') };
  }
}
