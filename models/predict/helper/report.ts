/** TDCALL leaves for attestation, and the error numbers that their statuses become (docs/abi/linux-helpers.md#attestation). */
import { ERRNO } from '../../abi/errno.js';
import { statusHigh } from '../../abi/status.js';
import { TDCALL_LEAF } from '../../abi/tdcall-leaves.js';
import type { ExpectedExchange, Expectation, Reference, Values } from '../../exchange/exchange.js';
import { intResult, minus, truncate, upperHalf } from './numbers.js';
import type { HelperOptions } from './options.js';

const ABOUT = ['report'];

/** Upper half of a status -> error number; every other status but 0 is EIO. */
const ERROR_MAPS = {
  'linux-6.2': new Map([[BigInt(statusHigh('TDX_OPERAND_INVALID')), ERRNO.EINVAL]]),
  'linux-6.16': new Map([
    [BigInt(statusHigh('TDX_OPERAND_INVALID')), ERRNO.ENXIO],
    [BigInt(statusHigh('TDX_OPERAND_BUSY')), ERRNO.EBUSY],
  ]),
} as const;

/** What a helper returns for a status; only the upper half tells errors apart. */
export function reportResult(map: HelperOptions['reportErrors'], status: bigint): Expectation {
  if (status === 0n) return intResult(0n);
  return minus(ERROR_MAPS[map].get(upperHalf(status)) ?? ERRNO.EIO);
}

/** Registers that are no operands of the leaf may hold anything (docs/abi/linux-stubs.md#register-flow-to-v66-module-calls). */
function tdcall(leaf: number, operands: Values): ExpectedExchange {
  return { moment: 'TDCALL', values: { rax: BigInt(leaf), ...operands }, about: ABOUT };
}

/** Kernel memory is mapped as a whole: virtual addresses lie at a fixed distance. */
function physical(values: Values, pointer: string): bigint {
  return BigInt.asUintN(64, values[pointer] - values['direct_map']);
}

/** `int tdx_mcall_get_report0(u8 *reportdata, u8 *tdreport)`: RCX is where the report goes, R8 the report type 0. */
export function* getReport0({ reportErrors }: HelperOptions, values: Values): Reference {
  const operands = { rcx: physical(values, 'tdreport'), rdx: physical(values, 'reportdata'), r8: 0n };
  const answer = yield tdcall(TDCALL_LEAF.MR_REPORT, operands);
  yield { moment: 'return', values: { rax: reportResult(reportErrors, answer['status']) }, about: ABOUT };
}

/** `int tdx_mcall_extend_rtmr(u8 index, u8 *data)` */
export function* extendRtmr({ reportErrors }: HelperOptions, values: Values): Reference {
  const operands = { rcx: physical(values, 'data'), rdx: truncate(1, values['index']) };
  const answer = yield tdcall(TDCALL_LEAF.MR_RTMR_EXTEND, operands);
  yield { moment: 'return', values: { rax: reportResult(reportErrors, answer['status']) }, about: ABOUT };
}
