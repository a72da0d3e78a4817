/** What one step of a trace was, as a person reads it: the instruction, and what the world did. */
import { TDCALL_LEAF } from '../../models/abi/tdcall-leaves.js';
import { wordOf } from '../../models/abi/words.js';
import { readHalves } from '../halves.js';
import { OUTCOME } from '../observation/layout.js';
import { escapeName } from '../text/escape.js';
import { hex } from '../text/hex.js';
import type { DecodedInstruction } from '../x86/decode.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_INDEX, REGISTER_NAMES } from '../x86/registers.js';
import { exceptionName } from '../x86/exit.js';
import type { Step } from './trace.js';

/** `symbol+0x1c` of an address. */
export type Places = (address: bigint) => string;

/** A step in which nothing was executed. */
const INTERRUPT = '(interrupt: the handler overwrites what lies below RSP)';

/** The disassembly of a step, escaped. */
export function stepText({ instruction, interrupt }: Step, place: Places): string {
  if (interrupt) return INTERRUPT;
  return instruction === undefined ? '(no code)' : instructionText(instruction, place);
}

/** The disassembly, escaped, with the target of a branch by name. */
export function instructionText({ text, target }: DecodedInstruction, place: Places): string {
  return escapeName(target === undefined ? text : text.replace(hex(target), place(target)));
}

/**
 * What the world did: from the call on the registers that it wrote are not the caller's, whether or not their values
 * changed.
 *
 * @returns undefined where it did nothing
 */
export function worldText(step: Step, place: Places): string | undefined {
  const { worldWrote, call, raised, after } = step;
  if (raised !== undefined) {
    const target = place(readHalves(after, 2 * STATE.RIP));
    return `raises ${exceptionName(raised)}: the fixup goes on at ${target}`;
  }
  if (call === undefined) return undefined;
  if (call.outcome === OUTCOME.vmFailInvalid) return 'VMfailInvalid: CF is 1, no register changes';
  const names = REGISTER_NAMES.filter((name, index) => name !== 'rax' && (worldWrote >>> index) & 1);
  if (names.length > 0) return withLeaf(step, `the ${call.by} answers in ${names.join(' ')}`);
  return withLeaf(step, `the ${call.by === 'P-SEAMLDR' ? call.by : 'module'} answers in rax alone`);
}

/** `TDG.VP.VMCALL: the host answers in r10`. */
export function withLeaf(step: Step, world: string): string {
  const leaf = wordOf(isTdcall(step) ? 'tdcall-leaf' : 'seamcall-leaf', register(step.before, 'rax'));
  return leaf === undefined ? world : `${leaf}: ${world}`;
}

/** What registers are called that a TDCALL or SEAMCALL changed. @param after state when it was answered */
export function answerWords(step: Step, after: Int32Array): Record<string, string | undefined> {
  const rax = wordOf(isTdcall(step) ? 'tdcall-status' : 'seamcall-status', register(after, 'rax'));
  return isStandardCall(step) ? { rax, r10: wordOf('tdvmcall-status', register(after, 'r10')) } : { rax };
}

/** TDG.VP.VMCALL with a sub-function of the standard. */
function isStandardCall(step: Step): boolean {
  const isVmcall = isTdcall(step) && (register(step.before, 'rax') & 0xffffn) === BigInt(TDCALL_LEAF.VP_VMCALL);
  return isVmcall && register(step.before, 'r10') === 0n;
}

function isTdcall({ instruction }: Step): boolean {
  return instruction?.text === 'tdcall';
}

function register(state: Int32Array, name: 'rax' | 'r10'): bigint {
  return readHalves(state, 2 * (STATE.GPR + REGISTER_INDEX[name]));
}
