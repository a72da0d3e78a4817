/** What sound projects do differently: scrubbing, STI, variables of one's own, what a SEAMCALL that does not enter comes to. */
import { TDX_SEAMCALL_GP, TDX_SEAMCALL_UD, TDX_SEAMCALL_VMFAILINVALID } from '../../models/abi/linux-constants.js';
import type { Outcome } from '../code/code-shape.js';
import type { Entered } from '../code/state.js';
import { type Value, valuesIn } from '../code/value.js';
import type { Contract } from '../contract/contract.js';
import type { Image } from '../image/image.js';
import { REGISTER_INDEX, type RegisterName } from '../x86/registers.js';
import { comesBack, wordsFor } from './conditions.js';
import { exposedBy } from './frame.js';
import { CannotSay } from './proposal.js';
import type { Roles } from './roles.js';

/** Registers that a callee need not keep (System V psABI figure 3.4; Microsoft x64 calling convention). */
const CALLER_SAVED: Readonly<Record<Contract['convention'], readonly RegisterName[]>> = {
  sysv: ['rcx', 'rdx', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11'],
  'ms-x64': ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'],
};

/**
 * Whether host values must be gone at the return: yes, unless the code clears none of them and each that is left is one of
 * its results anyway. That it clears none at all may still be a mistake, which is asked.
 */
export function scrubbingOf(outcomes: readonly Outcome[], { frame, convention, asked }: Roles): boolean {
  const isOfHost = frame.leaves.includes(0);
  if (!isOfHost) return false;
  const returning = outcomes.filter(comesBack);
  if (returning.length === 0) return false;
  const given = frame.mask === undefined ? CALLER_SAVED[convention] : exposedBy(frame.mask);
  const free = CALLER_SAVED[convention].filter((register) => given.includes(register));
  const left = free.filter((register) =>
    returning.some(({ registers }) =>
      valuesIn(registers[REGISTER_INDEX[register]]).some(({ kind }) => kind === 'answer'),
    ),
  );
  if (left.length === 0) return true;
  const names = left.map((register) => register.toUpperCase()).join(', ');
  const scrubs = left.length < free.length;
  const handsOn = left.every((register) => returning.some((outcome) => handsOver(outcome, register)));
  if (scrubs || !handsOn) {
    asked.push(
      `${names} ${left.length === 1 ? 'keeps' : 'keep'} what the host chose when it returns${scrubs ? ', unlike other registers that are cleared' : ''}. The proposal asks for all to be cleared; if nobody minds, say "scrubsHostValues": false.`,
    );
    return true;
  }
  asked.push(
    `Your code leaves ${names} as the host chose ${left.length === 1 ? 'it' : 'them'}, and clears none of what the host answers. All of them are results anyway, so that the proposal does not ask for scrubbing. Kernel stubs clear them against speculation: if yours should, say "scrubsHostValues": true.`,
  );
  return false;
}

/** The caller gets what the host answered in a register: in RAX, or in memory. */
function handsOver({ registers, stores }: Outcome, register: RegisterName): boolean {
  const isAnswer = (value: Value): boolean =>
    value.kind === 'part' ? isAnswer(value.of) : value.kind === 'answer' && value.register === register;
  return isAnswer(registers[0]) || stores.some(({ value, after }) => after > 0 && isAnswer(value));
}

/** When STI comes right before the instruction. */
export function stiOf(outcomes: readonly Outcome[], roles: Roles): Pick<Contract, 'sti' | 'stiFlag'> {
  const calling = outcomes.filter(({ calls }) => calls.length > 0);
  const opening = calling.filter(({ stis }) => stis.length > 0);
  if (opening.length === 0) return {};
  if (opening.length === calling.length) {
    roles.asked.push('It executes STI at every call. Are interrupts to be on when it returns?');
    return { sti: { when: [] } };
  }
  const closed = calling.filter(({ stis }) => stis.length === 0);
  for (const looked of opening[0].conditions) {
    const isWhy =
      opening.every(({ conditions }) => conditions.some(({ text }) => text === looked.text)) &&
      !closed.some(({ conditions }) => conditions.some(({ text }) => text === looked.text));
    if (!isWhy) continue;
    const [word] = wordsFor(looked, roles) ?? [];
    if (typeof word !== 'object' || 'answer' in word) continue;
    roles.asked.push(`STI is executed when ${looked.text}.`);
    return 'flag' in word ? { stiFlag: word.flag } : { sti: { when: [word] } };
  }
  throw new CannotSay('it executes STI on some ways, and no one parameter says on which');
}

/** Variables of the image that are written. */
export function ownDataOf(
  outcomes: readonly Outcome[],
  image: Image,
  asked: string[],
): Pick<Contract, 'ownData' | 'writableCode'> {
  const addresses = new Set(
    outcomes.flatMap(({ stores }) =>
      stores.flatMap(({ base, offset }) => (base.kind === 'constant' ? [base.value + BigInt(offset)] : [])),
    ),
  );
  const names = new Set<string>();
  let isInCode = false;
  for (const address of addresses) {
    const symbol = image.symbols.find(
      (one) =>
        one.kind === 'object' && one.size > 0 && one.address <= address && address < one.address + BigInt(one.size),
    );
    if (symbol === undefined)
      asked.push(
        `It writes to 0x${address.toString(16)}, where no data symbol of a size lies: "ownData" cannot name it.`,
      );
    else {
      names.add(symbol.name);
      const segment = image.segments.find((one) => one.address <= address && address < one.address + BigInt(one.size));
      isInCode ||= segment?.execute === true;
    }
  }
  if (names.size === 0) return {};
  asked.push(`It writes to variables of its own: ${[...names].join(', ')}. Is that meant?`);
  return { ownData: [...names], ...(isInCode && { writableCode: true as const }) };
}

/** RAX where SEAMCALL did not enter the module. */
export function notEnteredOf(outcomes: readonly Outcome[], asked: string[]): NonNullable<Contract['notEntered']> {
  const word = (entered: Entered, usual: bigint, event: string): string => {
    const ways = outcomes.filter(({ calls }) => calls.length === 1 && calls[0].entered === entered);
    const values = new Set(
      ways.flatMap(({ end, registers: [rax] }) => (end === 'returns' && rax.kind === 'constant' ? [rax.value] : [])),
    );
    const [value] = values;
    if (values.size === 1 && value !== undefined && ways.every(({ end }) => end === 'returns')) return hex(value);
    asked.push(
      `What it returns after ${event} of SEAMCALL is no one constant. The proposal asks for ${hex(usual)}, which Linux has.`,
    );
    return hex(usual);
  };
  return {
    vmFailInvalid: word('vm-fail-invalid', TDX_SEAMCALL_VMFAILINVALID, 'CF = 1 (VMfailInvalid)'),
    generalProtection: word('general-protection', TDX_SEAMCALL_GP, '#GP'),
    invalidOpcode: word('invalid-opcode', TDX_SEAMCALL_UD, '#UD'),
  };
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
