import { EXIT, VECTOR } from '../exit.js';
import { CONTROL, SLOT, UNDO_WORDS } from '../layout.js';
import { REGISTER_NAMES } from '../registers.js';
import { type EngineName, Machine } from '../machine.js';
import { CASE_FLAGS } from './case-background.js';
import type { CasePlan } from './case-plan.js';
import { KNOWN_DEVIATIONS, type KnownDeviation } from './known-deviations.js';
import { CASE, NATIVE, RESULT, STATE_WORD } from './native-oracle.js';
import { isDestinationUndefined, undefinedBelowStack, undefinedFlags } from './undefined-parts.js';

/** A REP instruction counts every iteration. */
const BUDGET = 1000;
const USER = 4;
const RSP = 4;
/** Order of the mappings: code, two pages of data, the read-only page. */
const DATA_AT = 4096;

/** A machine with the memory map of the native program, for instructions of one length. */
class Twin {
  private readonly machine: Machine;
  private readonly control: Int32Array;
  private readonly undo: Int32Array;
  /** All memory in words. */
  private readonly words: Int32Array;
  private readonly window: number;
  private readonly head: number;
  private readonly tail: number;

  constructor(
    engine: EngineName,
    length: number,
    private readonly known: readonly KnownDeviation[],
  ) {
    this.machine = new Machine({ memoryBytes: 1 << 16, eventCapacity: 256, engine, hotRuns: 0 });
    const { machine } = this;
    machine.map(BigInt(NATIVE.code), 4096, { read: true, write: false, execute: true });
    machine.map(BigInt(NATIVE.data), NATIVE.dataSize, { read: true, write: true, execute: false });
    machine.map(BigInt(NATIVE.readOnly), 4096, { read: true, write: false, execute: false });
    machine.addExternal(BigInt(NATIVE.code + length));
    machine.addExternal(BigInt(NATIVE.taken));
    machine.checkpoint();
    const { layout, buffer } = machine;
    this.control = new Int32Array(buffer, layout.control, CONTROL.UNDO_COUNT + 1);
    this.undo = new Int32Array(buffer, layout.undo, layout.undoEntries * UNDO_WORDS);
    this.words = new Int32Array(buffer);
    const data = layout.pages + DATA_AT;
    this.window = (data + NATIVE.window - NATIVE.data) >> 2;
    this.head = data >> 2;
    this.tail = (data + NATIVE.dataSize - NATIVE.endSize) >> 2;
  }

  load(bytes: Uint8Array): void {
    // What the last case left must not become a part of the checkpoint; the code must.
    this.machine.reset();
    this.machine.pokeBytes(BigInt(NATIVE.code), bytes);
    this.machine.checkpoint();
  }

  get translatedEntries(): number {
    return this.machine.translatedEntries;
  }

  /** Runs a case. @returns why the machine stopped */
  run(cases: Int32Array, start: number): number {
    const { machine, words } = this;
    machine.reset();
    const { state } = machine;
    const from = start + CASE.state;
    for (let i = 0; i < 32; i++) state[2 * SLOT.GPR + i] = cases[from + STATE_WORD.gpr + i];
    state[2 * SLOT.RFLAGS] = cases[from + STATE_WORD.rflags];
    state[2 * SLOT.FS_BASE] = cases[from + STATE_WORD.fsBase];
    state[2 * SLOT.FS_BASE + 1] = cases[from + STATE_WORD.fsBase + 1];
    state[2 * SLOT.GS_BASE] = cases[from + STATE_WORD.gsBase];
    state[2 * SLOT.GS_BASE + 1] = cases[from + STATE_WORD.gsBase + 1];
    state[2 * SLOT.MXCSR] = cases[from + STATE_WORD.mxcsr];
    state[2 * SLOT.X87_CW] = cases[from + STATE_WORD.x87Cw];
    for (let i = 0; i < 64; i++) state[2 * SLOT.XMM + i] = cases[from + STATE_WORD.xmm + i];
    state[2 * SLOT.RIP] = NATIVE.code;
    // Past the undo list: what a case leaves here, the next one overwrites.
    for (let i = 0; i < 64; i++) words[this.window + i] = cases[from + STATE_WORD.window + i];
    for (let i = 0; i < 8; i++) {
      words[this.head + i] = cases[from + STATE_WORD.head + i];
      words[this.tail + i] = cases[from + STATE_WORD.tail + i];
    }
    return machine.run(BUDGET);
  }

  /** Whether the run wrote something other than 0 beyond the observed memory. */
  private strayed(): boolean {
    const count = this.control[CONTROL.UNDO_COUNT];
    for (let at = 0; at < count; at += UNDO_WORDS) {
      const word = this.undo[at];
      if (word >= this.window && word < this.window + 64) continue;
      if (word >= this.head && word < this.head + 8) continue;
      if (word >= this.tail && word < this.tail + 8) continue;
      if ((this.words[word] | this.words[word + 1]) !== 0) return true;
    }
    return false;
  }

  /** What differs from the CPU's answer, in words for people; empty if nothing does. */
  differences(
    plan: CasePlan,
    cases: Int32Array,
    start: number,
    exit: number,
    results: Int32Array,
    at: number,
  ): readonly string[] {
    const { machine } = this;
    const { state } = machine;
    const trap = results[at + RESULT.trap];
    if (this.problems.length > 0) this.problems = [];
    if (trap === (NATIVE.noTrap | 0)) {
      if (exit !== EXIT.External) this.problems.push(`exit ${exit} (${machine.exitDetail}), no trap on the CPU`);
    } else if (exit !== EXIT.Fault || machine.exitDetail !== trap)
      this.problems.push(`exit ${exit} (${machine.exitDetail}), trap ${trap} on the CPU`);
    // INT3 and INT1 trap: the CPU has RIP behind the instruction, the machine leaves it there.
    const back = trap === VECTOR.BP || trap === VECTOR.DB ? plan.bytes.length : 0;
    this.word('rip', state[2 * SLOT.RIP] + back, results[at + RESULT.rip]);
    this.word('rip, high half', state[2 * SLOT.RIP + 1], results[at + RESULT.rip + 1]);
    if (trap === VECTOR.PF) this.pageFault(results, at);
    const after = at + RESULT.state;
    const isHidden = isDestinationUndefined(plan, cases, start);
    for (let i = 0; i < 32; i++) {
      if (isHidden && i >> 1 === plan.destination) continue;
      this.word(NAMES[i], state[i], results[after + i]);
    }
    let defined = CASE_FLAGS & ~undefinedFlags(plan, cases, start);
    for (const { flags } of this.known) {
      const known = flags?.(plan, trap) ?? 0;
      if (((state[2 * SLOT.RFLAGS] ^ results[after + STATE_WORD.rflags]) & defined & known) === 0) continue;
      this.deviations++;
      defined &= ~known;
    }
    this.word('rflags', state[2 * SLOT.RFLAGS] & defined, results[after + STATE_WORD.rflags] & defined);
    for (let i = 0; i < 4; i++)
      this.word(BASE_NAMES[i], state[2 * SLOT.FS_BASE + i], results[after + STATE_WORD.fsBase + i]);
    this.word('mxcsr', state[2 * SLOT.MXCSR], results[after + STATE_WORD.mxcsr]);
    this.word('x87 control word', state[2 * SLOT.X87_CW], results[after + STATE_WORD.x87Cw]);
    for (let i = 0; i < 64; i++) this.word(XMM_NAMES[i], state[2 * SLOT.XMM + i], results[after + STATE_WORD.xmm + i]);
    if (!(isHidden && plan.destination < 0)) {
      const below = undefinedBelowStack(plan, trap);
      const stack = state[2 * RSP] - NATIVE.window;
      for (let i = 0; i < 64; i++) {
        if (4 * i > stack - below - 4 && 4 * i < stack && below > 0) continue;
        this.word('window', this.words[this.window + i], results[after + STATE_WORD.window + i], 4 * i);
      }
      for (let i = 0; i < 8; i++) {
        this.word('first bytes', this.words[this.head + i], results[after + STATE_WORD.head + i], 4 * i);
        this.word('last bytes', this.words[this.tail + i], results[after + STATE_WORD.tail + i], 4 * i);
      }
    }
    this.word('stray writes', this.strayed() ? 1 : 0, results[at + RESULT.stray]);
    return this.problems;
  }

  private problems: string[] = [];
  /** States in which a known deviation showed. */
  deviations = 0;

  private word(name: string, ours: number, cpu: number, offset = -1): void {
    if (ours === cpu) return;
    const place = offset < 0 ? name : `${name} + ${offset}`;
    this.problems.push(`${place} is ${hex(ours, 0)}, on the CPU ${hex(cpu, 0)}`);
  }

  private pageFault(results: Int32Array, at: number): void {
    const { machine } = this;
    this.word('fault address', machine.faultAddressLow, results[at + RESULT.address]);
    this.word('fault address, high half', machine.faultAddressHigh, results[at + RESULT.address + 1]);
    // For addresses of the kernel Linux hides whether there is a page.
    if (results[at + RESULT.address + 1] >= 0)
      this.word('error code', machine.faultErrorCode, results[at + RESULT.errorCode] & ~USER);
  }
}

function halves(name: string): string[] {
  return [name, `${name}, high half`];
}

const NAMES = REGISTER_NAMES.flatMap(halves);
const BASE_NAMES = ['fs base', 'gs base'].flatMap(halves);
const XMM_NAMES = Array.from({ length: 64 }, (_, i) => `xmm${i >> 2} word ${i & 3}`);

function hex(low: number, high: number): string {
  return `0x${((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString(16)}`;
}

/** Runs cases on the machine and compares with what the CPU answered. One machine for each length of code is kept. */
export class CaseRunner {
  private readonly twins: (Twin | undefined)[] = [];
  private readonly engine: EngineName;
  private whole = 0;

  /** @param known what the CPU that answered is known to do otherwise; by default this one */
  constructor(
    engine: EngineName,
    private readonly known: readonly KnownDeviation[] = KNOWN_DEVIATIONS,
  ) {
    this.engine = engine;
  }

  /** How often translated code was entered. */
  get translatedEntries(): number {
    return this.twins.reduce((sum, twin) => sum + (twin?.translatedEntries ?? 0), 0);
  }

  /** States in which a known deviation showed. */
  get deviations(): number {
    return this.twins.reduce((sum, twin) => sum + (twin?.deviations ?? 0), this.whole);
  }

  /**
   * Runs `count` cases of one plan.
   *
   * @param first - index of the first case in `cases` and of its answer in `results`
   * @param onMismatch - is told the case's index and what differs
   * @returns how many cases differ
   */
  run(
    plan: CasePlan,
    cases: Int32Array,
    results: Int32Array,
    first: number,
    count: number,
    onMismatch: (index: number, problems: readonly string[]) => void,
  ): number {
    const { length } = plan.bytes;
    const twin = (this.twins[length] ??= new Twin(this.engine, length, this.known));
    twin.load(plan.bytes);
    const isKnown = this.known.some(({ everything }) => everything?.(plan) === true);
    let mismatches = 0;
    for (let i = first; i < first + count; i++) {
      const exit = twin.run(cases, i * CASE.size);
      const problems = twin.differences(plan, cases, i * CASE.size, exit, results, i * RESULT.size);
      if (problems.length === 0) continue;
      if (isKnown) {
        this.whole++;
        continue;
      }
      mismatches++;
      onMismatch(i, problems);
    }
    return mismatches;
  }
}

/** A case for people: the instruction, its bytes, and what it began with. */
export function describeCase(plan: CasePlan, cases: Int32Array, index: number): string {
  const from = index * CASE.size + CASE.state;
  const bytes = Array.from(plan.bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const registers = Array.from({ length: 16 }, (_, r) => hex(cases[from + 2 * r], cases[from + 2 * r + 1]).slice(2));
  return `${plan.text} (${bytes}) flags ${hex(cases[from + STATE_WORD.rflags], 0)} registers ${registers.join(' ')}`;
}
