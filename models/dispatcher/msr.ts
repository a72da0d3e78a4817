import type { MsrRange } from '../abi/msr.js';
import { low } from '../exchange/exchange.js';
import type { DispatcherContract, TdConfiguration } from './contract.js';
import { invalidOperand, isZero, success, upperBits, type Answer, type Handler, type VcpuState } from './handler.js';
import { call } from './moments.js';

/** Instruction.RDMSR: R12 is the index; the value comes back in R11. */
export const readMsr: Handler = function* ({ contract, td, exit, vcpu }) {
  const { r12: index } = exit;
  const own = ownMsr(contract, index);
  if (own !== undefined) {
    const value = own === 'feature-control' ? featureControl(td) : extendedControl(td, vcpu);
    return value === undefined ? refused(contract, index) : success({ r11: value }, ['msr']);
  }
  if (emulated(contract, index) === undefined) return refused(contract, index);
  const host = yield call('host_get_msr', { index: low(32, index) }, ['msr', ...upperBits([index])]);
  return isZero(host['rax']) ? success({ r11: host['value'] }, ['msr']) : refused(contract, index);
};

/** Instruction.WRMSR: R12 is the index, R13 the value. */
export const writeMsr: Handler = function* ({ contract, td, exit, vcpu }) {
  const { r12: index, r13: value } = exit;
  const range = emulated(contract, index);
  if (range === undefined || range.readOnly) return refused(contract, index);
  if (ownMsr(contract, index) === 'extended-control') {
    if (!td.localMachineCheck || (value & ~LMCE_ENABLED) !== 0n) return refused(contract, index);
    vcpu.machineCheckControl = value;
    return success({}, ['msr']);
  }
  const host = yield call('host_set_msr', { index: low(32, index), value }, ['msr', ...upperBits([index])]);
  return isZero(host['rax']) ? success({}, ['msr']) : refused(contract, index);
};

const FEATURE_CONTROL = 0x3an;
const MCG_EXT_CTL = 0x4d0n;
/** Bits of IA32_FEATURE_CONTROL: locked, and that a local machine check may be switched on (Intel SDM volume 4). */
const LOCKED = 1n;
const LMCE_ALLOWED = 1n << 20n;
/** The one bit of IA32_MCG_EXT_CTL. */
const LMCE_ENABLED = 1n;

function ownMsr(
  { machineCheckMsrs, upperHalves }: DispatcherContract,
  index: bigint,
): 'feature-control' | 'extended-control' | undefined {
  if (machineCheckMsrs === 'emulation' || (upperHalves === 'refused' && index >> 32n !== 0n)) return undefined;
  const number = BigInt.asUintN(32, index);
  if (number === FEATURE_CONTROL) return 'feature-control';
  return number === MCG_EXT_CTL ? 'extended-control' : undefined;
}

function featureControl({ localMachineCheck }: TdConfiguration): bigint {
  return localMachineCheck ? LOCKED | LMCE_ALLOWED : LOCKED;
}

function extendedControl({ localMachineCheck }: TdConfiguration, vcpu: VcpuState): bigint | undefined {
  return localMachineCheck ? vcpu.machineCheckControl : undefined;
}

function emulated({ emulatedMsrs, upperHalves }: DispatcherContract, index: bigint): MsrRange | undefined {
  if (upperHalves === 'refused' && index >> 32n !== 0n) return undefined;
  const number = Number(BigInt.asUintN(32, index));
  return emulatedMsrs.find(({ first, last }) => first <= number && number <= last);
}

function refused({ upperHalves }: DispatcherContract, index: bigint): Answer {
  return invalidOperand(['msr'], upperHalves === 'refused' ? [index] : []);
}
