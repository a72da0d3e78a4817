/** How a SEAMCALL is asked for and how it ends, in the stories of wrappers. */
import {
  SOFTWARE_STATUS_CODES,
  TDX_SEAMCALL_GP,
  TDX_SEAMCALL_UD,
  TDX_SEAMCALL_VMFAILINVALID,
} from '../../../models/abi/linux-constants.js';
import { P_SEAMLDR_LEAVES, P_SEAMLDR_STATUS_CODES } from '../../../models/abi/p-seamldr.js';
import { SEAMCALL_LEAVES } from '../../../models/abi/seamcall-leaves.js';
import { SEAMCALL_LEAF, SEAMCALL_RAX } from '../../../models/abi/seamcall.js';
import { STATUS_CODES } from '../../../models/abi/status-codes.js';
import { statusClassOf, statusHigh } from '../../../models/abi/status.js';
import { wordOf } from '../../../models/abi/words.js';
import type { Values } from '../../../models/exchange/exchange.js';
import { WIDE_HOST_LEAVES } from '../../contract/library/linux-host-shapes.js';
import type { StoryClass } from '../../play/program.js';
import { highHalf } from '../../halves.js';
import { anyValue, below, type Draw, either, mostly, narrow, oneBitOff, oneOf, uniform } from '../../story/draws.js';
import { speaking } from '../../story/story.js';
import { VECTOR } from '../../x86/exit.js';
import { graffitiSlot, interruptsSlot, slot, type Slots } from '../helper/slots.js';

/** The module that gives this word has no random numbers at hand. */
export const NO_ENTROPY = BigInt(statusHigh('TDX_RND_NO_ENTROPY')) << 32n;

const leaf: Draw = oneOf(
  ...SEAMCALL_LEAVES.filter(({ implementedIn1501 }) => implementedIn1501).map(({ leaf: number }) => BigInt(number)),
);
const version: Draw = (dice) => leaf(dice) | (BigInt(dice.below(4)) << 16n);
const fn: Draw = mostly(leaf, either(version, oneOf(...P_SEAMLDR_LEAVES.map(({ rax }) => rax)), anyValue), 6);

const word: Draw = oneOf(
  ...STATUS_CODES.map(({ value }) => value),
  ...SOFTWARE_STATUS_CODES.map(({ value }) => value),
  ...Object.values(P_SEAMLDR_STATUS_CODES),
);
/** The words that a wrapper tells from others, and what looks like them. */
const special = oneOf(NO_ENTROPY, TDX_SEAMCALL_VMFAILINVALID, TDX_SEAMCALL_GP, TDX_SEAMCALL_UD);
/** What a caller may be tempted to try again. */
const busy = oneOf(...STATUS_CODES.map(({ value }) => value).filter((value) => isBusy(value)));
const lowerHalfChanged: Draw = (dice) => special(dice) ^ (narrow(dice) & 0xffffffffn);
const withDetails: Draw = (dice) => word(dice) | (narrow(dice) & 0xffffffffn);
const failure: Draw = either(word, withDetails, oneBitOff(special), lowerHalfChanged, special, busy, anyValue);

const VECTORS = [0n, BigInt(VECTOR.UD), BigInt(VECTOR.GP)] as const;

export const fnSlot = speaking('seamcall-leaf', slot('the leaf number', fn, BigInt(SEAMCALL_LEAF.SYS_INFO)));

/** How the SEAMCALL ends that ends the call; and what the caller's other registers are. */
export function endingSlots(registers: readonly string[]): Slots {
  const chosen = registers.map((name) => [
    `module.${name}`,
    slot(`${name.toUpperCase()}, if the leaf gives it`, uniform),
  ]);
  return {
    'module.status': speaking('seamcall-status', slot('the status in RAX', mostly(failure, oneOf(0n), 4))),
    ...(Object.fromEntries(chosen) as Slots),
    'module.others': slot('the other registers that TDH.VP.ENTER gives', uniform),
    carry: slot('1: VMfailInvalid, the module is not reached', mostly(oneOf(0n), oneOf(1n), 6)),
    vector: speaking(
      { of: (value) => (value === 0n ? undefined : wordOf('vector', value)) },
      slot('the fault that SEAMCALL raises instead, 0 for none', mostly(oneOf(0n), oneOf(...VECTORS), 4)),
    ),
    graffiti: graffitiSlot,
    if: interruptsSlot,
  };
}

/** Whether SEAMCALL can end so: at most one way of not reaching the module. */
export function endsPossibly({ carry, vector }: Values): boolean {
  return (carry === 0n || (carry === 1n && vector === 0n)) && VECTORS.some((known) => known === vector);
}

const SEAMLDR_BIT = 1n << 63n;

/** Whether the leaf stays within the registers that the short stubs take care of (docs/abi/linux-stubs.md#fair-scenarios). */
export function isNarrow({ fn: number }: Values): boolean {
  return (number & SEAMLDR_BIT) !== 0n || !WIDE_HOST_LEAVES.includes(Number(number & BigInt(SEAMCALL_RAX.leafMask)));
}

const anyStep =
  (test: (values: Values) => boolean): StoryClass['holds'] =>
  ({ story }) =>
    story.some(({ values }) => test(values));

/** Whether some SEAMCALL was answered so. */
const answered =
  (test: (answer: Values) => boolean): StoryClass['holds'] =>
  ({ entries }) =>
    entries.some(({ observed, answer }) => observed?.moment === 'SEAMCALL' && test(answer));

const status =
  (value: bigint): ((answer: Values) => boolean) =>
  (answer) =>
    answer['status'] === value;

export const ENDING_CLASSES: readonly StoryClass[] = [
  { name: 'success', holds: answered(status(0n)) },
  { name: 'VMfailInvalid', holds: answered(({ carry }) => carry === 1n) },
  { name: '#GP', holds: answered(({ vector }) => vector === BigInt(VECTOR.GP)) },
  { name: '#UD', holds: answered(({ vector }) => vector === BigInt(VECTOR.UD)) },
  { name: 'another failure', holds: answered(({ status: value = 0n }) => value !== 0n && value !== NO_ENTROPY) },
  { name: 'no entropy', holds: answered(status(NO_ENTROPY)) },
  { name: 'no entropy, with details', holds: answered(({ status: value = 0n }) => isBeside(value)) },
  { name: 'leaf of the P-SEAMLDR', holds: anyStep(({ fn: number }) => (number & SEAMLDR_BIT) !== 0n) },
];

/** The upper half of the word without its lower half. */
function isBeside(value: bigint): boolean {
  return value >> 32n === NO_ENTROPY >> 32n && value !== NO_ENTROPY;
}

/** The class that TDX_RND_NO_ENTROPY is of: resources that are busy (bits 47:40). */
function isBusy(value: bigint): boolean {
  return statusClassOf(highHalf(value)) === statusClassOf(highHalf(NO_ENTROPY)) && value !== NO_ENTROPY;
}

/** 0 or 1. */
export const choice = (meaning: string, neutral = 0n): Slots[string] => slot(meaning, below(2), neutral);
