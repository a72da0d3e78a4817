/** XMM, MXCSR and the x87 control word, which kernel code must leave alone: what of them is not as the caller left it. */
import { SLOT as STATE } from '../x86/layout.js';
import { MXCSR_DEFAULT, X87_DEFAULT, XMM_GRAFFITI } from './entry-state.js';

/** What a return calls it. */
export const VECTOR_VALUE = 'vector-state';

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

/** The words of the machine's state that hold the first of what is changed, by what `changedVectorState` said. */
export function changedWords(changed: number): { from: number; to: number } {
  const first = 31 - Math.clz32(changed & -changed);
  if (first === 16) return { from: MXCSR, to: MXCSR + 1 };
  if (first === 17) return { from: X87_CW, to: X87_CW + 1 };
  const from = XMM + 4 * Math.max(0, first);
  return { from, to: from + 4 };
}
