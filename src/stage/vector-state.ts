/** XMM, MXCSR and the x87 control word by name, for exchanges: what kernel code must leave alone. */
import type { Values } from '../../models/exchange/exchange.js';
import { joinHalves } from '../halves.js';
import { SLOT as STATE } from '../x86/layout.js';
import { MXCSR_DEFAULT, X87_DEFAULT, XMM_GRAFFITI } from './entry-state.js';

/** MXCSR: bits 15:6 are control, 5:0 sticky status (Intel SDM volume 1, 10.2.3). */
const MXCSR_CONTROL = 0xffc0;
const XMM_WORDS = 64;
const XMM = 2 * STATE.XMM;

/** 128 bits from four words. */
function register(words: Int32Array, at: number): bigint {
  return (joinHalves(words[at + 2], words[at + 3]) << 64n) | joinHalves(words[at], words[at + 1]);
}

function named(words: Int32Array, first: number, mxcsr: number, x87cw: number): Values {
  const values: Record<string, bigint> = { mxcsr: BigInt(mxcsr & MXCSR_CONTROL), x87cw: BigInt(x87cw & 0xffff) };
  for (let index = 0; index < 16; index++) values[`xmm${index}`] = register(words, first + 4 * index);
  return values;
}

const KEPT = XMM_GRAFFITI.map((words) => named(words, 0, MXCSR_DEFAULT, X87_DEFAULT));

/** What every call begins with. */
export function keptVector(memory: 0 | 1): Values {
  return KEPT[memory];
}

/** What the state is now. */
export function vectorState(state: Int32Array, memory: 0 | 1): Values {
  return isKept(state, XMM_GRAFFITI[memory])
    ? KEPT[memory]
    : named(state, XMM, state[2 * STATE.MXCSR], state[2 * STATE.X87_CW]);
}

function isKept(state: Int32Array, graffiti: Int32Array): boolean {
  if (((state[2 * STATE.MXCSR] ^ MXCSR_DEFAULT) & MXCSR_CONTROL) !== 0 || state[2 * STATE.X87_CW] !== X87_DEFAULT)
    return false;
  for (let word = 0; word < XMM_WORDS; word++) if (state[XMM + word] !== graffiti[word]) return false;
  return true;
}

/** Which words of the machine's state a value of this name is made of; undefined if it is no vector state. */
export function vectorWords(name: string): { from: number; to: number } | undefined {
  if (name === 'mxcsr') return { from: 2 * STATE.MXCSR, to: 2 * STATE.MXCSR + 1 };
  if (name === 'x87cw') return { from: 2 * STATE.X87_CW, to: 2 * STATE.X87_CW + 1 };
  const index = /^xmm(\d+)$/.exec(name)?.[1];
  if (index === undefined) return undefined;
  const from = XMM + 4 * Number(index);
  return { from, to: from + 4 };
}
