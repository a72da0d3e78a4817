/**
 * What the handlers of #VE are made of where a compiler leaves it a function of its own: the access to a port and to a device,
 * and #VE before there is an exception table (docs/abi/linux-helpers.md#port-io, #handle_mmio, #virtualization-exceptions).
 */
import { TDCALL_LEAF } from '../../abi/tdcall-leaves.js';
import { TDVMCALL } from '../../abi/tdvmcall.js';
import type { Reference, Values } from '../../exchange/exchange.js';
import { hypercall } from './hypercall.js';
import { MMIO } from './mmio.js';
import { boolResult, truncate, writePart } from './numbers.js';
import type { HelperOptions } from './options.js';
import { handleIoPart, PORT_IO } from './port-io.js';
import { returnWith, saved } from './virt-exception.js';

const [IN, OUT] = [0n, 1n];
const [READ, WRITE] = [0n, 1n];
const PORT_BYTES = 2;
const HALF = 4;
const ABOUT_RECORD = ['ve'];

/** `bool handle_in(struct pt_regs *regs, int size, int port)`: whether the host agreed; the value goes into the saved RAX. */
export function* handleIn({ form }: HelperOptions, values: Values): Reference {
  const bytes = Number(values['size']);
  const ax = saved(values, 'ax');
  const passed = { r11: BigInt(TDVMCALL.IO), r12: BigInt(bytes), r13: IN, r14: truncate(PORT_BYTES, values['port']) };
  const answer = yield* hypercall(form, passed, PORT_IO);
  if (answer === undefined) return;
  const agreed = answer['r10'] === 0n;
  const after = agreed
    ? writePart(bytes, ax, answer['r11'])
    : // A refused read leaves the destination alone or clears it: nothing of the host's may be in it.
      { oneOf: [ax, writePart(bytes, ax, 0n), ax - truncate(bytes, ax)] };
  yield returnWith(boolResult(agreed), values, { registers: { ax: after } }, PORT_IO);
}

/** `bool handle_out(struct pt_regs *regs, int size, int port)`: as many bytes of the saved RAX as are written. */
export function* handleOut({ form }: HelperOptions, values: Values): Reference {
  const bytes = Number(values['size']);
  const r15 = truncate(bytes, saved(values, 'ax'));
  const passed = {
    r11: BigInt(TDVMCALL.IO),
    r12: BigInt(bytes),
    r13: OUT,
    r14: truncate(PORT_BYTES, values['port']),
    r15,
  };
  const answer = yield* hypercall(form, passed, PORT_IO);
  if (answer !== undefined) yield returnWith(boolResult(answer['r10'] === 0n), values, { registers: {} }, PORT_IO);
}

/** `bool mmio_read(int size, u64 gpa, u64 *value)`: nothing of the caller's variable is shown. */
export function* mmioRead({ form }: HelperOptions, values: Values): Reference {
  const bytes = Number(values['size']);
  const passed = { r11: BigInt(TDVMCALL.RequestMMIO), r12: BigInt(bytes), r13: READ, r14: values['gpa'] };
  const answer = yield* hypercall(form, passed, MMIO);
  if (answer === undefined) return;
  const { r10, r11 } = answer;
  // Whoever uses the value takes as many bytes of it as the access is wide.
  const value = { oneOf: r10 === 0n ? [r11, truncate(bytes, r11)] : [values['variable'], 0n] };
  yield { moment: 'return', values: { rax: boolResult(r10 === 0n), value }, about: MMIO };
}

/** `bool mmio_write(int size, u64 gpa, u64 value)`: the caller has cut the value, or it is cut here. */
export function* mmioWrite({ form }: HelperOptions, values: Values): Reference {
  const { gpa, size, value } = values;
  const r15 = { oneOf: [value, truncate(Number(size), value)] };
  const answer = yield* hypercall(
    form,
    { r11: BigInt(TDVMCALL.RequestMMIO), r12: size, r13: WRITE, r14: gpa, r15 },
    MMIO,
  );
  if (answer !== undefined) yield { moment: 'return', values: { rax: boolResult(answer['r10'] === 0n) }, about: MMIO };
}

/** `bool tdx_early_handle_ve(struct pt_regs *regs)`: port I/O and nothing else, by the record that the module gives. */
export function* earlyException(options: HelperOptions, values: Values): Reference {
  const record = yield {
    moment: 'TDCALL',
    values: { rax: BigInt(TDCALL_LEAF.VP_VEINFO_GET), rcx: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n, r11: 0n },
    about: ABOUT_RECORD,
  };
  if (record['status'] !== 0n) {
    yield { moment: 'stop', values: {}, about: ABOUT_RECORD };
    return;
  }
  if (record['rcx'] !== BigInt(TDVMCALL.IO)) {
    yield returnWith(boolResult(false), values, { registers: {} }, ABOUT_RECORD);
    return;
  }
  const handled = yield* handleIoPart(options, values, record['rdx'], truncate(HALF, record['r10']));
  if (handled === undefined) return;
  const { length, registers } = handled;
  const ip = BigInt.asUintN(64, saved(values, 'ip') + (length ?? 0n));
  yield returnWith(boolResult(length !== undefined), values, { registers: { ...registers, ip } }, PORT_IO);
}
