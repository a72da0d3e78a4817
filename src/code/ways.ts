/**
 * Every way through a function, read and not run: forward from the entry, both sides of each branch that the values do not
 * decide, into direct calls of functions of the same image, up to a return or whatever else ends it.
 */
import { ConditionCode, Mnemonic } from 'iced-x86';
import type { Fixup, Image } from '../image/image.js';
import { segmentAt } from '../image/segments.js';
import { externalModel } from '../world/externals.js';
import { REGISTER_INDEX, REGISTER_NAMES, type RegisterName } from '../x86/registers.js';
import { pop, push, readOperand, writeOperand } from './access.js';
import { type Decision, decide } from './branch.js';
import { type Operation, operationAt } from './operation.js';
import { copyOf, type Condition, type Entered, entryState, type State, type WrappedCall } from './state.js';
import { step } from './step.js';
import { answer, computed, constant, incoming, type Value } from './value.js';

/**
 * How a way ends: it returns to the caller, or to something else that lies where the return address should; at UD2 or another
 * trap; in a call that never comes back; in a fault that no fixup takes; going round for ever; at an address that is
 * computed; or it was not followed further.
 */
export type End = 'returns' | 'returns-elsewhere' | 'traps' | 'noreturn' | 'faults' | 'loops' | 'computed-jump' | 'cut';

/** One way through a function. */
export interface Way {
  readonly end: End;
  /** Where it ended. */
  readonly address: bigint;
  /** The function that never comes back, or what was not followed. */
  readonly detail?: string;
  readonly state: State;
}

export interface Ways {
  readonly ways: readonly Way[];
  /** Set where not all was followed, and why. */
  readonly gap?: string;
}

/** A sound stub has a few dozen ways of a hundred instructions. */
const MOST_WAYS = 128;
const MOST_STEPS = 20_000;
const MOST_STEPS_OF_A_WAY = 2000;
/** How often one branch is taken both ways on one way, and how often one instruction is come to. */
const MOST_FORKS = 2;
const MOST_VISITS = 300;
const DEEPEST_CALL = 6;

/** Trap numbers of the exceptions that SEAMCALL raises (Intel SDM volume 3, 6.3.1). */
const TRAP_NUMBER = { 'invalid-opcode': 6n, 'general-protection': 13n } as const;
/** EX_TYPE_FAULT: the handler puts the trap number into RAX (src/stage/fixups.ts). */
const FAULT_FIXUP = 2;
/** Registers that a System V function may change; RSI and RDI are among them, which Microsoft x64 keeps. */
const CALLER_SAVED: readonly RegisterName[] = ['rax', 'rcx', 'rdx', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11'];

export interface Watching {
  /** Told of every instruction on every way, before it is done. */
  readonly observe?: (state: State, here: Operation) => void;
  /** Both sides of every branch, also where the values decide it: as a processor may that predicts it wrong. */
  readonly predicts?: true;
}

interface Reading extends Watching {
  readonly image: Image;
  readonly names: ReadonlyMap<bigint, string>;
  readonly fixups: ReadonlyMap<bigint, Fixup>;
  readonly operations: Map<bigint, Operation | undefined>;
  readonly open: State[];
  readonly ways: Way[];
}

/** @param entry address of the function's first instruction */
export function waysThrough(image: Image, entry: bigint, watching: Watching = {}): Ways {
  const { names, fixups, operations } = namesOf(image);
  const reading: Reading = { ...watching, image, names, fixups, operations, open: [entryState(entry)], ways: [] };
  let steps = 0;
  for (let state = reading.open.pop(); state !== undefined; state = reading.open.pop()) {
    const before = state.steps;
    follow(reading, state);
    steps += state.steps - before;
    if (reading.open.length === 0) break;
    if (reading.ways.length >= MOST_WAYS) return { ways: reading.ways, gap: `more than ${MOST_WAYS} ways` };
    if (steps >= MOST_STEPS) return { ways: reading.ways, gap: `more than ${MOST_STEPS} instructions` };
  }
  const cut = reading.ways.find(({ end }) => end === 'cut');
  return { ways: reading.ways, ...(cut && { gap: cut.detail ?? 'not followed' }) };
}

type Known = Pick<Reading, 'names' | 'fixups' | 'operations'>;
const KNOWN = new WeakMap<Image, Known>();

/** What is looked up again and again in one image. */
function namesOf(image: Image): Known {
  let known = KNOWN.get(image);
  if (known === undefined) {
    const functions = image.symbols.filter(({ kind }) => kind !== 'object');
    const names = new Map<bigint, string>();
    for (const { name, address } of [...functions, ...image.externals])
      if (!names.has(address) || externalModel(name).kind !== 'unmodelled') names.set(address, name);
    const fixups = new Map(image.fixups.map((fixup) => [fixup.from, fixup]));
    KNOWN.set(image, (known = { names, fixups, operations: new Map() }));
  }
  return known;
}

function operation(reading: Reading, address: bigint): Operation | undefined {
  const { operations, image } = reading;
  if (!operations.has(address)) operations.set(address, operationAt(image, address));
  return operations.get(address);
}

function end(reading: Reading, state: State, how: End, detail?: string): undefined {
  reading.ways.push({ end: how, address: state.address, state, ...(detail !== undefined && { detail }) });
  return undefined;
}

/** One way to its end; where it parts, the other side is left for later. */
function follow(reading: Reading, state: State): void {
  let goes: true | undefined = true;
  while (goes) {
    const here = operation(reading, state.address);
    if (here === undefined) return end(reading, state, 'cut', 'code that cannot be read');
    if (++state.steps > MOST_STEPS_OF_A_WAY) return end(reading, state, 'cut', 'a way of too many instructions');
    const visits = (state.visits.get(state.address) ?? 0) + 1;
    if (visits > MOST_VISITS) return end(reading, state, 'loops');
    state.visits.set(state.address, visits);
    reading.observe?.(state, here);
    goes = advance(reading, state, here);
  }
}

/** @returns true if the way goes on */
function advance(reading: Reading, state: State, here: Operation): true | undefined {
  const { mnemonic } = here;
  if (mnemonic === Mnemonic.Tdcall || mnemonic === Mnemonic.Seamcall) return callOut(reading, state, here);
  if (here.flow === 'call') return call(reading, state, here);
  if (here.flow === 'branch') return jump(reading, state, here);
  if (here.flow === 'return') return back(reading, state, here);
  if (here.flow === 'trap') return end(reading, state, 'traps', here.text);
  if (here.flow === 'conditional') return branch(reading, state, here);
  if (here.condition !== ConditionCode.None) return select(reading, state, here);
  step(state, here);
  state.address = here.next;
  return true;
}

/** Parts where the values do not decide. @returns false if this side goes round too often */
function part(
  reading: Reading,
  state: State,
  here: Operation,
  apply: (side: State, holds: boolean) => void,
): true | undefined {
  state.isBehindSti = false;
  // JRCXZ and LOOP look at no flags.
  const decision: Decision =
    here.condition === ConditionCode.None
      ? decide({ ...state, flags: undefined }, here.condition)
      : decide(state, here.condition);
  const known = decision.known ?? (decision.known === undefined ? state.decided.get(decision.key) : undefined);
  if ((known !== undefined || decision.known !== undefined) && reading.predicts === undefined) {
    apply(state, known === true);
    return true;
  }
  const forks = (state.forks.get(here.address) ?? 0) + 1;
  if (forks > MOST_FORKS) return end(reading, state, 'loops');
  state.forks.set(here.address, forks);
  const other = copyOf(state);
  apply(other, false);
  apply(state, true);
  reading.open.push(other);
  if (decision.known !== undefined) return true;
  take(other, decision.key, decision.fails, false);
  take(state, decision.key, decision.holds, true);
  return true;
}

function take(state: State, key: string, condition: Condition, holds: boolean): void {
  state.decided.set(key, holds);
  state.conditions.push(condition);
}

function branch(reading: Reading, state: State, here: Operation): true | undefined {
  const { target, next } = here;
  if (target === undefined) return end(reading, state, 'computed-jump');
  return part(reading, state, here, (side, holds) => {
    side.address = holds ? target : next;
  });
}

/** CMOVcc and SETcc: as if they were branches. */
function select(reading: Reading, state: State, here: Operation): true | undefined {
  const [target, source] = here.operands;
  const isMove = here.operands.length === 2;
  return part(reading, state, here, (side, holds) => {
    const value = isMove ? readOperand(side, holds ? source : target) : constant(holds ? 1n : 0n);
    // A CMOV of 32 bits clears the upper half whether or not it moves.
    if (value !== undefined) writeOperand(side, target, value);
    side.address = here.next;
  });
}

function jump(reading: Reading, state: State, { target }: Operation): true | undefined {
  if (target === undefined) return end(reading, state, 'computed-jump');
  const name = reading.names.get(target);
  const model = name === undefined ? undefined : externalModel(name);
  if (model?.kind === 'noreturn') return end(reading, state, 'noreturn', name);
  if (model?.kind === 'code') return model.jumps ? end(reading, state, 'computed-jump') : returnTo(reading, state, 0);
  if (segmentAt(reading.image.segments, target) === undefined) {
    skipCall(state, name ?? 'outside');
    return returnTo(reading, state, 0);
  }
  state.address = target;
  return true;
}

function call(reading: Reading, state: State, { target, next, address }: Operation): true | undefined {
  state.isBehindSti = false;
  const name = target === undefined ? undefined : reading.names.get(target);
  const model = name === undefined ? undefined : externalModel(name);
  if (model?.kind === 'noreturn') return end(reading, state, 'noreturn', name);
  const isHook = model?.kind === 'code' && !model.jumps;
  const isHere = target !== undefined && segmentAt(reading.image.segments, target)?.execute === true;
  if (!isHook && isHere && state.returns.length < DEEPEST_CALL) {
    push(state, constant(next));
    state.returns.push(next);
    state.address = target;
    return true;
  }
  if (!isHook) skipCall(state, name ?? `at ${address.toString(16)}`);
  state.address = next;
  return true;
}

/** A function that is not followed keeps what the convention says. */
function skipCall(state: State, name: string): void {
  for (const register of CALLER_SAVED)
    state.registers[REGISTER_INDEX[register]] = computed(`call ${name} ${register} ${state.steps}`, []);
  state.flags = undefined;
}

function back(reading: Reading, state: State, { operands }: Operation): true | undefined {
  const [bytes] = operands;
  return returnTo(reading, state, bytes?.kind === 'immediate' ? Number(bytes.value) : 0);
}

const CALLER = incoming(0).key;

function returnTo(reading: Reading, state: State, more: number): true | undefined {
  const address = state.address;
  const target = pop(state);
  if (more > 0) {
    const rsp = state.registers[REGISTER_INDEX.rsp];
    state.registers[REGISTER_INDEX.rsp] = computed('ret', [rsp, constant(BigInt(more))]);
  }
  const expected = state.returns.pop();
  if (target.kind === 'constant' && target.value === expected) {
    state.address = expected;
    return true;
  }
  state.address = address;
  return end(reading, state, target.key === CALLER && expected === undefined ? 'returns' : 'returns-elsewhere');
}

/** TDCALL enters the module; SEAMCALL may fail to, in three ways. */
function callOut(reading: Reading, state: State, here: Operation): true | undefined {
  const instruction = here.mnemonic === Mnemonic.Tdcall ? 'tdcall' : 'seamcall';
  const before = copyOf(state);
  const make = (side: State, entered: Entered): WrappedCall => ({
    address: here.address,
    instruction,
    registers: [...side.registers],
    isBehindSti: side.isBehindSti,
    entered,
    exposed: instruction === 'tdcall' ? exposedBy(side.registers) : undefined,
  });
  if (instruction === 'seamcall') {
    for (const entered of ['vm-fail-invalid', 'general-protection', 'invalid-opcode'] as const) {
      const side = copyOf(before);
      side.calls.push(make(side, entered));
      if (failToEnter(reading, side, here, entered)) reading.open.push(side);
    }
  }
  const made = make(state, 'entered');
  const index = state.calls.length;
  state.calls.push(made);
  state.registers = state.registers.map((value, register) => answered(value, REGISTER_NAMES[register], index, made));
  state.flags = { kind: 'carry', set: false };
  state.isBehindSti = false;
  state.address = here.next;
  return true;
}

/** @returns whether the way goes on */
function failToEnter(
  reading: Reading,
  side: State,
  here: Operation,
  entered: Exclude<Entered, 'entered'>,
): true | undefined {
  side.isBehindSti = false;
  side.flags = undefined;
  if (entered === 'vm-fail-invalid') {
    side.flags = { kind: 'carry', set: true };
    side.address = here.next;
    return true;
  }
  const fixup = reading.fixups.get(here.address);
  if (fixup === undefined) return end(reading, side, 'faults', entered);
  if (fixup.type === FAULT_FIXUP) side.registers[REGISTER_INDEX.rax] = constant(TRAP_NUMBER[entered]);
  side.address = fixup.to;
  return true;
}

/** Registers of a TDG.VP.VMCALL whose mask is a constant, and RAX: what the host chose (docs/abi/tdvmcall.md#what-the-host-sees). */
function exposedBy(registers: readonly Value[]): RegisterName[] | undefined {
  const leaf = registers[REGISTER_INDEX.rax];
  const mask = registers[REGISTER_INDEX.rcx];
  if (leaf.kind !== 'constant' || (leaf.value & 0xffffn) !== 0n || mask.kind !== 'constant') return undefined;
  return REGISTER_NAMES.filter((name, bit) => name === 'rax' || ((mask.value >> BigInt(bit)) & 1n) !== 0n);
}

function answered(before: Value, register: RegisterName, index: number, { exposed }: WrappedCall): Value {
  if (register === 'rsp' || (register === 'rbp' && exposed === undefined)) return before;
  if (exposed === undefined) return answer(register, index, before, false);
  return exposed.includes(register) ? answer(register, index, before, true) : before;
}
