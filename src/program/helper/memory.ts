/** Pages that change hands: MapGPA and TDG.MEM.PAGE.ACCEPT. */
import { statusHigh } from '../../../models/abi/status.js';
import { TDCALL_LEAF } from '../../../models/abi/tdcall-leaves.js';
import { TDVMCALL_STATUS } from '../../../models/abi/tdvmcall.js';
import type { Exchange, Values } from '../../../models/exchange/exchange.js';
import { acceptMemory } from '../../../models/predict/helper/accept-memory.js';
import { mapGpa } from '../../../models/predict/helper/map-gpa.js';
import type { StoryClass } from '../../play/program.js';
import { anyValue, below, type Draw, either, mostly, oneBitOff, oneOf } from '../../story/draws.js';
import { speaking, type StorySlot } from '../../story/story.js';
import { answerOf, has, type Helper, type Laid } from './helper.js';
import { isSharedMask, laySharedMask, SHARED_MASK_SLOT, SHARED_MASKS, sharedMaskExternal } from './memory-layout.js';
import { anything, hostSlots, interruptsSlot, leafStatusSlot, r10Slot, slot, type Slots, statusSlot } from './slots.js';

const PAGE = 0x1000n;
/** Pages of the sizes that the module knows: 4 KiB, 2 MiB, 1 GiB. */
const PAGES_OF = [1n, 512n, 262144n] as const;
/** Rounds of which the story says the answer. */
const ROUNDS = 6;

/** Mostly near a boundary of large pages: on it, or a page or two before. */
const start: Draw = (dice) => {
  const unit = PAGE * oneOf(...PAGES_OF)(dice);
  return (3n + below(0x400)(dice)) * unit - mostly(oneOf(0n), below(3), 3)(dice) * PAGE;
};
const pages: Draw = mostly(
  (dice) => 1n + below(12)(dice),
  (dice) => oneOf(...PAGES_OF)(dice) + below(3)(dice),
  3,
);

const RANGE: Slots = {
  start: slot('the first address', start, PAGE),
  pages: slot('how many pages of 4 KiB', pages, 16n),
  if: interruptsSlot,
};

/** Addresses are below the shared bit, and pages are whole. */
function isFairRange({ start: first, pages: count }: Values): boolean {
  return first % PAGE === 0n && first < 1n << 46n && count < 1n << 20n;
}

function end({ start: first, pages: count }: Values): bigint {
  return first + count * PAGE;
}

const forward: Draw = either(oneOf(0n), (dice) => (1n + below(3)(dice)) * PAGE);
/** The same page without the shared bit, or with it. */
const otherSharing: Draw = (dice) => forward(dice) + oneOf(...SHARED_MASKS, ...SHARED_MASKS.map((mask) => -mask))(dice);
/** How far behind the start of what is asked for RETRY goes on: forward, nowhere, back, beyond, beside a page, shared otherwise. */
const step: Draw = mostly(
  forward,
  either(oneOf(-PAGE, 1n, 0x800n), otherSharing, otherSharing, anyValue, below(1 << 16)),
  4,
);
const distance: Draw = (dice) => BigInt.asUintN(64, step(dice));

function rounds(slots: (round: number) => Readonly<Record<string, StorySlot>>): Slots {
  return Object.assign({}, ...Array.from({ length: ROUNDS }, (_, round) => slots(round))) as Slots;
}

const MAP_GPA: Helper = {
  name: 'helper-map-gpa',
  title: 'tdx_map_gpa: MapGPA with its retries',
  sentence: '{pages} pages from {start} are to become {enc}',
  slots: {
    ...RANGE,
    enc: speaking(['shared', 'private'], slot('1: private, 0: shared', oneOf(0n, 1n))),
    shared_mask: SHARED_MASK_SLOT,
    'host.status': statusSlot,
    'host.failing': slot('the round in which TDCALL fails, if it does', below(ROUNDS)),
    'host.retries': slot('rounds that the host answers with RETRY', below(ROUNDS)),
    ...rounds((round) => ({
      [`host.distance.${round}`]: slot(`R11 less R12, with RETRY in round ${round}`, distance),
    })),
    'host.r10': speaking(
      'tdvmcall-status',
      slot('R10 behind the retries', mostly(oneOf(TDVMCALL_STATUS.SUCCESS), r10Slot.draw, 3)),
    ),
    'host.r11': anything('R11 behind the retries'),
    'host.others': hostSlots()['host.others'],
  },
  returns: 'boolean',
  reference: mapGpa,
  lay: (stage, values): Laid => {
    laySharedMask(stage, values);
    return {
      parameters: [values['start'], end(values), values['enc']],
      externals: sharedMaskExternal(values),
      facts: { end: end(values) },
    };
  },
  answer: ({ values: asked }: Exchange, values, round) => {
    const status = BigInt(round) === values['host.failing'] ? values['host.status'] : 0n;
    const others = { ...answerOf(values, 'host'), status };
    if (BigInt(round) >= values['host.retries']) return others;
    const r11 = BigInt.asUintN(64, asked['r12'] + values[`host.distance.${round}`]);
    return { ...others, r10: TDVMCALL_STATUS.RETRY, r11 };
  },
  isFair: (values) =>
    isFairRange(values) &&
    values['pages'] > 0n &&
    values['enc'] <= 1n &&
    values['host.retries'] <= ROUNDS &&
    isSharedMask(values['shared_mask']),
  classes: [
    { name: 'several calls', holds: callsAtLeast(2) },
    { name: 'four calls', holds: callsAtLeast(4) },
    { name: 'TDCALL fails', holds: has('stop') },
    { name: 'RETRY without the shared bit', holds: isSharedOtherwise },
  ],
};

/** Whether the host goes on at an address that is private where what was asked for is shared. */
function isSharedOtherwise({ entries }: Parameters<StoryClass['holds']>[0]): boolean {
  return entries.some(({ observed, answer }) => {
    const [asked, next] = [observed?.values['r12'], answer?.['r11']];
    if (asked === undefined || next === undefined || answer?.['r10'] !== TDVMCALL_STATUS.RETRY) return false;
    return SHARED_MASKS.some((mask) => (asked & mask) !== 0n && (next & mask) === 0n && asked >> 52n === next >> 52n);
  });
}

function callsAtLeast(count: number): StoryClass['holds'] {
  return ({ entries }) => entries.filter(({ observed }) => observed?.moment !== 'return').length >= count;
}

const ACCEPT_STATUS = leafStatusSlot(TDCALL_LEAF.MEM_PAGE_ACCEPT, 3);

const STATUSES = {
  busy: 'TDX_OPERAND_BUSY',
  'already accepted': 'TDX_PAGE_ALREADY_ACCEPTED',
  'of another size': 'TDX_PAGE_SIZE_MISMATCH',
} as const;

/** Whether some answer of the story is this error, whatever its details. */
function isAnswered(name: string): StoryClass['holds'] {
  const upper = BigInt(statusHigh(name));
  return ({ entries }) => entries.some(({ answer }) => (answer?.['status'] ?? 0n) >> 32n === upper);
}

const ACCEPT: Helper = {
  name: 'helper-accept-memory',
  title: 'tdx_accept_memory: pages as large as can be',
  sentence: '{pages} pages from {start} are accepted',
  slots: {
    ...RANGE,
    ...rounds((round) => ({ [`module.status.${round}`]: { ...ACCEPT_STATUS, meaning: `RAX of round ${round}` } })),
    'module.last': speaking(
      'tdcall-status',
      slot('RAX of all rounds behind', mostly(oneOf(1n << 63n), oneBitOff(oneOf(0n))), 1n << 63n),
    ),
  },
  returns: 'boolean',
  reference: acceptMemory,
  lay: (_, values) => ({ parameters: [values['start'], end(values)], facts: { end: end(values) } }),
  answer: (_, values, round) => ({ status: values[`module.status.${round}`] ?? values['module.last'] }),
  // A module that accepts all but 2 MiB pages would be asked thousands of times.
  isFair: (values) => isFairRange(values) && values['module.last'] !== 0n,
  classes: [
    { name: 'several calls', holds: callsAtLeast(2) },
    ...Object.entries(STATUSES).map(([what, name]) => ({ name: `a page is ${what}`, holds: isAnswered(name) })),
    { name: 'a large page', holds: ({ entries }) => entries.some(({ observed }) => isLarge(observed?.values['rcx'])) },
    { name: 'all accepted', holds: ({ entries }) => (entries.at(-1)?.observed?.values['rax'] ?? 0n) % 2n === 1n },
  ],
};

function isLarge(rcx: bigint | undefined): boolean {
  return rcx !== undefined && (rcx & 7n) !== 0n;
}

export const MEMORY: readonly Helper[] = [MAP_GPA, ACCEPT];
