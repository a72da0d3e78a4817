/** What a caller leaves in the registers that are no business of the function: segment bases, vector state, control words. */
import { highHalf, lowHalf } from '../halves.js';
import { PERCPU_BASE } from '../image/per-cpu.js';
import { SLOT as STATE } from '../x86/layout.js';

const PERCPU_LOW = lowHalf(PERCPU_BASE);
const PERCPU_HIGH = highHalf(PERCPU_BASE);

/** MXCSR and the x87 control word at a call (psABI 3.2.3). */
export const MXCSR_DEFAULT = 0x1f80;
export const X87_DEFAULT = 0x037f;
/** XMM0-15 hold graffiti of their own, other bits in each memory. */
export const XMM_GRAFFITI = [0, -1].map((change) =>
  Int32Array.from({ length: 64 }, (_, word) => (0x33300000 | word) ^ change),
);

/** @param gsBase where per-CPU data is reached from (image/per-cpu.ts) */
export function enterState(state: Int32Array, memory: 0 | 1, gsBase: bigint): void {
  state[2 * STATE.FS_BASE] = PERCPU_LOW;
  state[2 * STATE.FS_BASE + 1] = PERCPU_HIGH;
  state[2 * STATE.GS_BASE] = gsBase === PERCPU_BASE ? PERCPU_LOW : lowHalf(gsBase);
  state[2 * STATE.GS_BASE + 1] = gsBase === PERCPU_BASE ? PERCPU_HIGH : highHalf(gsBase);
  state[2 * STATE.MXCSR] = MXCSR_DEFAULT;
  state[2 * STATE.X87_CW] = X87_DEFAULT;
  state.set(XMM_GRAFFITI[memory], 2 * STATE.XMM);
}
