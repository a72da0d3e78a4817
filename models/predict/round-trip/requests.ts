/**
 * The round trip: what a guest helper asks for is what the device does, and what the device drives is what the guest
 * gets, at the right width, whatever lies between (docs/abi/linux-helpers.md, docs/abi/kvm-dispatcher.md). Nothing is said here of how
 * registers are shuffled on the way: TDVMCALLs and SEAMCALLs are no exchanges of these references.
 *
 * `host.status` not 0: the first TDCALL of the request fails, and the guest stops. `host.r10` not 0: a hostile VMM puts
 * that into R10 behind the dispatcher, and the guest may not take it for success.
 */
import { TDVMCALL_STATUS } from '../../abi/tdvmcall.js';
import { ERRNO } from '../../abi/errno.js';
import { type ExpectedExchange, type Expectation, low, type Reference, type Values } from '../../exchange/exchange.js';
import type { PtRegister } from '../../abi/linux-structs.js';
import { ANY_ERROR, boolResult, intResult, signExtend, truncate, writePart } from '../helper/numbers.js';
import { returnWith } from '../helper/virt-exception.js';

const REQUEST = ['request'];
const RESULT = ['result'];
const FAILURE = ['failure'];

const PAGE_SHIFT = 12n;
/** Bytes that a host hands to userspace at once (docs/abi/kvm-dispatcher.md#mapgpa). */
const CHUNK = 0x20_0000n;
/** A guest gives up after so many answers without progress (docs/abi/linux-helpers.md#tdx_map_gpa). */
const STALLS = 3;

/** The device side of an exchange. */
function device(moment: string, values: ExpectedExchange['values']): ExpectedExchange {
  return { moment, values, about: REQUEST };
}

/** What a device in userspace sees only after KVM_RUN has come back. */
function* served({ kernel }: Values, request: ExpectedExchange): Generator<ExpectedExchange, Values, Values> {
  if (kernel === 0n) yield { moment: 'KVM_RUN returns', values: { rax: low(32, 0n) }, about: REQUEST };
  return yield request;
}

/** @returns whether the guest is still there behind its first TDCALL */
function* entered({ 'host.status': status }: Values): Generator<ExpectedExchange, boolean, Values> {
  if (status === 0n) return true;
  yield { moment: 'stop', values: {}, about: FAILURE };
  return false;
}

/** The return of a #VE handler: the length, or an error where the VMM meddled with R10. */
function handled(values: Values, registers: Readonly<Partial<Record<PtRegister, Expectation>>>): ExpectedExchange {
  if (values['host.r10'] === 0n) return returnWith(intResult(values['ve.instr_len']), values, { registers }, RESULT);
  return returnWith(ANY_ERROR, values, { registers: refusedRegisters(values, registers) }, FAILURE);
}

/** Behind a refusal a sound handler leaves the destination alone or clears it; what the host drove is not in it. */
function refusedRegisters(
  values: Values,
  registers: Readonly<Partial<Record<PtRegister, Expectation>>>,
): Readonly<Partial<Record<PtRegister, Expectation>>> {
  const bytes = Number(values['size']);
  const either = (name: string): Expectation => {
    const old = values[`regs.${name}`];
    return { oneOf: [old, writePart(bytes, old, 0n), old - truncate(bytes, old), 0n] };
  };
  return Object.fromEntries(Object.keys(registers).map((name) => [name, either(name)]));
}

/** IN, trapped: 1 and 2 bytes merge into RAX, 4 bytes zero-extend. */
export function* portRead(values: Values): Reference {
  if (!(yield* entered(values))) return;
  const bytes = Number(values['size']);
  const asked = device('port read', { port: values['port'], size: values['size'] });
  const { value } = yield* served(values, asked);
  yield handled(values, { ax: writePart(bytes, values['regs.ax'], value) });
}

/** OUT, trapped: exactly the bytes that are written. */
export function* portWrite(values: Values): Reference {
  if (!(yield* entered(values))) return;
  const data = truncate(Number(values['size']), values['regs.ax']);
  yield* served(values, device('port write', { port: values['port'], size: values['size'], data }));
  yield handled(values, {});
}

/** A load from a device: MOV, MOVZX (`extend` 1) and MOVSX (`extend` 2) of RAX. */
export function* mmioRead(values: Values): Reference {
  if (!(yield* entered(values))) return;
  const bytes = Number(values['size']);
  const asked = device('MMIO read', { gpa: values['gpa'], size: values['size'] });
  const { value } = yield* served(values, asked);
  yield handled(values, { ax: loaded(values, bytes, value) });
}

function loaded({ extend, operand, 'regs.ax': old }: Values, bytes: number, value: bigint): bigint {
  if (extend === 1n) return writePart(Number(operand), old, truncate(bytes, value));
  if (extend === 2n) return writePart(Number(operand), old, signExtend(bytes, value));
  return writePart(bytes, old, value);
}

/** A store to a device. */
export function* mmioWrite(values: Values): Reference {
  if (!(yield* entered(values))) return;
  const data = truncate(Number(values['size']), values['regs.ax']);
  yield* served(values, device('MMIO write', { gpa: values['gpa'], size: values['size'], data }));
  yield handled(values, {});
}

/** CPUID of a leaf of the hypervisor, trapped: four values of 32 bits. */
export function* cpuid(values: Values): Reference {
  if (!(yield* entered(values))) return;
  const { 'regs.ax': leaf, 'regs.cx': index } = values;
  const got = yield device('CPUID', { function: low(32, leaf), index: low(32, index) });
  const register = (name: string): bigint => truncate(4, got[name]);
  yield handled(values, { ax: register('eax'), bx: register('ebx'), cx: register('ecx'), dx: register('edx') });
}

/** A KVM hypercall: its result is what the function returns. */
export function* kvmHypercall(values: Values): Reference {
  if (!(yield* entered(values))) return;
  const { nr: number, p1: a0, p2: a1, p3: a2, p4: a3 } = values;
  const { result } = yield device('KVM hypercall', { number, a0, a1, a2, a3 });
  yield { moment: 'return', values: { rax: result }, about: RESULT };
}

/** HLT with interrupts blocked or not: the host lets the vCPU wait. */
export function* halt(values: Values): Reference {
  if (!(yield* entered(values))) return;
  yield device('halt', { blocked: truncate(1, values['blocked']) });
  yield { moment: 'return', values: { rax: 0n }, about: RESULT };
}

/**
 * Pages change hands in chunks. EAGAIN of userspace becomes RETRY, with which the guest asks again for the rest; any
 * other refusal ends it. True exactly when userspace has agreed to every page.
 */
export function* mapGpa(values: Values): Reference {
  if (!(yield* entered(values))) return;
  const end = values['start'] + (values['pages'] << PAGE_SHIFT);
  const encrypted = truncate(1, values['private']);
  let next = values['start'];
  let asked = next;
  let stalls = 0;
  while (next < end) {
    const bytes = end - next < CHUNK ? end - next : CHUNK;
    yield { moment: 'KVM_RUN returns', values: { rax: low(32, 0n) }, about: REQUEST };
    const { ret } = yield device('map GPA', { gpa: next, pages: bytes >> PAGE_SHIFT, private: encrypted });
    if (ret === 0n) {
      next += bytes;
      // An event that waits is let in between two chunks: the guest then asks for the rest by itself.
      if (values['pending'] === 1n) [asked, stalls] = [next, 0];
      continue;
    }
    const again = ret === ERRNO.EAGAIN;
    stalls = next === asked ? stalls + 1 : 0;
    asked = next;
    if (!again || stalls === STALLS) {
      yield { moment: 'return', values: { rax: boolResult(false) }, about: FAILURE };
      return;
    }
  }
  yield { moment: 'return', values: { rax: boolResult(true) }, about: RESULT };
}

/** What R10 may be changed to: everything but success. */
export const REFUSALS = Object.values(TDVMCALL_STATUS).filter((status) => status !== TDVMCALL_STATUS.SUCCESS);
