import { low } from '../exchange/exchange.js';
import { isLegal, isShared, withoutSharedBit } from './guest-physical-address.js';
import { invalidOperand, isZero, success, truncate, type Handler } from './handler.js';
import { call, fieldName, userspaceExit } from './moments.js';

const SIZES: readonly bigint[] = [1n, 2n, 4n, 8n];
const READ = 0n;
const WRITE = 1n;

/**
 * #VE.RequestMMIO: R12 size, R13 direction, R14 GPA, R15 data. The first and the last byte are shared memory, and all
 * bits of the operands count (docs/abi/kvm-dispatcher.md#mmio, docs/abi/tdvmcall.md#host-visibility-of-operands).
 */
export const mmio: Handler = function* ({ contract, td, exit }) {
  const { r12: size, r13: direction, r14: gpa, r15: written } = exit;
  const isAddress = (address: bigint): boolean => contract.mmioAddresses === 'shared' || isLegal(td, address);
  const isDevice = (address: bigint): boolean => isAddress(address) && isShared(td, address);
  const valid = SIZES.includes(size) && (direction === READ || direction === WRITE);
  if (!valid || !isDevice(gpa) || !isDevice(gpa + size - 1n)) {
    const wide = isAddress(gpa) ? [] : [gpa];
    return invalidOperand(['mmio'], [size, direction, ...wide]);
  }
  const address = withoutSharedBit(td, gpa);
  const access = { gpa: address, size: low(32, size) };
  const request = { phys_addr: address, len: size, is_write: direction };
  if (direction === WRITE) {
    const value = low(Number(8n * size), written);
    const device = yield call('host_mmio_write', { ...access, value }, ['mmio']);
    if (isZero(device['rax'])) return success({}, ['mmio']);
    yield userspaceExit('MMIO', { ...request, data: value }, ['mmio', 'exit']);
    return success({}, ['mmio', 'completion']);
  }
  const device = yield call('host_mmio_read', access, ['mmio']);
  if (isZero(device['rax'])) return success({ r11: truncate(device['data'], size) }, ['mmio', 'narrow']);
  const userspace = yield userspaceExit('MMIO', request, ['mmio', 'exit']);
  return success({ r11: truncate(userspace[fieldName('MMIO', 'data')], size) }, ['mmio', 'narrow', 'completion']);
};
