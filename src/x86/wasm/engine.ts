import type { CodeCache } from '../code-cache.js';
import type { EventLog } from '../event-log.js';
import { EXIT } from '../exit.js';
import type { Interpreter } from '../interpreter.js';
import { EVENT_WORD } from '../events.js';
import { CONTROL, EVENT_WORDS, type Layout, SLOT } from '../layout.js';
import type { Memory } from '../memory.js';
import type { Block } from './blocks.js';
import { RETURN } from './emitter.js';
import { type EngineLayout, RegionPool } from './engine-layout.js';
import { instantiate, type LinearMemory, type TranslatedRun } from '../../wasm/host.js';
import { resetModule } from './reset-module.js';
import { TranslationCache } from './tlb.js';
import { type MachineParts, MEANING, MEANING_WORDS, type Unit, Units } from './units.js';

/**
 * Runs that begin at one place before it is translated. A module costs about a millisecond and needs some more until V8 has
 * optimised it; the interpreter executes a stub in a quarter of a microsecond.
 */
export const HOT_RUNS = 2000;

/** Translated code for a driver of its own (src/lane): both variants of one unit, and where everything lies. */
export interface TranslatedCode {
  readonly quick: Unit;
  readonly exact: Unit;
  readonly linear: LinearMemory;
  readonly layout: Layout;
  readonly engine: EngineLayout;
  readonly tlbMultiplier: bigint;
}

/** Budgets below this one are left to the interpreter, which is quicker then: tracing runs one instruction at a time. */
const SMALL_BUDGET = 4;

/** So often the interpreter helps out where the exact variant would have to be translated first: pages become known then. */
const FEW_DETOURS = 64;

/** Instructions that the exact variant executes where the quick one cannot be entered, before that is tried again. */
const DETOUR = 64;

/** Translated code goes on after a full stop only if there is room for this many instructions, which is more than a block has. */
const ROOM_TO_GO_ON = 256;

const RIP = 2 * SLOT.RIP;

/**
 * Runs the same micro-operations as the interpreter on the same state, translated to WebAssembly. What is rare is left to the
 * interpreter at an exact instruction boundary: code that is not translated yet, faults, accesses that cross pages or whose
 * page is not in the translation cache, the end of the budget, the delivery of an interrupt, buffers that become full.
 *
 * Two variants of code: the quick one looks at the budget once a block and knows no interrupts; the exact one looks at the interrupt
 * plan at every instruction boundary, and can be entered at every one.
 */
export class WasmEngine {
  /** How often translated code was entered: for tests, which must not pass because the interpreter did everything. */
  entered = 0;

  private readonly slots: Int32Array;
  private readonly control: Int32Array;
  private readonly memory: Memory;
  private readonly cache: CodeCache;
  private readonly log: EventLog;
  private readonly interpreter: Interpreter;
  private readonly eventCapacity: number;
  private readonly sharedEvents: Int32Array;
  private readonly tlb: TranslationCache;
  private readonly pool: RegionPool;
  private readonly quick: Units;
  private readonly exact: Units;
  private readonly externals = new Map<bigint, number>();
  private readonly resetState: TranslatedRun;

  private readonly linear: LinearMemory;
  private readonly engineLayout: EngineLayout;
  private readonly layout: Layout;

  /** @param hotRuns - see HOT_RUNS */
  constructor(parts: MachineParts, linear: LinearMemory, engine: EngineLayout, hotRuns: number) {
    const { layout, log, memory } = parts;
    this.linear = linear;
    this.engineLayout = engine;
    this.layout = layout;
    this.slots = parts.slots;
    this.control = parts.control;
    this.memory = memory;
    this.cache = parts.cache;
    this.log = log;
    this.interpreter = parts.interpreter;
    this.eventCapacity = layout.eventCapacity;
    this.sharedEvents = log.events;
    this.tlb = new TranslationCache(linear.buffer, layout, engine.tlb, memory);
    this.pool = new RegionPool(engine);
    const common = { parts, linear, engine, hotRuns, pool: this.pool, tlb: this.tlb, externals: this.externals };
    this.quick = new Units({ ...common, exact: false });
    this.exact = new Units({ ...common, exact: true });
    this.resetState = instantiate(resetModule(layout, linear.pages), linear);
  }

  /** Undoes all writes to memory, and clears the state and the control words, as Machine.reset does. @returns false if it cannot */
  reset(): boolean {
    // A list that has moved out of linear memory, or is full.
    if (this.memory.undoRoom() === 0) return false;
    this.resetState(0, 0, 0);
    return true;
  }

  /** Forgets all translated code: the records of the code cache are no longer what they were. */
  flush(): void {
    this.quick.clear();
    this.exact.clear();
    this.pool.clear();
  }

  /** Tells of an external (Machine.addExternal); translated code is forgotten. */
  addExternal(address: bigint, index: number): void {
    this.externals.set(BigInt.asUintN(64, address), index);
    this.flush();
  }

  /**
   * Translates what can be reached from one place, without waiting until it is hot. Room for what the caller wants to keep
   * beside the machine is behind `spare`.
   *
   * @param others - addresses in the code that are known to be jumped to
   * @returns undefined if there is no code, or no room for it
   */
  translate(address: bigint, others: readonly bigint[]): TranslatedCode | undefined {
    const low = Number(BigInt.asIntN(32, address));
    const high = Number(BigInt.asIntN(32, address >> 32n));
    for (const units of [this.quick, this.exact]) if (units.translateAt(low, high, others) !== true) return undefined;
    const [quick, exact] = [this.quick.latest, this.exact.latest];
    if (quick === undefined || exact === undefined) return undefined;
    const { linear, engineLayout, tlb, layout } = this;
    return { quick, exact, linear, layout, engine: engineLayout, tlbMultiplier: tlb.multiplier };
  }

  /** See Machine.run. */
  run(budget: number): number {
    const { control, interpreter, memory } = this;
    if (memory.translationsChanged) {
      this.tlb.clear();
      memory.translationsChanged = false;
    }
    if (budget < SMALL_BUDGET) return interpreter.run(budget);
    interpreter.environmentRecord = 0;
    const end = Math.min(control[CONTROL.INSTRUCTION_COUNT] + budget, 0x7fffffff) | 0;
    this.detourEnd = 0;
    for (;;) {
      const kind = control[CONTROL.INTERRUPT_KIND];
      const quick = kind === 0 && control[CONTROL.INSTRUCTION_COUNT] >= this.detourEnd;
      const units = quick ? this.quick : this.exact;
      const result = this.enter(units, end, kind);
      if (result <= RETURN.EXTERNAL) {
        interpreter.exitDetail = RETURN.EXTERNAL - result;
        return EXIT.External;
      }
      if (result === RETURN.UNKNOWN) {
        if (this.translateHere(units, units !== this.quick && kind === 0)) continue;
        return interpreter.run(end - control[CONTROL.INSTRUCTION_COUNT]);
      }
      const at = result * MEANING_WORDS;
      const { meanings, blocks } = this.last!;
      if (meanings[at] === MEANING.environment) {
        interpreter.exitDetail = meanings[at + 1];
        interpreter.environmentRecord = meanings[at + 2];
        return EXIT.Environment;
      }
      this.settle(blocks[meanings[at + 1]], meanings[at + 2]);
      if (meanings[at] === MEANING.boundary) {
        if (this.mayGoOn(end)) continue;
        return interpreter.run(end - control[CONTROL.INSTRUCTION_COUNT]);
      }
      const exit = this.step();
      if (exit !== EXIT.Budget || control[CONTROL.INSTRUCTION_COUNT] >= end) return exit;
      if (!quick || this.quick.at(this.slots[RIP]) !== undefined) continue;
      // In the middle of a block of the quick variant: the exact one can be entered there.
      if (this.exact.at(this.slots[RIP]) !== undefined || ++this.detours > FEW_DETOURS) {
        this.detourEnd = control[CONTROL.INSTRUCTION_COUNT] + DETOUR;
        continue;
      }
      const after = this.stepToBlock(end);
      if (after !== EXIT.Budget || control[CONTROL.INSTRUCTION_COUNT] >= end) return after;
    }
  }

  /** How often the quick variant was left where only the exact one, not there yet, could go on. */
  private detours = 0;

  /** Lets the interpreter go on until the quick variant can be entered again, if that is soon. */
  private stepToBlock(end: number): number {
    const { control, slots } = this;
    for (let i = 0; ; i++) {
      const exit = this.step();
      if (exit !== EXIT.Budget || control[CONTROL.INSTRUCTION_COUNT] >= end) return exit;
      if (i === DETOUR || this.quick.at(slots[RIP]) !== undefined) return exit;
    }
  }

  /** Until this instruction count the exact variant runs, although no interrupt is planned. */
  private detourEnd = 0;
  /** Where the last run of translated code had to stop. */
  private lastStop = 0;

  /** Whether translated code was left at a boundary only because of a limit that is further away now. */
  private mayGoOn(end: number): boolean {
    const count = this.control[CONTROL.INSTRUCTION_COUNT];
    // The budget, or an interrupt.
    if (this.lastStop >= end || (this.last!.exact && count < this.lastStop)) return false;
    return this.roomFor(this.last!, end - count) >= Math.min(end - count, ROOM_TO_GO_ON);
  }

  /** Instructions, up to this many, for whose events and undo entries there is room. */
  private roomFor({ maxEvents, maxUndo }: Unit, instructions: number): number {
    const { log, control } = this;
    const eventRoom = log.events === this.sharedEvents ? this.eventCapacity - control[CONTROL.EVENT_COUNT] : 0;
    const undoRoom = this.memory.undoRoom();
    if (eventRoom >= instructions * maxEvents && undoRoom >= instructions * maxUndo) return instructions;
    return Math.min(instructions, (eventRoom / maxEvents) | 0, (undoRoom / maxUndo) | 0);
  }

  /** The unit that ran last: its results are to be understood. */
  private last: Unit | undefined;

  /** Runs translated code from RIP on; UNKNOWN if there is none. */
  private enter(units: Units, end: number, kind: number): number {
    const { slots } = this;
    let unit = units.latest;
    let result = unit === undefined ? RETURN.UNKNOWN : this.runUnit(unit, end, kind);
    // Another unit may know the place, and one after the other may know how it goes on.
    while (result === RETURN.UNKNOWN) {
      let other = units.at(slots[RIP]);
      // After an interrupt a run begins anywhere; only the exact units can be entered anywhere.
      if (other === undefined && kind === 0) other = this.exact.at(slots[RIP]);
      if (other === undefined || other === unit) return result;
      unit = other;
      if (unit.exact === units.exact) units.latest = unit;
      result = this.runUnit(unit, end, kind);
    }
    return result;
  }

  private runUnit(unit: Unit, end: number, kind: number): number {
    const { control } = this;
    const count = control[CONTROL.INSTRUCTION_COUNT];
    // Every instruction finds room for its events and undo entries before the count reaches this.
    let last = count + this.roomFor(unit, end - count);
    // The quick variant takes over again soon.
    if (kind === 0 && unit.exact) last = Math.min(last, count < this.detourEnd ? this.detourEnd : count + DETOUR);
    this.lastStop = last;
    const stop = kind === 0 ? last : Math.min(last, control[CONTROL.INTERRUPT_AT]);
    this.last = unit;
    this.entered++;
    return unit.run(stop, last, kind);
  }

  /** Completes the state after translated code was left at instruction `index` of a block, which has had no effect. */
  private settle(block: Block, index: number): void {
    const { slots, control, cache, interpreter, log } = this;
    const { code } = cache;
    for (let i = 0; i < index; i++) {
      const { record } = block.instructions[i];
      interpreter.mixPath(code[record], code[record + 1]);
    }
    const { record } = block.instructions[index];
    slots[RIP] = code[record];
    slots[RIP + 1] = code[record + 1];
    control[CONTROL.INSTRUCTION_COUNT] += index;
    // Accesses that the instruction has made already are made again.
    log.dropInstruction(control[CONTROL.INSTRUCTION_COUNT]);
  }

  /** Lets the interpreter execute one instruction, and enters the pages that it accessed in the translation cache. */
  private step(): number {
    const { control, interpreter, log } = this;
    const before = control[CONTROL.EVENT_COUNT];
    const exit = interpreter.run(1);
    for (let i = before; i < control[CONTROL.EVENT_COUNT]; i++) {
      const at = i * EVENT_WORDS;
      // Sti and Cli have no address.
      const size = log.events[at + EVENT_WORD.SIZE];
      if (size === 0) continue;
      if (!this.tlb.enter(log.events[at + EVENT_WORD.ADDRESS_LOW], log.events[at + EVENT_WORD.ADDRESS_HIGH]))
        this.flush();
    }
    return exit;
  }

  /** Counts a run from RIP, where no translated code is known. @param now - do not wait until it is hot. @returns whether there is some now */
  private translateHere(units: Units, now: boolean): boolean {
    const { slots } = this;
    if (!now && !units.isHot(slots[RIP])) return false;
    const made = units.translateAt(slots[RIP], slots[RIP + 1]);
    // No room: all units go, and those that are still needed become hot again.
    if (made === undefined) this.flush();
    return made === true;
  }
}
