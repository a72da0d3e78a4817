/** `seamcall_prerr()` of v6.8 and its forms with outputs as programs: the module may have no entropy for a while. */
import type { Exchange, Values } from '../../../models/exchange/exchange.js';
import { statusHigh } from '../../../models/abi/status.js';
import { WRAPPER_WORDS } from '../../../models/exchange/words.js';
import { RETRIED, retriedSeamcall, type RetryOptions } from '../../../models/predict/wrapper/retried-seamcall.js';
import { ALL, FEW } from '../../../models/predict/wrapper/seamcall.js';
import { MODULE_ARGS } from '../../contract/library/linux-shapes.js';
import { type ExternalFunctions, performCall } from '../../play/call.js';
import { disturbanceOf, disturbed } from '../../play/disturbance.js';
import type { Program } from '../../play/program.js';
import { type Place, ProgramStage } from '../../stage/program-stage.js';
import { below, mostly, oneOf } from '../../story/draws.js';
import type { StorySlot, StoryStep } from '../../story/story.js';
import { seamAnswer } from '../../world/seam-return.js';
import { answerOf } from '../helper/helper.js';
import { anything, slot } from '../helper/slots.js';
import { retryOptions } from './options.js';
import { ENDING_CLASSES, endingSlots, endsPossibly, fnSlot, isNarrow } from './slots.js';

const ANSWERS: ExternalFunctions = {
  print_failure: { parameters: ['leaf', 'status'] },
  print_outputs: { parameters: FEW },
};

/** How often the module has no entropy: not at all, until some try, or for longer than anybody waits. */
const refusals = mostly(oneOf(0n), below(14), 2);

const CALL = disturbed(
  {
    name: 'call',
    sentence:
      'leaf {fn} is called; after {no_entropy} answers without entropy SEAMCALL ends with status {module.status}',
    slots: {
      fn: fnSlot,
      ...(Object.fromEntries(
        ALL.map((name) => [`args.${name}`, anything(`${name.toUpperCase()} in the arguments`)]),
      ) as Record<string, StorySlot>),
      no_entropy: slot('SEAMCALLs that first end without entropy', refusals),
      ...endingSlots(FEW),
    },
  },
  'host',
);

function layOut(stage: ProgramStage, values: Values): { args: bigint; outputs: Record<string, Place> } {
  const args = stage.allocate(MODULE_ARGS.size);
  const outputs: Record<string, Place> = {};
  for (const name of ALL) {
    const address = args + BigInt(MODULE_ARGS.fields[name]);
    stage.write(address, values[`args.${name}`]);
    outputs[`args.${name}`] = { address, bytes: 8 };
  }
  return { args, outputs };
}

export const RETRIED_SEAMCALL: Program = {
  name: 'seamcall-retry',
  title: 'a wrapper around SEAMCALL: bounded retry without entropy, error number, messages',
  open: (image, contract) => {
    const options = retryOptions(contract);
    const stage = new ProgramStage(image, contract.symbol, contract.convention);
    let round = 0n;
    return {
      space: { actions: [CALL], steps: { least: 1, most: 2 }, words: WRAPPER_WORDS },
      classes: [
        ...ENDING_CLASSES,
        { name: 'entropy comes late', holds: ({ entries }) => tries(entries) > 1 && tries(entries) < options.tries },
        { name: 'entropy never comes', holds: ({ entries }) => tries(entries) >= options.tries },
      ],
      stages: [stage],
      begin: (memory) => stage.begin(memory),
      allows: ({ values }: StoryStep) => endsPossibly(values) && (options.outputs === 'all' || isNarrow(values)),
      perform: ({ values }: StoryStep) => {
        const { args, outputs } = layOut(stage, values);
        round = 0n;
        return performCall(stage, {
          symbol: contract.symbol,
          parameters: [values['fn'], args],
          graffiti: values['graffiti'],
          interrupts: values['if'] === 1n,
          externals: ANSWERS,
          outputs,
          ...disturbanceOf(values),
        });
      },
      expect: ({ values }: StoryStep) => retriedSeamcall(options, values),
      answer: ({ moment, values: asked }: Exchange, { values }: StoryStep): Values => {
        if (moment !== 'SEAMCALL') return {};
        const told = answerOf(values, 'module');
        if (round < values['no_entropy'])
          return seamAnswer(asked, { ...told, status: refusal(options, round++) }, false);
        const { carry, vector } = values;
        return seamAnswer(asked, { ...told, carry, vector }, false);
      },
    };
  },
};

/** The status of a try that is to be tried again: each of those in turns, with details where they do not matter. */
function refusal({ retryOn }: RetryOptions, round: bigint): bigint {
  const name = retryOn[Number(round) % retryOn.length];
  return (BigInt(statusHigh(RETRIED[name])) << 32n) | (name === 'no-entropy' ? 0n : round);
}

/** SEAMCALLs of the first step. */
function tries(entries: Parameters<(typeof ENDING_CLASSES)[number]['holds']>[0]['entries']): number {
  return entries.filter(({ step, observed }) => step === 0 && observed?.moment === 'SEAMCALL').length;
}
