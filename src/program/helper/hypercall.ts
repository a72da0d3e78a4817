/** `_tdx_hypercall` and `tdx_kvm_hypercall`. */
import { TDVMCALL_FUNCTIONS } from '../../../models/abi/tdvmcall.js';
import { kvmHypercall, standardHypercall } from '../../../models/predict/helper/hypercall.js';
import { speaking, type StorySlot } from '../../story/story.js';
import { anyValue, either, oneOf } from '../../story/draws.js';
import { type Helper, HOST_CLASSES } from './helper.js';
import { anything, hostSlots, interruptsSlot, r10Slot, slot } from './slots.js';

/** A 32-bit parameter. */
const WORD = 1n << 32n;

const parameters = (...names: readonly string[]): Record<string, StorySlot> =>
  Object.fromEntries(names.map((name) => [name, anything(`the parameter ${name}`)]));

export const HYPERCALLS: readonly Helper[] = [
  {
    name: 'helper-hypercall',
    title: '_tdx_hypercall: a standard TDVMCALL with four arguments',
    sentence: 'the host is asked for function {fn}',
    slots: {
      fn: speaking(
        'sub-function',
        slot('the sub-function', either(oneOf(...TDVMCALL_FUNCTIONS.map(({ number }) => BigInt(number))), anyValue)),
      ),
      ...parameters('r12', 'r13', 'r14', 'r15'),
      ...hostSlots(),
      if: interruptsSlot,
    },
    returns: 'tdvmcall-status',
    reference: standardHypercall,
    lay: (_, values) => ({ parameters: ['fn', 'r12', 'r13', 'r14', 'r15'].map((name) => values[name]) }),
    classes: HOST_CLASSES,
  },
  {
    name: 'helper-kvm-hypercall',
    title: 'tdx_kvm_hypercall: a hypercall of KVM',
    sentence: 'KVM is asked for hypercall {nr}',
    slots: {
      nr: speaking(
        'kvm-hypercall',
        slot('the hypercall number', (dice) => BigInt(1 + dice.below(2 ** 31 - 1)), 1n),
      ),
      ...parameters('p1', 'p2', 'p3', 'p4'),
      ...hostSlots(),
      // A result of its own, and no status.
      'host.r10': slot(r10Slot.meaning, r10Slot.draw),
      if: interruptsSlot,
    },
    reference: kvmHypercall,
    lay: (_, values) => ({ parameters: ['nr', 'p1', 'p2', 'p3', 'p4'].map((name) => values[name]) }),
    // 0 is the standard interface, and a wider number no parameter.
    isFair: ({ nr }) => nr > 0n && nr < WORD,
    classes: HOST_CLASSES,
  },
];
