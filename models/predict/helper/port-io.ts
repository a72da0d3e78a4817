/**
 * Port I/O: R11 = 30, R12 = size, R13 = 0 in or 1 out, R14 = port, R15 = the value written; the value read comes back
 * in R11 (docs/abi/linux-helpers.md#port-io). A port access is 1, 2 or 4 bytes wide: no more of RAX goes out, no
 * more of what the host answers comes in.
 */
import { ERRNO } from '../../abi/errno.js';
import { TDVMCALL } from '../../abi/tdvmcall.js';
import { type Expectation, low, type Reference, type Values } from '../../exchange/exchange.js';
import { hypercall, type Part } from './hypercall.js';
import { ANY_ERROR, minus, truncate, writePart } from './numbers.js';
import type { HelperOptions } from './options.js';
import { done, type Handled, refused, returnWith, saved } from './virt-exception.js';

/** What its exchanges are about. */
export const PORT_IO = ['port-io'];
const IN = 0n;
const OUT = 1n;
const FUNCTION = BigInt(TDVMCALL.IO);
const PORT_BYTES = 2;
/** What an absent device drives, and so what a refused read gives (docs/abi/processor.md#port-width). */
const NOTHING_READ = (1n << 32n) - 1n;

/** The exit qualification of a port access (docs/abi/linux-helpers.md#handle_io). */
const QUALIFICATION = {
  /** Bits 2:0: bytes, less one. */
  bytes: 0x7n,
  /** Bit 3: IN. */
  in: 0x8n,
  /** Bit 4: INS or OUTS. */
  string: 0x10n,
  /** Bits 31:16. */
  portShift: 16n,
} as const;

function* read(options: HelperOptions, bytes: number, port: bigint): Part<Values> {
  return yield* hypercall(options.form, { r11: FUNCTION, r12: BigInt(bytes), r13: IN, r14: port }, PORT_IO);
}

function* write(options: HelperOptions, bytes: number, port: bigint, value: bigint): Part<Values> {
  const passed = { r11: FUNCTION, r12: BigInt(bytes), r13: OUT, r14: port, r15: truncate(bytes, value) };
  return yield* hypercall(options.form, passed, PORT_IO);
}

/** What a read of `bytes` gives its caller; the caller's type is `bits` wide. */
function readResult(answer: Values, bytes: number, bits: number): Expectation {
  return low(bits, answer['r10'] === 0n ? truncate(bytes, answer['r11']) : NOTHING_READ);
}

/** `u32 tdx_io_in(int size, u16 port)`: the value, zero-extended; all ones when the host refuses. */
export function* ioIn(options: HelperOptions, values: Values): Reference {
  const bytes = Number(values['size']);
  const answer = yield* read(options, bytes, truncate(PORT_BYTES, values['port']));
  if (answer !== undefined) yield { moment: 'return', values: { rax: readResult(answer, bytes, 32) }, about: PORT_IO };
}

/** `void tdx_io_out(int size, u16 port, u32 value)`: what the host answers changes nothing. */
export function* ioOut(options: HelperOptions, values: Values): Reference {
  const answer = yield* write(options, Number(values['size']), truncate(PORT_BYTES, values['port']), values['value']);
  if (answer !== undefined) yield { moment: 'return', values: {}, about: PORT_IO };
}

/** `u8 tdx_inb(u16 port)`, `u16 tdx_inw`, `u32 tdx_inl` of the form of 2021: as wide as their name says. */
export function portIn(bytes: 1 | 2 | 4): (options: HelperOptions, values: Values) => Reference {
  return function* (options, values) {
    const answer = yield* read(options, bytes, truncate(PORT_BYTES, values['port']));
    if (answer === undefined) return;
    yield { moment: 'return', values: { rax: readResult(answer, bytes, 8 * bytes) }, about: PORT_IO };
  };
}

/** `void tdx_outb(u8 value, u16 port)`, `tdx_outw(u16...)`, `tdx_outl(u32...)` of the form of 2021. */
export function portOut(bytes: 1 | 2 | 4): (options: HelperOptions, values: Values) => Reference {
  return function* (options, values) {
    const answer = yield* write(options, bytes, truncate(PORT_BYTES, values['port']), values['value']);
    if (answer !== undefined) yield { moment: 'return', values: {}, about: PORT_IO };
  };
}

/** The part of `handle_io` before its return. @param length of the instruction */
export function* handleIoPart(
  options: HelperOptions,
  values: Values,
  qualification = values['ve.exit_qual'],
  length = values['ve.instr_len'],
): Part<Handled> {
  if ((qualification & QUALIFICATION.string) !== 0n) return refused(minus(ERRNO.EIO));
  const bytes = Number(qualification & QUALIFICATION.bytes) + 1;
  const port = truncate(PORT_BYTES, qualification >> QUALIFICATION.portShift);
  const ax = saved(values, 'ax');
  if ((qualification & QUALIFICATION.in) === 0n) {
    const answer = yield* write(options, bytes, port, ax);
    if (answer === undefined) return undefined;
    return answer['r10'] === 0n ? done(length) : refused(ANY_ERROR);
  }
  const answer = yield* read(options, bytes, port);
  if (answer === undefined) return undefined;
  if (answer['r10'] === 0n) return done(length, { ax: writePart(bytes, ax, answer['r11']) });
  // Sound handlers leave the destination alone or clear it; what the host answered may not be in it.
  return refused(ANY_ERROR, { ax: { oneOf: [ax, writePart(bytes, ax, 0n), ax - truncate(bytes, ax)] } });
}

/** `int handle_io(struct pt_regs *regs, struct ve_info *ve)` */
export function* handleIo(options: HelperOptions, values: Values): Reference {
  const handled = yield* handleIoPart(options, values);
  if (handled !== undefined) yield returnWith(handled.result, values, handled, PORT_IO);
}
