import type { MsrRange } from '../abi/msr.js';
import { low } from '../exchange/exchange.js';
import type { DispatcherContract } from './contract.js';
import { invalidOperand, isZero, success, upperBits, type Answer, type Handler } from './handler.js';
import { call } from './moments.js';

/** Instruction.RDMSR: R12 is the index; the value comes back in R11. */
export const readMsr: Handler = function* ({ contract, exit }) {
  const { r12: index } = exit;
  if (emulated(contract, index) === undefined) return refused(contract, index);
  const host = yield call('host_get_msr', { index: low(32, index) }, ['msr', ...upperBits([index])]);
  return isZero(host['rax']) ? success({ r11: host['value'] }, ['msr']) : refused(contract, index);
};

/** Instruction.WRMSR: R12 is the index, R13 the value. */
export const writeMsr: Handler = function* ({ contract, exit }) {
  const { r12: index, r13: value } = exit;
  const range = emulated(contract, index);
  if (range === undefined || range.readOnly) return refused(contract, index);
  const host = yield call('host_set_msr', { index: low(32, index), value }, ['msr', ...upperBits([index])]);
  return isZero(host['rax']) ? success({}, ['msr']) : refused(contract, index);
};

function emulated({ emulatedMsrs, upperHalves }: DispatcherContract, index: bigint): MsrRange | undefined {
  if (upperHalves === 'refused' && index >> 32n !== 0n) return undefined;
  const number = Number(BigInt.asUintN(32, index));
  return emulatedMsrs.find(({ first, last }) => first <= number && number <= last);
}

function refused({ upperHalves }: DispatcherContract, index: bigint): Answer {
  return invalidOperand(['msr'], upperHalves === 'refused' ? [index] : []);
}
