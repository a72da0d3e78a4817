/** Rules that follow values along every way through a function. */
import type { Image } from '../image/image.js';
import { addressOf } from '../code/access.js';
import type { MemoryOperand, Operation } from '../code/operation.js';
import type { State } from '../code/state.js';
import { type AnswerValue, type Value, valuesIn } from '../code/value.js';
import { waysThrough } from '../code/ways.js';
import { hex } from '../text/hex.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import type { Judgement } from './code-rules.js';
import type { HardeningFinding } from './rules.js';

/**
 * Behind a TDVMCALL, however branches are predicted: an address or the target of an indirect branch that depends on what the
 * host chose. A value that is overwritten before is out of its reach, and a branch on it chooses between ways, no more.
 */
export function speculativeHostValues(image: Image, entry: bigint): HardeningFinding[] {
  const found = new Map<string, HardeningFinding>();
  const observe = (state: State, here: Operation): void => {
    if (state.calls.length === 0) return;
    for (const { value, how } of usesOf(state, here)) {
      const chosen = chosenByHost(value);
      if (chosen === undefined) continue;
      const { address, text } = here;
      const what = `${text}: ${how} depends on ${chosen.register}, which the host chose`;
      const finding = { rule: 'speculative-host-value', subject: chosen.register, address, found: what } as const;
      found.set(`${address} ${chosen.register}`, finding);
    }
  };
  waysThrough(image, entry, { observe, predicts: true });
  return [...found.values()];
}

interface Use {
  readonly value: Value;
  readonly how: string;
}

function usesOf(state: State, { operands, flow, target, text }: Operation): Use[] {
  const uses: Use[] = [];
  for (const operand of operands) {
    // The address that LEA computes is not gone to.
    if (operand.kind === 'memory' && !text.startsWith('lea')) {
      const how = 'what it reads or writes';
      uses.push({ value: addressOf(state, operand), how }, ...partsOf(state, operand).map((value) => ({ value, how })));
    }
    if (operand.kind === 'register' && target === undefined && (flow === 'branch' || flow === 'call'))
      uses.push({ value: state.registers[operand.register], how: 'where it goes' });
  }
  return uses;
}

function partsOf(state: State, { base, index, hasSegment }: MemoryOperand): Value[] {
  if (!hasSegment) return [];
  return [base, index].flatMap((register) => (register === undefined ? [] : [state.registers[register]]));
}

function chosenByHost(value: Value): AnswerValue | undefined {
  return valuesIn(value).find((part): part is AnswerValue => part.kind === 'answer' && part.certain);
}

/** Mask and leaf of each TDCALL of its own: constants, or what a caller or a memory decides. */
export function constantMask(image: Image, entry: bigint): Judgement {
  const found = new Map<string, HardeningFinding>();
  let calls = 0;
  for (const { state } of waysThrough(image, entry).ways) {
    for (const { address, instruction, registers } of state.calls) {
      if (instruction !== 'tdcall') continue;
      calls++;
      const leaf = registers[REGISTER_INDEX.rax];
      if (leaf.kind !== 'constant') found.set(`${address} rax`, variable(address, 'RAX', 'the leaf', leaf));
      const mask = registers[REGISTER_INDEX.rcx];
      // Only TDG.VP.VMCALL has a mask there.
      if (leaf.kind === 'constant' && (leaf.value & 0xffffn) === 0n && mask.kind !== 'constant')
        found.set(`${address} rcx`, variable(address, 'RCX', 'the exposure mask', mask));
    }
  }
  return calls === 0 ? undefined : [...found.values()];
}

function variable(address: bigint, subject: string, what: string, { key }: Value): HardeningFinding {
  return { rule: 'constant-mask', subject, address, found: `${what} is no constant but ${key.slice(0, 60)}` };
}

/** Entries of the exception table: on an instruction of a function, and to one. */
export function misplacedFixups(image: Image, operations: readonly Operation[], end: bigint): HardeningFinding[] {
  const [first] = operations;
  if (first === undefined || operations[operations.length - 1].next !== end) return [];
  const starts = new Set(operations.map(({ address }) => address));
  const isWithin = (address: bigint): boolean => address >= first.address && address < end;
  const from = image.fixups.filter((fixup) => isWithin(fixup.from));
  const wrong = from.filter((fixup) => !starts.has(fixup.from) || (isWithin(fixup.to) && !starts.has(fixup.to)));
  const own = new Set(from.map((fixup) => fixup.from));
  const bare = operations.filter(({ address, text }) => text === 'seamcall' && !own.has(address));
  const isUsual = image.fixups.length > 0 && from.length > 0;
  return [
    ...wrong.map((fixup) => ({
      rule: 'fixup-covers' as const,
      subject: '',
      address: fixup.from,
      found: starts.has(fixup.from)
        ? `its entry of the exception table leads into the middle of an instruction, ${hex(fixup.to)}`
        : 'an entry of the exception table lies in the middle of an instruction',
    })),
    ...(isUsual ? bare : []).map(({ address }) => ({
      rule: 'fixup-covers' as const,
      subject: '',
      address,
      found: 'no entry of the exception table covers this seamcall, though the function has one elsewhere',
    })),
  ];
}
