import { Encoder, Mnemonic, OpKind, Register } from 'iced-x86';
import { decodeInstruction } from '../decode.js';
import { REGISTER_INDEX } from '../registers.js';
import type { Row } from '../row.js';
import { type CasePlan, planOf } from './case-plan.js';
import { codesOf, encodeForm } from './instruction-forms.js';
import { NATIVE } from './native-oracle.js';
import { RandomValues } from './random-values.js';

const PREFIX = { lock: 0xf0, repne: 0xf2, rep: 0xf3, fs: 0x64, gs: 0x65, addressSize: 0x67 } as const;

const LOCKABLE: ReadonlySet<Mnemonic> = new Set([
  Mnemonic.Add,
  Mnemonic.Adc,
  Mnemonic.And,
  Mnemonic.Btc,
  Mnemonic.Btr,
  Mnemonic.Bts,
  Mnemonic.Cmpxchg,
  Mnemonic.Cmpxchg8b,
  Mnemonic.Cmpxchg16b,
  Mnemonic.Dec,
  Mnemonic.Inc,
  Mnemonic.Neg,
  Mnemonic.Not,
  Mnemonic.Or,
  Mnemonic.Sbb,
  Mnemonic.Sub,
  Mnemonic.Xadd,
  Mnemonic.Xchg,
  Mnemonic.Xor,
]);

const STRING = /^(Movs|Stos|Lods|Cmps|Scas)[bwdq]$/;

/** Forms that `encodeForm` does not make, some of a row's. */
const BY_HAND: ReadonlyMap<Mnemonic, (random: RandomValues) => Uint8Array> = new Map([
  [Mnemonic.Enter, enter],
  [Mnemonic.Mov, (random: RandomValues) => (random.chance(0.5) ? absoluteMove(random) : systemMove(random))],
  // FS and GS.
  [Mnemonic.Push, (random: RandomValues) => Uint8Array.of(0x0f, random.pick([0xa0, 0xa8]))],
  [Mnemonic.Pop, (random: RandomValues) => Uint8Array.of(0x0f, random.pick([0xa1, 0xa9]))],
]);

/** Frames that stay within the page, because the CPU looks at the new top of the stack as well; of a few nesting levels. */
function enter(random: RandomValues): Uint8Array {
  return Uint8Array.of(0xc8, 8 * random.below(8), 0, random.pick([0, 0, 0, 1, 2, 3, 5]));
}

/** MOV from and to a segment register, a control register and a debug register. */
function systemMove(random: RandomValues): Uint8Array {
  const general = random.below(8);
  const segment = random.pick([0, 3, 4, 5]);
  const forms = [
    [0x8c, 0xc0 | (segment << 3) | general],
    [0x8e, 0xc0 | (segment << 3) | general],
    [0x0f, 0x20, 0xc0 | general],
    [0x0f, 0x22, 0xd8 | general],
    [0x0f, 0x21, 0xf8 | general],
    [0x0f, 0x23, 0xf8 | general],
  ];
  return Uint8Array.from(random.pick(forms));
}

/** MOV between the accumulator and an address of 64 bits, in the four widths. */
function absoluteMove(random: RandomValues): Uint8Array {
  const prefix = random.pick([[], [0x66], [0x48]]);
  const bytes = Uint8Array.from([...prefix, 0xa0 + random.below(4), 0, 0, 0, 0, 0, 0, 0, 0]);
  new DataView(bytes.buffer).setBigUint64(bytes.length - 8, BigInt(NATIVE.window + 64 + random.below(112)), true);
  return bytes;
}

/** Encodes again with another address: relative to RIP, or based on RSP. @returns undefined if that cannot be encoded */
function readdressed(bytes: Uint8Array, random: RandomValues, byRip: boolean): Uint8Array | undefined {
  const instruction = decodeInstruction(bytes, BigInt(NATIVE.code));
  const encoder = new Encoder(64);
  try {
    let hasMemory = false;
    for (let i = 0; i < instruction.opCount; i++) hasMemory ||= instruction.opKind(i) === OpKind.Memory;
    if (!hasMemory || instruction.memoryBase === Register.None) return undefined;
    instruction.memoryBase = byRip ? Register.RIP : Register.RSP;
    // An index would move the operand away from where the stack pointer of a PUSH or CALL has to be.
    if (byRip || instruction.isStackInstruction || random.chance(0.5)) instruction.memoryIndex = Register.None;
    instruction.memoryIndexScale = 1;
    const offset = 64 + random.below(112);
    instruction.memoryDisplacement = byRip ? BigInt(NATIVE.window + offset) : BigInt(random.below(48) - 24);
    instruction.memoryDisplSize = byRip ? 8 : 1;
    encoder.encode(instruction, BigInt(NATIVE.code));
    return encoder.takeBuffer();
  } catch {
    return undefined;
  } finally {
    encoder.free();
    instruction.free();
  }
}

/** The same instruction with a prefix or another kind of address, now and then. */
function variant(row: Row, bytes: Uint8Array, hasMemory: boolean, random: RandomValues): Uint8Array {
  if (STRING.test(Mnemonic[row.mnemonic])) {
    const prefixes: number[] = [];
    const compares = row.writes !== 0;
    // A segment's base lies anywhere, and an address of 32 bits does not reach the window from there.
    const is32 = bytes.includes(PREFIX.addressSize);
    if (!is32 && random.chance(0.1)) prefixes.push(random.pick([PREFIX.fs, PREFIX.gs]));
    if (random.chance(0.6)) prefixes.push(compares && random.chance(0.5) ? PREFIX.repne : PREFIX.rep);
    return Uint8Array.from([...prefixes, ...bytes]);
  }
  if (!hasMemory) return bytes;
  const choice = random.below(100);
  if (choice < 8) return Uint8Array.from([random.pick([PREFIX.fs, PREFIX.gs]), ...bytes]);
  if (choice < 14) return Uint8Array.from([PREFIX.addressSize, ...bytes]);
  if (choice < 22) return readdressed(bytes, random, true) ?? bytes;
  if (choice < 32) return readdressed(bytes, random, false) ?? bytes;
  if (choice < 45 && LOCKABLE.has(row.mnemonic)) return Uint8Array.from([PREFIX.lock, ...bytes]);
  return bytes;
}

/** Which forms can be given states: a bit offset that is the base as well would need another equation. */
function isUsable({ bitOffset, memory, targetFrom, flow }: CasePlan): boolean {
  if (flow === 'environment') return true;
  if (bitOffset >= 0 && memory.some(({ base }) => base === bitOffset || base < 0)) return false;
  // CALL RSP: the stack would have to be where the target is.
  if (targetFrom === REGISTER_INDEX.rsp && memory.length > 0) return false;
  // A jump through memory that lies nowhere in particular.
  return !(targetFrom === -2 && memory.length === 0);
}

/**
 * Random encodings of a row, every code of iced-x86 in turn, with and without memory, with prefixes. Reproducible: the row's name
 * is the seed.
 *
 * @param count - how many; none if the row has no form that the machine executes and that is wanted
 */
export function* formsOfRow(row: Row, count: number, wanted: (plan: CasePlan) => boolean): Generator<CasePlan> {
  const random = new RandomValues(`native forms ${Mnemonic[row.mnemonic]}`);
  const byHand = BY_HAND.get(row.mnemonic);
  const codes = codesOf(row.mnemonic);
  let made = 0;
  for (let i = 0, barren = 0; made < count && barren < 8 * codes.length + 40; i++, barren++) {
    const form = encodeForm(codes[i % codes.length], random, Math.floor(i / codes.length) % 2 === 1);
    const bytes = form?.bytes ?? byHand?.(random);
    if (bytes === undefined) continue;
    const changed = variant(row, bytes, form?.hasMemory ?? false, random);
    const plan = changed.length > 15 ? undefined : planOf(row, changed);
    if (plan === undefined || !isUsable(plan) || !wanted(plan)) continue;
    barren = 0;
    made++;
    yield plan;
  }
}
