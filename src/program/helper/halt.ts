/** HLT: by hand, in the idle loop, and as #VE. */
import { TDVMCALL } from '../../../models/abi/tdvmcall.js';
import { handleHalt, halt, safeHalt } from '../../../models/predict/helper/halt.js';
import { withFacts } from '../../story/step-values.js';
import { anyValue, either, oneOf } from '../../story/draws.js';
import { has, type Helper, HOST_CLASSES } from './helper.js';
import { EXCEPTION_SLOTS, isFairException, layRecord } from './saved-state.js';
import { hostSlots, interruptsSlot, slot } from './slots.js';

/** Why #VE came. */
const OF_HLT = { 've.exit_reason': BigInt(TDVMCALL.HLT) };

export const HALTS: readonly Helper[] = [
  {
    name: 'helper-halt',
    title: '__halt: HLT with interrupts as they are',
    sentence: 'the vCPU halts, interrupts blocked: {irq_disabled}',
    slots: {
      irq_disabled: slot('whether interrupts are blocked', oneOf(0n, 1n)),
      if: interruptsSlot,
      ...hostSlots(),
    },
    returns: 'tdvmcall-status',
    reference: halt,
    lay: (_, values) => ({ parameters: [values['irq_disabled']] }),
    // A bool is 0 or 1.
    isFair: ({ irq_disabled: blocked }) => blocked <= 1n,
    classes: HOST_CLASSES,
  },
  {
    name: 'helper-safe-halt',
    title: 'tdx_safe_halt: the halt of the idle loop',
    sentence: 'the idle loop halts, with interrupts off',
    // It is called with interrupts off.
    slots: { ...hostSlots(), if: slot('RFLAGS.IF at the entry', oneOf(0n)) },
    reference: safeHalt,
    lay: () => ({ parameters: [] }),
    isFair: ({ if: interrupts }) => interrupts === 0n,
    classes: HOST_CLASSES,
  },
  {
    name: 'helper-handle-halt',
    title: 'handle_halt: HLT as #VE',
    sentence: 'HLT traps, RFLAGS.IF {if}',
    slots: {
      've.instr_len': EXCEPTION_SLOTS['ve.instr_len'],
      've.instr_info': slot('the instruction information', either(anyValue, oneOf(0n))),
      if: interruptsSlot,
      ...hostSlots(),
    },
    returns: 'negative-errno',
    reference: handleHalt,
    lay: (stage, values) => ({ parameters: [layRecord(stage, withFacts(values, OF_HLT)).address] }),
    isFair: isFairException,
    classes: [...HOST_CLASSES, { name: 'refused without a call', holds: (play) => !has('TDVMCALL')(play) }],
  },
];
