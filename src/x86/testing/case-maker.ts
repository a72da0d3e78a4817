import { Mnemonic } from 'iced-x86';
import { CASE_FLAGS, fillBackground, X87_CW_BITS } from './case-background.js';
import type { CasePlan, MemoryUse } from './case-plan.js';
import { FastRandom } from './fast-random.js';
import { CASE, NATIVE, STATE_WORD } from './native-oracle.js';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RSP = 4;

/** Makes states for a plan. One maker fills one buffer of cases after the other. */
export class CaseMaker {
  private readonly random = new FastRandom();
  private words: Int32Array = new Int32Array(0);
  /** Where the state of the present case begins. */
  private at = 0;
  private targetLow = 0;
  private targetHigh = 0;
  /** One operand of the present case faults. */
  private isHostile = false;
  private cuts = false;

  /** Writes case `index` of `words` (CASE.size words each): the plan's instruction with the state that belongs to `number`. */
  make(plan: CasePlan, words: Int32Array, index: number, number: number): void {
    this.words = words;
    const start = index * CASE.size;
    this.at = start + CASE.state;
    putCode(plan.bytes, words, start);
    fillBackground(words, this.at, number);
    this.random.seed(~number);
    this.registers(plan);
    // Before the operands are aimed: RAX and RDX may take part in an address.
    if (plan.row.mnemonic === Mnemonic.Div || plan.row.mnemonic === Mnemonic.Idiv) this.makeDivisible(plan);
    this.memory(plan);
    this.branchTarget(plan);
    this.special(plan);
  }

  private registers(plan: CasePlan): void {
    const { random, words, at } = this;
    for (const r of plan.reads) random.value(words, at + 2 * r);
    if (plan.reads.length > 1 && random.chance(48)) {
      const from = plan.reads[random.below(plan.reads.length)];
      this.copy(at + 2 * from, at + 2 * plan.reads[random.below(plan.reads.length)]);
    }
    for (const x of plan.readsXmm) {
      if (!random.chance(128)) continue;
      random.value(words, at + STATE_WORD.xmm + 4 * x);
      random.value(words, at + STATE_WORD.xmm + 4 * x + 2);
    }
    if (plan.readsXmm.length > 1 && random.chance(64))
      this.copy(at + STATE_WORD.xmm + 4 * plan.readsXmm[0], at + STATE_WORD.xmm + 4 * plan.readsXmm[1]);
    if (plan.repeats) {
      const is32 = plan.memory.some((use) => use.is32);
      this.set(at + 2 * RCX, random.below(9), is32 ? random.next() : 0);
    } else if (plan.loops && random.chance(150)) this.set(at + 2 * RCX, random.below(3), random.chance(30) ? 1 : 0);
    if (plan.usesSegment) {
      // User mode can set bases of the lower half only.
      for (const base of [STATE_WORD.fsBase, STATE_WORD.gsBase])
        this.set(at + base, random.next(), random.below(0x7ff0) + (random.chance(128) ? 1 : 0));
    }
  }

  private copy(from: number, to: number): void {
    this.set(to, this.words[from], this.words[from + 1]);
  }

  private set(position: number, low: number, high: number): void {
    this.words[position] = low;
    this.words[position + 1] = high;
  }

  /** Aims every memory operand: at the window, or now and then at a place where the access faults. */
  private memory(plan: CasePlan): void {
    const { random, at, words } = this;
    let aimed = 0;
    const isHostile = plan.memory.length > 0 && random.chance(20);
    let hostile = isHostile ? random.below(plan.memory.length) : -1;
    // What CALL finds in a strange place may be a bad target as well.
    if (hostile >= 0 && plan.targetFrom === -2 && plan.memory.length > 1 && plan.memory[hostile].base === RSP)
      hostile = -1;
    this.isHostile = hostile >= 0;
    // Some CPUs have cut RCX, RSI and RDI to 32 bits when the first iteration of a REP with 32-bit addresses faults; the manual
    // is silent. Their high halves are 0 then.
    this.cuts = this.isHostile && plan.repeats && plan.memory.some(({ is32 }) => is32);
    if (this.cuts) words[at + 2 * RCX + 1] = 0;
    for (let i = 0; i < plan.memory.length; i++) {
      const use = plan.memory[i];
      if (use.base < 0 || (aimed & (1 << use.base)) !== 0) {
        this.fill(plan, this.fixedOffset(use));
        continue;
      }
      aimed |= 1 << use.base;
      const offset = i === hostile ? this.hostileTarget(plan, use) : this.target(use);
      if (plan.isString && i !== hostile && random.chance(64))
        words.fill(random.next(), at + STATE_WORD.window, at + STATE_WORD.window + 64);
      this.aim(plan, use);
      if (offset >= 0) this.fill(plan, offset);
    }
  }

  /** The operand's place within the window if it lies there whatever the registers hold, else -1. */
  private fixedOffset(use: MemoryUse): number {
    const offset = use.displacementLow - NATIVE.window;
    return use.base < 0 && use.index < 0 && offset >= 0 && offset < NATIVE.windowSize - 16 ? offset : -1;
  }

  private target(use: MemoryUse): number {
    const { random } = this;
    let offset = 64 + random.below(112);
    if (use.base === RSP) offset = random.chance(240) ? 64 + 8 * random.below(12) : offset;
    else if (random.chance(128)) offset &= ~15;
    this.targetLow = NATIVE.window + offset;
    this.targetHigh = 0;
    return offset;
  }

  private hostileTarget(plan: CasePlan, use: MemoryUse): number {
    const { random } = this;
    const reach = plan.isString ? 32 : 16;
    this.targetHigh = 0;
    // What POPF would find in other places might be TF.
    const first = Mnemonic[plan.row.mnemonic].startsWith('Popf') ? 4 : 0;
    switch (first + random.below((use.is32 || use.segment !== 'none' ? 5 : 7) - first)) {
      case 0:
        this.targetLow = NATIVE.data - 1 - random.below(16) + (plan.isString ? random.below(16) : 0);
        return -1;
      case 1:
        this.targetLow = NATIVE.data + NATIVE.dataSize - random.below(reach);
        return -1;
      case 2:
        this.targetLow = NATIVE.readOnly + random.below(64);
        return -1;
      case 3:
        this.targetLow = NATIVE.readOnly + 0x1000 - random.below(16);
        return -1;
      case 4:
        this.targetLow = NATIVE.unmapped + random.below(0x2000);
        return -1;
      default:
        this.targetLow = random.next();
        this.targetHigh = 0x8000 + random.below(0xffff0000);
        return -1;
    }
  }

  /** Gives the base register the value with which the operand lies at the target. */
  private aim(plan: CasePlan, use: MemoryUse): void {
    const { words, at } = this;
    let low = this.targetLow >>> 0;
    let high = this.targetHigh;
    const subtract = (otherLow: number, otherHigh: number): void => {
      const before = low;
      low = (low - (otherLow >>> 0)) >>> 0;
      high = (high - otherHigh - (before < otherLow >>> 0 ? 1 : 0)) | 0;
    };
    if (use.index >= 0) {
      const indexLow = use.indexIsByte ? words[at + 2 * use.index] & 0xff : words[at + 2 * use.index];
      const indexHigh = use.indexIsByte ? 0 : words[at + 2 * use.index + 1];
      const shift = use.scale === 8 ? 3 : use.scale === 4 ? 2 : use.scale === 2 ? 1 : 0;
      subtract(indexLow << shift, shift === 0 ? indexHigh : (indexHigh << shift) | (indexLow >>> (32 - shift)));
    }
    subtract(use.displacementLow, use.displacementHigh);
    if (use.segment === 'fs') subtract(words[at + STATE_WORD.fsBase], words[at + STATE_WORD.fsBase + 1]);
    if (use.segment === 'gs') subtract(words[at + STATE_WORD.gsBase], words[at + STATE_WORD.gsBase + 1]);
    if (plan.bitOffset >= 0) {
      // The bits above the operand's own are a signed number of operands.
      const bits = at + 2 * plan.bitOffset;
      let offsetLow = words[bits];
      let offsetHigh = words[bits + 1];
      if (plan.width === 16) offsetLow = (offsetLow << 16) >> 16;
      if (plan.width !== 64) offsetHigh = offsetLow >> 31;
      const bytes = plan.width / 8;
      subtract(((offsetLow >>> 3) | (offsetHigh << 29)) & ~(bytes - 1), offsetHigh >> 3);
    }
    if (use.is32) high = this.cuts ? 0 : this.random.next();
    this.set(at + 2 * use.base, low | 0, high);
  }

  /** Puts values with which the instruction does something special at a place of the window. */
  private fill(plan: CasePlan, offset: number): void {
    const { random, words, at } = this;
    if (offset < 0) return;
    const kind = random.below(4);
    if (kind === 0) return;
    this.scratch[0] = words[at + 2 * RAX];
    this.scratch[1] = words[at + 2 * RAX + 1];
    this.scratch[2] = words[at + 2 * RDX];
    this.scratch[3] = words[at + 2 * RDX + 1];
    if (plan.row.mnemonic === Mnemonic.Cmpxchg8b) this.scratch[1] = this.scratch[2];
    if (kind !== 1) {
      random.value(this.scratch, 0);
      random.value(this.scratch, 2);
    }
    this.put(offset, 16);
  }

  private readonly scratch = new Int32Array(4);
  private readonly scratchBytes = new Uint8Array(this.scratch.buffer);

  private put(offset: number, size: number): void {
    const bytes = new Uint8Array(this.words.buffer, this.words.byteOffset + 4 * (this.at + STATE_WORD.window));
    for (let i = 0; i < size && offset + i < NATIVE.windowSize; i++) bytes[offset + i] = this.scratchBytes[i];
  }

  /** The place of the present target within the window, -1 if it is elsewhere. */
  private offsetOfTarget(): number {
    const offset = this.targetLow - NATIVE.window;
    return this.targetHigh === 0 && offset >= 0 && offset < NATIVE.windowSize ? offset : -1;
  }

  /** Mostly the second exit; else data, a read-only page, nothing, or an address that is not canonical. */
  private branchTarget(plan: CasePlan): void {
    const { random, scratch, words, at } = this;
    if (plan.targetFrom === -1) return;
    scratch[1] = 0;
    // One fault at a time: which of two comes first is no architecture.
    switch (this.isHostile ? -1 : random.below(16)) {
      case 0:
        scratch[0] = NATIVE.window + random.below(64);
        break;
      case 1:
        scratch[0] = NATIVE.unmapped + random.below(4096);
        break;
      case 2:
        scratch[0] = random.next();
        scratch[1] = 0x8000 + random.below(0xffff0000);
        break;
      case 3:
        scratch[0] = NATIVE.readOnly + random.below(64);
        break;
      default:
        scratch[0] = NATIVE.taken;
    }
    if (plan.targetFrom >= 0) {
      this.set(at + 2 * plan.targetFrom, scratch[0], scratch[1]);
      return;
    }
    // The last operand that was aimed holds the target; RET has no other than the stack.
    const named = plan.memory.find(({ base }) => base !== RSP) ?? plan.memory.at(-1);
    if (named === undefined) return;
    const fixed = this.fixedOffset(named);
    if (fixed >= 0) this.put(fixed, 8);
    else this.putAtAddressOf(named, words, at);
  }

  private putAtAddressOf(use: MemoryUse, words: Int32Array, at: number): void {
    // Whatever was aimed last is the target register by register: the address is computed again, which is exact in 32 bits.
    const index = use.index < 0 ? 0 : Math.imul(words[at + 2 * use.index], use.scale);
    const segment =
      use.segment === 'fs' ? words[at + STATE_WORD.fsBase] : use.segment === 'gs' ? words[at + STATE_WORD.gsBase] : 0;
    const offset =
      ((use.base < 0 ? 0 : words[at + 2 * use.base]) + index + use.displacementLow + segment - NATIVE.window) | 0;
    if (offset >= 0 && offset <= NATIVE.windowSize - 8) this.put(offset, 8);
  }

  /** What single instructions need to get beyond a fault or into their rare branches. */
  private special(plan: CasePlan): void {
    const { random, scratch, words, at } = this;
    const offset = this.offsetOfTarget();
    switch (plan.row.mnemonic) {
      case Mnemonic.Popf:
      case Mnemonic.Popfq:
        // User mode could not change IF and IOPL, and TF and AC would disturb the program that runs the test.
        scratch[0] = (random.next() & CASE_FLAGS) | 0x202;
        scratch[1] = 0;
        if (offset >= 0) this.put(offset, 8);
        break;
      case Mnemonic.Ldmxcsr:
        scratch[0] = random.next() & (random.chance(200) ? 0xffff : -1);
        if (offset >= 0) this.put(offset, 4);
        break;
      case Mnemonic.Stmxcsr:
        words[at + STATE_WORD.mxcsr] = random.next() & 0xffff;
        break;
      case Mnemonic.Fnstcw:
        words[at + STATE_WORD.x87Cw] = (random.next() & X87_CW_BITS) | 0x40;
        break;
      default:
    }
  }

  private makeDivisible(plan: CasePlan): void {
    const { random, words, at } = this;
    const kind = random.below(4);
    // AX by a byte: AH must be small.
    if (plan.width === 8) {
      if (kind !== 0) words[at + 2 * RAX] &= random.chance(128) ? 0xffff00ff : 0xffff03ff;
      return;
    }
    if (kind === 0) return;
    const low = words[at + 2 * RAX];
    const high = words[at + 2 * RAX + 1];
    const sign = (plan.width === 64 ? high : plan.width === 32 ? low : low << 16) >> 31;
    if (kind === 1) this.set(at + 2 * RDX, 0, plan.width === 64 ? 0 : random.next());
    else if (kind === 2) this.set(at + 2 * RDX, sign, plan.width === 64 ? sign : random.next());
    else this.set(at + 2 * RDX, random.below(16), 0);
  }
}

function putCode(bytes: Uint8Array, words: Int32Array, start: number): void {
  const target = new Uint8Array(words.buffer, words.byteOffset + 4 * start, 24);
  target.fill(0);
  target.set(bytes);
  words[start + CASE.codeLength] = bytes.length;
}
