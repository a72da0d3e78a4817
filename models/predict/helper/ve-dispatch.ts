/**
 * #VE as a whole: what happened, who emulates it, and where the guest goes on. RIP advances by the length that TDX
 * reports, but for an EPT violation by the decoded one: there the reported length is undefined
 * (docs/abi/linux-helpers.md#virtualization-exceptions).
 */
import { TDCALL_LEAF } from '../../abi/tdcall-leaves.js';
import { TDVMCALL } from '../../abi/tdvmcall.js';
import type { Reference, Values } from '../../exchange/exchange.js';
import { CPUID, handleCpuidPart } from './cpuid.js';
import { HALT, handleHaltPart } from './halt.js';
import { handleMmioPart, MMIO } from './mmio.js';
import { MSR, readMsrPart, writeMsrPart } from './msr.js';
import { boolResult, truncate, upperHalf } from './numbers.js';
import type { HelperOptions } from './options.js';
import { handleIoPart, PORT_IO } from './port-io.js';
import { cameFromUser, type Handler, isKernel, returnWith, saved } from './virt-exception.js';

const ABOUT = ['ve'];
const HALF = 4;

/** Who emulates an exit reason, and what that is about. */
interface Emulation {
  readonly handler: Handler;
  readonly about: readonly string[];
}

/** Exit reason -> emulation. The sub-functions of instructions have the numbers of the exit reasons. */
const EMULATIONS = new Map<bigint, Emulation>([
  [BigInt(TDVMCALL.CPUID), { handler: handleCpuidPart, about: CPUID }],
  [BigInt(TDVMCALL.HLT), { handler: handleHaltPart, about: HALT }],
  [BigInt(TDVMCALL.IO), { handler: handleIoPart, about: PORT_IO }],
  [BigInt(TDVMCALL.RDMSR), { handler: readMsrPart, about: MSR }],
  [BigInt(TDVMCALL.WRMSR), { handler: writeMsrPart, about: MSR }],
  [BigInt(TDVMCALL.RequestMMIO), { handler: handleMmioPart, about: MMIO }],
]);

/** `bool tdx_handle_virt_exception(struct pt_regs *regs, struct ve_info *ve)` */
export function* handleVirtException(options: HelperOptions, values: Values): Reference {
  const reason = values['ve.exit_reason'];
  // Of user mode a kernel serves CPUID alone, whatever else it asks.
  const isServed = !(isKernel(values) && cameFromUser(values)) || reason === BigInt(TDVMCALL.CPUID);
  const isPrivate = (values['ve.gpa'] & values['shared_mask']) === 0n;
  if (isServed && reason === BigInt(TDVMCALL.RequestMMIO) && isPrivate) {
    // The host took a page away that the TD had accepted: nothing can be done about it, and nothing told.
    yield { moment: 'stop', values: {}, about: ABOUT };
    return;
  }
  const emulation = isServed ? EMULATIONS.get(reason) : undefined;
  if (emulation === undefined) {
    yield returnWith(boolResult(false), values, { registers: {} }, ABOUT);
    return;
  }
  const handled = yield* emulation.handler(options, values);
  if (handled === undefined) return;
  const { length, registers, operand } = handled;
  const ip = BigInt.asUintN(64, saved(values, 'ip') + (length ?? 0n));
  const after = { registers: { ...registers, ip }, ...(operand !== undefined && { operand }) };
  yield returnWith(boolResult(length !== undefined), values, after, emulation.about);
}

/** `void tdx_get_ve_info(struct ve_info *ve)`: a failure is the module's, and stops the guest (docs/abi/linux-helpers.md#tdx_get_ve_info). */
export function* getVeInfo(): Reference {
  const inputs = { rcx: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n, r11: 0n };
  const answer = yield {
    moment: 'TDCALL',
    values: { rax: BigInt(TDCALL_LEAF.VP_VEINFO_GET), ...inputs },
    about: ABOUT,
  };
  if (answer['status'] !== 0n) {
    yield { moment: 'stop', values: {}, about: ABOUT };
    return;
  }
  const record = {
    've.exit_reason': answer['rcx'],
    've.exit_qual': answer['rdx'],
    've.gla': answer['r8'],
    've.gpa': answer['r9'],
    've.instr_len': truncate(HALF, answer['r10']),
    've.instr_info': upperHalf(answer['r10']),
  };
  yield { moment: 'return', values: record, about: ABOUT };
}
