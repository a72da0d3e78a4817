/** XMM, MXCSR and the x87 control word, which kernel code must leave alone: what of them is not as the caller left it. */
import { SLOT as STATE } from '../x86/layout.js';
import { MXCSR_DEFAULT, X87_DEFAULT, XMM_GRAFFITI } from './entry-state.js';

/** What a return calls it. `vector` is the number of a fault. */
export const VECTOR_STATE = 'vector-state';

/** MXCSR: bits 15:6 are control, 5:0 sticky status (Intel SDM volume 1, 10.2.3). */
const MXCSR_CONTROL = 0xffc0;
const XMM_WORDS = 64;
const XMM = 2 * STATE.XMM;
const MXCSR = 2 * STATE.MXCSR;
const X87_CW = 2 * STATE.X87_CW;

/** @returns bits 15:0: XMM0-15; bit 16: the control bits of MXCSR; bit 17: the x87 control word */
export function changedVectorState(state: Int32Array, memory: 0 | 1): number {
  const graffiti = XMM_GRAFFITI[memory];
  let changed = ((state[MXCSR] ^ MXCSR_DEFAULT) & MXCSR_CONTROL) === 0 ? 0 : 1 << 16;
  if (state[X87_CW] !== X87_DEFAULT) changed |= 1 << 17;
  for (let word = 0; word < XMM_WORDS; word++) if (state[XMM + word] !== graffiti[word]) changed |= 1 << (word >> 2);
  return changed;
}

/** Whether an instruction changed anything of it. */
export function changesVectorState(before: Int32Array, after: Int32Array): boolean {
  if (((before[MXCSR] ^ after[MXCSR]) & MXCSR_CONTROL) !== 0 || before[X87_CW] !== after[X87_CW]) return true;
  for (let word = XMM; word < XMM + XMM_WORDS; word++) if (before[word] !== after[word]) return true;
  return false;
}
