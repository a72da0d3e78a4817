/**
 * Symbols from outside the image that the world knows. A thunk is given the code that it is; a function that never
 * returns ends the run; anything else is not modelled, and a run that reaches it has no verdict.
 */
import { REGISTER_NAMES } from '../x86/registers.js';

/** `jumps`: the code goes on where a register says, and not back to its caller. */
export type ExternalModel =
  { kind: 'code'; bytes: Uint8Array; jumps: boolean } | { kind: 'noreturn' } | { kind: 'unmodelled' };

/** Functions of kernels and firmware that never return (docs/abi/linux-helpers.md#whole-kernels). */
const NORETURN = new Set([
  '__tdx_hypercall_failed',
  'panic',
  'error',
  '__stack_chk_fail',
  'BUG',
  'abort',
  'do_exit',
  'do_group_exit',
  'make_task_dead',
]);

const RET = Uint8Array.of(0xc3);

export function externalModel(name: string): ExternalModel {
  if (NORETURN.has(name)) return { kind: 'noreturn' };
  // RETHUNK kernels end functions in a jump to it (docs/abi/calling-conventions.md#kernel-code); __fentry__ is the tracer's hook at a function's start.
  if (name === '__x86_return_thunk' || name === '__fentry__') return { kind: 'code', bytes: RET, jumps: false };
  const thunk = /^__x86_indirect_thunk_(\w+)$/.exec(name);
  const register = REGISTER_NAMES.findIndex((candidate) => candidate === thunk?.[1]);
  if (register >= 0) return { kind: 'code', bytes: jumpThrough(register), jumps: true };
  return { kind: 'unmodelled' };
}

/** `jmp *%register`: FF /4, with REX.B for R8-R15 (Intel SDM volume 2, JMP). */
function jumpThrough(register: number): Uint8Array {
  const modrm = 0xe0 | (register & 7);
  return register < 8 ? Uint8Array.of(0xff, modrm) : Uint8Array.of(0x41, 0xff, modrm);
}
