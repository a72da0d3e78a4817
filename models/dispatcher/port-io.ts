import { KVM_RUN_PIO_DATA_OFFSET } from '../abi/kvm.js';
import { low } from '../exchange/exchange.js';
import { invalidOperand, isZero, success, truncate, type Handler } from './handler.js';
import { call, fieldName, userspaceExit } from './moments.js';

const SIZES: readonly bigint[] = [1n, 2n, 4n];
const PORTS = 1n << 16n;
const READ = 0n;
const WRITE = 1n;

/**
 * Instruction.IO: R12 size, R13 direction, R14 port, R15 data. Ports have 16 bits; all bits of the four operands count
 * (docs/abi/tdvmcall.md#host-visibility-of-operands). A device in the kernel is asked first, then userspace.
 */
export const portIo: Handler = function* ({ exit }) {
  const { r12: size, r13: direction, r14: port, r15: written } = exit;
  if (!SIZES.includes(size) || (direction !== READ && direction !== WRITE) || port >= PORTS) {
    const wide = port >> 16n !== 0n ? [port << 16n] : [];
    return invalidOperand(['io'], [size, direction, ...wide]);
  }
  const access = { port: low(16, port), size: low(32, size) };
  const request = { direction, size, port, count: 1n, data_offset: BigInt(KVM_RUN_PIO_DATA_OFFSET) };
  if (direction === WRITE) {
    const device = yield call('host_pio_write', { ...access, value: low(Number(8n * size), written) }, ['io']);
    if (isZero(device['rax'])) return success({}, ['io']);
    const value = truncate(written, size);
    // What stood in the data area before may stay there, or be cleared; nothing else of R15 may get there.
    const beside = exit['leftover'] ^ truncate(exit['leftover'], size);
    yield userspaceExit('IO', { ...request, data: { oneOf: [value, beside | value] } }, ['io', 'exit']);
    return success({}, ['io', 'completion']);
  }
  const device = yield call('host_pio_read', access, ['io']);
  if (isZero(device['rax'])) return success({ r11: truncate(device['data'], size) }, ['io', 'narrow']);
  const userspace = yield userspaceExit('IO', request, ['io', 'exit']);
  return success({ r11: truncate(userspace[fieldName('IO', 'data')], size) }, ['io', 'narrow', 'completion']);
};
