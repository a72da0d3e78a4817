/** What the wrapped instruction is called with: leaf, exposure mask, and which registers are operands. */
import { EXPOSED_WITHOUT_NO_RBP_MOD, NEVER_EXPOSED } from '../../models/abi/registers.js';
import { SEAMCALL_LEAVES } from '../../models/abi/seamcall-leaves.js';
import { TDCALL_LEAVES } from '../../models/abi/tdcall-leaves.js';
import { TDVMCALL_FUNCTIONS } from '../../models/abi/tdvmcall.js';
import type { CodeShape, Outcome } from '../code/code-shape.js';
import { type Value, valuesIn } from '../code/value.js';
import { NARROW_LEAVES } from '../contract/library/linux-shapes.js';
import { NARROW_HOST_LEAVES } from '../contract/library/linux-host-shapes.js';
import { REGISTER_INDEX, REGISTER_NAMES, type RegisterName } from '../x86/registers.js';
import { isSource } from './pieces.js';
import { CannotSay } from './proposal.js';

export interface Frame {
  readonly instruction: 'tdcall' | 'seamcall';
  readonly leaves: readonly number[];
  /** The exposure mask that is proposed for TDG.VP.VMCALL: what the code has, without what no mask may name. */
  readonly mask?: bigint;
  /** What each operand holds in the code. RAX and RCX among them. */
  readonly operands: ReadonlyMap<RegisterName, Value>;
  /** What the mask or the leaf takes for granted. */
  readonly assumes?: ['rbp-mod'];
}

/** Registers that a leaf that is not known may read: those of leaves whose answers a plain function is sound with. */
const USUAL_OPERANDS: readonly RegisterName[] = ['rcx', 'rdx', 'r8', 'r9'];

export function frameOf(shape: CodeShape, asked: string[]): Frame {
  const { instruction } = shape.sites[0];
  const rax = only(shape, 'rax');
  if (rax === undefined)
    throw new CannotSay(
      `RAX is ${keysOf(shape, 'rax')} at ${instruction.toUpperCase()}: one leaf, or one parameter, is what a contract can name`,
    );
  if (rax.kind !== 'constant') return ofCaller(shape, instruction, rax, asked);
  const leaf = Number(rax.value & 0xffffn);
  return instruction === 'tdcall' && leaf === 0 ? ofVmcall(shape, rax, asked) : ofLeaf(shape, instruction, rax, leaf);
}

/** The leaf is the caller's. */
function ofCaller(shape: CodeShape, instruction: Frame['instruction'], rax: Value, asked: string[]): Frame {
  const version = constantIn(rax) >> 16n;
  if (version > 0xffn)
    asked.push(
      `RAX has bits above 23 set (0x${constantIn(rax).toString(16)}), which are reserved: the module refuses such a call.`,
    );
  const ofModule = instruction === 'tdcall' ? NARROW_LEAVES : NARROW_HOST_LEAVES;
  const leaves =
    version === 0n ? ofModule : ofModule.filter((leaf) => hasVersion(instruction, leaf, Number(version & 0xffn)));
  if (leaves.length === 0) throw new CannotSay(`no leaf of the module has version ${version}, which RAX asks for`);
  const kept = keptAcross(shape);
  const sound = leaves.filter((leaf) => !answersOf(instruction, leaf).some((register) => kept.has(register)));
  if (sound.length === 0)
    throw new CannotSay(`it keeps ${namesOf([...kept])} across the call, and every leaf answers there`);
  if (sound.length < leaves.length)
    asked.push(
      `It keeps ${namesOf([...kept])} across the call: the ${leaves.length - sound.length} leaves that answer there are left out. Does anybody call it with them?`,
    );
  const operands = new Map<RegisterName, Value>([['rax', rax]]);
  const taken = new Set([rax.key]);
  const pointers = new Set(shape.blocks.map(({ parameter }) => parameter.key));
  const take = (register: RegisterName, value: Value): void => {
    if (pointers.has(value.key)) return;
    operands.set(register, value);
    taken.add(value.key);
  };
  const rcx = only(shape, 'rcx');
  if (rcx !== undefined && isSource(rcx)) take('rcx', rcx);
  // What was put there comes before what merely lies there and may be somebody else's operand already.
  for (const isMoved of [true, false])
    for (const register of USUAL_OPERANDS.slice(1)) {
      const value = only(shape, register);
      // A constant is a counter as often as an operand.
      if (value === undefined || value.kind === 'constant' || !isSource(value)) continue;
      const lies = value.kind === 'entry' && value.register === register;
      if (isMoved !== lies && !(lies && taken.has(value.key))) take(register, value);
    }
  for (const register of REGISTER_NAMES) {
    const value = only(shape, register);
    // What lies in a second register as well is kept there for later.
    if (value === undefined || operands.has(register) || taken.has(value.key) || !isLoaded(value)) continue;
    take(register, value);
  }
  return { instruction, leaves: sound, operands };
}

function constantIn(value: Value): bigint {
  if (value.kind !== 'computed' || value.operation !== 'or') return 0n;
  return value.operands.reduce((sum, one) => (one.kind === 'constant' ? sum | one.value : sum), 0n);
}

function hasVersion(instruction: Frame['instruction'], leaf: number, version: number): boolean {
  if (instruction === 'seamcall') return SEAMCALL_LEAVES.some((row) => row.leaf === leaf);
  return TDCALL_LEAVES.some((row) => row.leaf === leaf && row.versions.includes(version));
}

/** Registers that must be after the call what they were before: addresses, counters, operands of a second try. */
function keptAcross({ outcomes }: CodeShape): ReadonlySet<RegisterName> {
  const values = outcomes.flatMap(({ conditions, stores, calls }) => [
    ...conditions.map(({ value }) => value),
    ...stores.map(({ base }) => base),
    ...calls
      .slice(1)
      .flatMap(({ registers }) =>
        ['rcx', 'rdx', 'r8', 'r9'].map((name) => registers[REGISTER_INDEX[name as RegisterName]]),
      ),
  ]);
  const answers = values.flatMap((value) =>
    valuesIn(value).flatMap((inner) => (inner.kind === 'answer' ? [inner] : [])),
  );
  return new Set(
    answers.filter(({ register, certain }) => register !== 'rax' && !certain).map(({ register }) => register),
  );
}

/** Registers that a leaf writes beside RAX. */
function answersOf(instruction: Frame['instruction'], leaf: number): RegisterName[] {
  if (instruction === 'tdcall')
    return (
      TDCALL_LEAVES.find((row) => row.leaf === leaf)?.outputs.flatMap(({ register }) => registersNamed(register)) ?? []
    );
  return (
    SEAMCALL_LEAVES.find((row) => row.leaf === leaf)?.outputs.flatMap((register) => registersNamed(register)) ?? []
  );
}

function namesOf(registers: readonly RegisterName[]): string {
  return registers.map((register) => register.toUpperCase()).join(', ');
}

/** Whether it comes out of memory behind a parameter. */
function isLoaded(value: Value): boolean {
  return isSource(value) && valuesIn(value).some(({ kind }) => kind === 'field');
}

/** A leaf of the module: its operands are known. */
function ofLeaf(shape: CodeShape, instruction: Frame['instruction'], rax: Value, leaf: number): Frame {
  const reads = instruction === 'tdcall' ? readsOfTdcall(leaf) : readsOfSeamcall(leaf);
  if (reads === undefined) throw new CannotSay(`the module has no leaf ${leaf} of ${instruction.toUpperCase()}`);
  const operands = new Map<RegisterName, Value>([['rax', rax]]);
  for (const register of reads) {
    const value = only(shape, register);
    if (value !== undefined && isSource(value)) operands.set(register, value);
  }
  return { instruction, leaves: [leaf], operands };
}

function readsOfTdcall(leaf: number): RegisterName[] | undefined {
  const row = TDCALL_LEAVES.find((one) => one.leaf === leaf);
  return row && Object.keys(row.inputs).flatMap(registersNamed);
}

function readsOfSeamcall(leaf: number): RegisterName[] | undefined {
  const row = SEAMCALL_LEAVES.find((one) => one.leaf === leaf && one.implementedIn1501);
  return row && row.inputs.flatMap(registersNamed);
}

/** `RDX`, or `R10-R13`. */
function registersNamed(text: string): RegisterName[] {
  const [from, to = from] = text.toLowerCase().split('-');
  const first = REGISTER_NAMES.indexOf(from as RegisterName);
  const last = REGISTER_NAMES.indexOf(to as RegisterName);
  return first < 0 || last < 0 ? [] : REGISTER_NAMES.slice(first, last + 1);
}

/** TDG.VP.VMCALL: the mask says what the host gets. */
function ofVmcall(shape: CodeShape, rax: Value, asked: string[]): Frame {
  const rcx = only(shape, 'rcx');
  if (rcx === undefined || !isSource(rcx))
    throw new CannotSay(
      `RCX, the exposure mask, is ${keysOf(shape, 'rcx')}: a contract can name a constant or a field`,
    );
  const operands = new Map<RegisterName, Value>([['rax', rax]]);
  if (rcx.kind !== 'constant') {
    operands.set('rcx', rcx);
    for (const register of REGISTER_NAMES) {
      const value = only(shape, register);
      if (value !== undefined && !operands.has(register) && isLoaded(value)) operands.set(register, value);
    }
    asked.push(
      'The exposure mask is the caller’s. "widestMask" can say how wide it may be; without it any legal mask is drawn.',
    );
    return { instruction: 'tdcall', leaves: [0], operands };
  }
  const mask = closedMask(shape, legalMask(rcx.value, asked), asked);
  operands.set('rcx', rcx);
  for (const register of exposedBy(mask)) {
    const value = only(shape, register);
    if (value !== undefined && isSource(value) && !isStale(shape, value)) operands.set(register, value);
    else asked.push(staleText(shape, register));
  }
  askForOperands(shape, mask, asked);
  const rbp = (mask & BigInt(EXPOSED_WITHOUT_NO_RBP_MOD)) !== 0n;
  if (rbp)
    asked.push(
      'The mask names RBP: a TD with NO_RBP_MOD refuses every such call. Is it meant for TDs without it alone?',
    );
  return { instruction: 'tdcall', leaves: [0], mask, operands, ...(rbp && { assumes: ['rbp-mod'] }) };
}

/** The mask without what the module refuses on every call: the ABI decides, and the trial run shows what the code has. */
function legalMask(mask: bigint, asked: string[]): bigint {
  const never = mask & (BigInt(NEVER_EXPOSED) | ~0xffff_ffffn);
  if (never === 0n) return mask;
  asked.push(
    `The module refuses the exposure mask 0x${mask.toString(16)} on every call: bits 0x${never.toString(16)} may never be set. They are left out here, and the code is wrong.`,
  );
  return mask & ~never;
}

/**
 * Where a register is loaded from memory as its neighbours on both sides are, and alone of the three not let through, the
 * mask lacks its bit: the proposal has it, so that the trial run says so.
 */
function closedMask(shape: CodeShape, mask: bigint, asked: string[]): bigint {
  const isSent = (register: RegisterName | undefined): boolean => {
    const value = register === undefined ? undefined : only(shape, register);
    return value !== undefined && isLoaded(value);
  };
  const exposed = exposedBy(mask);
  const is = (register: RegisterName | undefined): boolean =>
    register !== undefined && exposed.includes(register) && isSent(register);
  let closed = mask;
  for (const [index, register] of REGISTER_NAMES.entries()) {
    const isLast = index === REGISTER_NAMES.length - 1;
    if (
      exposed.includes(register) ||
      !isSent(register) ||
      !is(REGISTER_NAMES[index - 1]) ||
      !(isLast || is(REGISTER_NAMES[index + 1]))
    )
      continue;
    asked.push(
      `${register.toUpperCase()} is loaded as its neighbours are, and the mask does not let it through. The proposal has its bit.`,
    );
    closed |= 1n << BigInt(index);
  }
  return closed;
}

export function exposedBy(mask: bigint): RegisterName[] {
  return REGISTER_NAMES.filter((name) => (mask >> BigInt(REGISTER_INDEX[name])) & 1n);
}

/** A register that nobody set is what the caller happened to have: System V and Microsoft x64 hand over nothing in it. */
function isStale(shape: CodeShape, value: Value): boolean {
  return value.kind === 'entry' && !shape.parameters.some((one) => one.value.key === value.key);
}

function staleText(shape: CodeShape, register: RegisterName): string {
  return `${register.toUpperCase()} goes to the host and is ${keysOf(shape, register)}, which is no parameter, no field and no constant.`;
}

/** What the sub-function reads, where its number is known (docs/abi/tdvmcall.md#sub-functions). */
function askForOperands(shape: CodeShape, mask: bigint, asked: string[]): void {
  const r10 = only(shape, 'r10');
  const r11 = only(shape, 'r11');
  if (r10?.kind !== 'constant' || r10.value !== 0n || r11?.kind !== 'constant') return;
  const known = TDVMCALL_FUNCTIONS.find(({ number }) => BigInt(number) === r11.value);
  const exposed = exposedBy(mask);
  if (known === undefined) {
    asked.push(`R11 is 0x${r11.value.toString(16)}, a sub-function that this tool does not know.`);
    return;
  }
  const missing = Object.keys(known.inputs)
    .flatMap(registersNamed)
    .filter((name) => !exposed.includes(name));
  if (missing.length > 0)
    asked.push(
      `${known.name} may read ${namesOf(missing)}, which the mask does not let through: the host gets 0 there.`,
    );
}

/**
 * The one value of a register at the instruction; undefined if ways differ. What it is where a pointer is NULL counts only if
 * there is nothing else: then the field is not there.
 */
export function only(shape: CodeShape, register: RegisterName): Value | undefined {
  const values = shape.inputs[register];
  if (values.length <= 1) return values[0];
  const pointers = new Set(shape.blocks.map(({ parameter }) => parameter.key));
  const isGiven = ({ conditions }: Outcome): boolean =>
    !conditions.some(({ value, relation }) => relation === 'zero' && pointers.has(value.key));
  const given = shape.outcomes
    .filter(isGiven)
    .flatMap(({ calls }) => calls.slice(0, 1).map(({ registers }) => registers[REGISTER_INDEX[register]]));
  return new Set(given.map(({ key }) => key)).size === 1 ? given[0] : undefined;
}

function keysOf(shape: CodeShape, register: RegisterName): string {
  return shape.inputs[register].map(({ key }) => key).join(' or ');
}
