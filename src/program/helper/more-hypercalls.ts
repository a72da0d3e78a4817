/** A quote, and Hyper-V's hypercalls. */
import type { Values } from '../../../models/exchange/exchange.js';
import { getQuote, hyperVHypercall } from '../../../models/predict/helper/more-hypercalls.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import { below, either, narrow, oneOf, uniform } from '../../story/draws.js';
import { type Helper, HOST_CLASSES, type Laid } from './helper.js';
import {
  DIRECT_MAP_SLOT,
  isSharedMask,
  layDirectMap,
  laySharedMask,
  SHARED_MASK_SLOT,
  sharedMaskExternal,
  virtToPhysExternal,
} from './memory-layout.js';
import { anything, hostSlots, interruptsSlot, slot } from './slots.js';

const PAGE = 0x1000;
/** The most that QEMU serves is 128 KiB; a helper passes on whatever it is given. */
const size = slot(
  'bytes of the buffer',
  either((dice) => BigInt(PAGE) << below(6)(dice), narrow, uniform),
  BigInt(PAGE),
);

export const MORE_HYPERCALLS: readonly Helper[] = [
  {
    name: 'helper-get-quote',
    title: 'tdx_hcall_get_quote: GetQuote with a shared buffer',
    sentence: 'a quote is asked for in a buffer of {size} bytes',
    slots: { size, direct_map: DIRECT_MAP_SLOT, shared_mask: SHARED_MASK_SLOT, ...hostSlots(), if: interruptsSlot },
    reference: getQuote,
    lay: (stage: ProgramStage, values: Values): Laid => {
      const buffer = stage.allocate(PAGE);
      laySharedMask(stage, values);
      layDirectMap(stage, values);
      return {
        parameters: [buffer, values['size']],
        externals: { ...sharedMaskExternal(values), ...virtToPhysExternal(values) },
        facts: { buffer },
      };
    },
    isFair: (values) => isSharedMask(values['shared_mask']),
    classes: HOST_CLASSES,
  },
  {
    name: 'helper-hyper-v-hypercall',
    title: 'hv_tdx_hypercall: a hypercall of Hyper-V',
    sentence: 'Hyper-V is asked for {control}',
    slots: {
      control: slot('the control word', either(oneOf(0x5cn, 0x10059n), uniform), 0x5cn),
      p1: anything('the first parameter'),
      p2: anything('the second parameter'),
      ...hostSlots('r11'),
      if: interruptsSlot,
    },
    reference: hyperVHypercall,
    lay: (_, values) => ({ parameters: [values['control'], values['p1'], values['p2']] }),
    // 0 is the standard interface.
    isFair: ({ control }) => control !== 0n,
    classes: HOST_CLASSES,
  },
];
