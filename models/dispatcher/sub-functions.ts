import { TDVMCALL, TDVMCALL_STATUS } from '../abi/tdvmcall.js';
import type { Handler } from './handler.js';
import { kvmHypercall } from './kvm-hypercall.js';
import { mapGpa } from './map-gpa.js';
import { mmio } from './mmio.js';
import { upperBits } from './handler.js';
import { portIo } from './port-io.js';
import { cpuid, halt } from './processor.js';
import { readMsr, writeMsr } from './msr.js';
import { getQuote, getTdVmCallInfo, reportFatalError, setupEventNotifyInterrupt } from './userspace-calls.js';

/** One row of the dispatcher's table: a sub-function that the host serves. */
export interface ServedSubFunction {
  readonly name: keyof typeof TDVMCALL;
  readonly handler: Handler;
  readonly source: string;
}

const SECTION_3 = 'docs/abi/kvm-dispatcher.md';

/** Every sub-function (R10 = 0, R11 its number) that is served; all others are answered SUBFUNC_UNSUPPORTED. */
export const SERVED_SUB_FUNCTIONS: readonly ServedSubFunction[] = [
  { name: 'CPUID', handler: cpuid, source: SECTION_3 },
  { name: 'HLT', handler: halt, source: SECTION_3 },
  {
    name: 'IO',
    handler: portIo,
    source: `${SECTION_3}; 64 bits count: docs/abi/tdvmcall.md#host-visibility-of-operands`,
  },
  { name: 'RDMSR', handler: readMsr, source: `${SECTION_3}, section 4 #29` },
  { name: 'WRMSR', handler: writeMsr, source: `${SECTION_3}, section 4 #29` },
  {
    name: 'RequestMMIO',
    handler: mmio,
    source: `${SECTION_3}; 64 bits count: docs/abi/tdvmcall.md#host-visibility-of-operands`,
  },
  { name: 'GetTdVmCallInfo', handler: getTdVmCallInfo, source: `${SECTION_3}, section 4 #27` },
  { name: 'MapGPA', handler: mapGpa, source: `${SECTION_3}, section 4 #28` },
  { name: 'GetQuote', handler: getQuote, source: `${SECTION_3}, section 4 #27` },
  { name: 'ReportFatalError', handler: reportFatalError, source: SECTION_3 },
  { name: 'SetupEventNotifyInterrupt', handler: setupEventNotifyInterrupt, source: `${SECTION_3}, section 4 #27` },
];

const BY_NUMBER = new Map(SERVED_SUB_FUNCTIONS.map(({ name, handler }) => [BigInt(TDVMCALL[name]), handler]));

/** Who serves a TDVMCALL with these registers. All 64 bits of R10 and R11 count. */
export function handlerOf(r10: bigint, r11: bigint): Handler {
  return r10 === 0n ? (BY_NUMBER.get(r11) ?? unsupported) : kvmHypercall;
}

/** A sub-function that nobody serves (docs/abi/linux-fixes.md#b5aafcb4efd2). */
const unsupported: Handler = function* ({ exit }) {
  yield* [];
  return { results: { r10: TDVMCALL_STATUS.SUBFUNC_UNSUPPORTED }, about: upperBits([exit['r11']]) };
};
