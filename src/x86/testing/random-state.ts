import { Code, Mnemonic } from 'iced-x86';
import { FLAG } from '../flags.js';
import type { EncodedForm } from './instruction-forms.js';
import { NATIVE } from './native-oracle.js';
import type { RandomValues } from './random-values.js';

/** What one case starts from. */
export interface InitialState {
  readonly gpr: bigint[];
  rflags: number;
  readonly xmm: bigint[];
  readonly memory: Uint8Array;
}

const STRING_PATTERN = /^(Movs|Stos|Lods|Cmps|Scas)[bwdq]$/;
const STACK_PATTERN = /^(Push|Pop|Call|Ret|Pushfq?|Popfq?|Leave)$/;
const BIT_TEST: ReadonlySet<Mnemonic> = new Set([Mnemonic.Bt, Mnemonic.Bts, Mnemonic.Btr, Mnemonic.Btc]);

/** An address near the middle of the window, on both sides of the page boundary; multiples of 16 half of the time. */
function addressInWindow(random: RandomValues): bigint {
  const at = 64 + random.below(128 - 16);
  return BigInt(NATIVE.window + (random.chance(0.5) ? at & ~15 : at));
}

/** A random state with which the form's memory accesses fall into the window, and branches to the place of the second exit. */
export function randomState(form: EncodedForm, mnemonic: Mnemonic, random: RandomValues): InitialState {
  const name = Mnemonic[mnemonic];
  const gpr = Array.from({ length: 16 }, () => random.value64());
  const flags = FLAG.CF | FLAG.PF | FLAG.AF | FLAG.ZF | FLAG.SF | FLAG.OF | (random.chance(0.2) ? FLAG.DF : 0);
  const memory = Uint8Array.from({ length: NATIVE.windowSize }, () => random.byte());
  gpr[4] = BigInt(NATIVE.window + 64 + 8 * random.below(12));
  if (mnemonic === Mnemonic.Leave) gpr[5] = addressInWindow(random);
  if ((mnemonic === Mnemonic.Div || mnemonic === Mnemonic.Idiv) && random.chance(0.7)) makeDivisible(gpr, random);
  if (STRING_PATTERN.test(name)) {
    gpr[6] = addressInWindow(random);
    gpr[7] = addressInWindow(random);
    gpr[1] = BigInt(random.below(7));
    if (random.chance(0.5)) memory.fill(random.byte());
    // An address-size prefix: what is above the low halves must not matter.
    if (form.bytes.subarray(0, 2).includes(0x67))
      for (const r of [1, 6, 7]) gpr[r] |= BigInt.asUintN(32, random.value64()) << 32n;
  }
  if (/^Loop|^Jr?e?cxz/.test(name) && random.chance(0.6)) gpr[1] = BigInt(random.below(3));
  if (mnemonic === Mnemonic.Xlatb) gpr[3] = BigInt.asUintN(64, BigInt(NATIVE.window) - (gpr[0] & 0xffn) + 50n);
  if (form.hasMemory) placeOperand(form, mnemonic, gpr, random);
  if (name.startsWith('Cmpxchg') && random.chance(0.6)) makeEqual(form, gpr, memory);
  const state = {
    gpr,
    rflags: (Math.floor(random.below(0x1000000)) & flags) | 0x202,
    xmm: vectorState(name, random),
    memory,
  };
  if (mnemonic === Mnemonic.Popfq || mnemonic === Mnemonic.Popf) {
    // User mode could not change IF, and TF, NT and AC would disturb the program that runs the test.
    put(state, gpr[4], BigInt((random.below(0x1000) & (flags | FLAG.DF)) | 0x202));
  }
  if (STACK_PATTERN.test(name) && (name === 'Ret' || name === 'Call')) put(state, gpr[4], BigInt(NATIVE.taken));
  if ((name === 'Jmp' || name === 'Call') && form.operandRegister[0] >= 0)
    gpr[form.operandRegister[0]] = BigInt(NATIVE.taken);
  if ((name === 'Jmp' || name === 'Call') && form.hasMemory) {
    put(state, effectiveAddress(form, gpr), BigInt(NATIVE.taken));
  }
  return state;
}

/** The form's address with these registers. */
export function effectiveAddress(form: EncodedForm, gpr: readonly bigint[]): bigint {
  const index = form.index < 0 ? 0n : gpr[form.index] * BigInt(form.scale);
  return BigInt.asUintN(64, gpr[form.base] + index + BigInt(form.displacement));
}

function placeOperand(form: EncodedForm, mnemonic: Mnemonic, gpr: bigint[], random: RandomValues): void {
  if (BIT_TEST.has(mnemonic) && form.operandRegister[1] >= 0) {
    const offset = form.operandRegister[1];
    gpr[offset] = BigInt.asUintN(64, BigInt(random.below(800) - 400));
  }
  const bitOffset = BIT_TEST.has(mnemonic) ? form.operandRegister[1] : -1;
  const target = bitOffset >= 0 ? BigInt(NATIVE.window + 120) : addressInWindow(random);
  // A bit offset that is the base as well would need another equation: such forms are left out by the caller.
  gpr[form.base] = 0n;
  gpr[form.base] = BigInt.asUintN(64, target - effectiveAddress(form, gpr));
}

/** RDX:RAX hold what the first operand holds, unless its address depends on them. */
function makeEqual(form: EncodedForm, gpr: bigint[], memory: Uint8Array): void {
  if (!form.hasMemory) {
    const [first] = form.operandRegister;
    if (first >= 0) gpr[0] = gpr[first];
    return;
  }
  if ([0, 2].some((r) => r === form.base || r === form.index)) return;
  const at = Number(effectiveAddress(form, gpr) - BigInt(NATIVE.window));
  const view = new DataView(memory.buffer);
  gpr[0] = view.getBigUint64(at, true);
  gpr[2] = Code[form.code] === 'Cmpxchg8b_m64' ? gpr[0] >> 32n : view.getBigUint64(at + 8, true);
}

/** Quadwords at random; now and then made of few different bytes, so that comparisons hold, or, for shifts, small counts. */
function vectorState(name: string, random: RandomValues): bigint[] {
  const alike = random.chance(0.3);
  const bytes = [0n, 1n, 0x7fn, 0x80n, 0xffn];
  const small = /^Ps[lr][la][wdq]$/.test(name);
  return Array.from({ length: 32 }, (_, i) => {
    if (small && i % 2 === 0 && random.chance(0.5)) return BigInt(random.below(70));
    if (!alike) return random.uniform64();
    return Array.from({ length: 8 }).reduce<bigint>((sum) => (sum << 8n) | random.pick(bytes), 0n);
  });
}

function makeDivisible(gpr: bigint[], random: RandomValues): void {
  if (random.chance(0.5)) {
    gpr[2] = 0n;
    gpr[0] &= 0xffffffffffff00ffn;
  } else {
    gpr[2] = gpr[0] >> 63n === 1n ? 0xffffffffffffffffn : 0n;
    if (random.chance(0.5)) gpr[2] = (gpr[2] & ~0xffffffffn) | ((gpr[0] >> 31n) & 1n ? 0xffffffffn : 0n);
  }
}

function put(state: InitialState, address: bigint, value: bigint): void {
  const at = Number(address - BigInt(NATIVE.window));
  if (at < 0 || at + 8 > state.memory.length) return;
  new DataView(state.memory.buffer).setBigUint64(at, value, true);
}
