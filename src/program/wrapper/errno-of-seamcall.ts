/** `seamcall()` of the patch series of 2023 as a program: up to three calls, for what is printed once is printed once for all. */
import type { Exchange, Values } from '../../../models/exchange/exchange.js';
import { type Printed, seamcall } from '../../../models/predict/wrapper/errno-of-seamcall.js';
import { FEW, prefixed } from '../../../models/predict/wrapper/seamcall.js';
import { WRAPPER_WORDS } from '../../../models/exchange/words.js';
import { MODULE_OUTPUT } from '../../contract/library/linux-shapes.js';
import { type ExternalFunctions, performCall } from '../../play/call.js';
import { disturbanceOf, disturbed } from '../../play/disturbance.js';
import type { Program } from '../../play/program.js';
import { type Place, ProgramStage } from '../../stage/program-stage.js';
import { uniform } from '../../story/draws.js';
import type { StoryStep } from '../../story/story.js';
import { seamAnswer } from '../../world/seam-return.js';
import { withFacts } from '../../story/step-values.js';
import { answerOf } from '../helper/helper.js';
import { anything, slot } from '../helper/slots.js';
import { errnoOptions } from './options.js';
import { choice, ENDING_CLASSES, endingSlots, endsPossibly, fnSlot, isNarrow } from './slots.js';

const ANSWERS: ExternalFunctions = {
  get_cpu: { parameters: [] },
  put_cpu: { parameters: [] },
  print_not_enabled: { parameters: [] },
  print_not_loaded: { parameters: [] },
  print_not_in_vmx: { parameters: ['cpu'] },
  print_failure: { parameters: ['cpu', 'leaf', 'status'] },
  print_outputs: { parameters: FEW },
};

const CALL = disturbed(
  {
    name: 'call',
    sentence: 'leaf {fn} is called on CPU {cpu}; SEAMCALL ends with status {module.status}',
    slots: {
      fn: fnSlot,
      rcx: anything('RCX'),
      rdx: anything('RDX'),
      r8: anything('R8'),
      r9: anything('R9'),
      status_given: choice('1: the caller wants the status, 0: NULL', 1n),
      out_given: choice('1: the caller wants the outputs, 0: NULL', 1n),
      cpu: slot('what get_cpu returns; the number is in the low 32 bits', uniform),
      ...endingSlots(FEW),
    },
  },
  'host',
);

/** Where outputs go; what lies there before follows from the story, so that a store that is missing shows. */
interface Structures {
  readonly status: bigint;
  readonly out: bigint;
  readonly outputs: Record<string, Place>;
}

function layOut(stage: ProgramStage, values: Values): Structures {
  const outputs: Record<string, Place> = {};
  let [status, out] = [0n, 0n];
  if (values['status_given'] !== 0n) {
    status = stage.allocate(8);
    outputs['status'] = { address: status, bytes: 8 };
  }
  if (values['out_given'] !== 0n) {
    out = stage.allocate(MODULE_OUTPUT.size);
    for (const name of FEW) outputs[`out.${name}`] = { address: out + BigInt(MODULE_OUTPUT.fields[name]), bytes: 8 };
  }
  return { status, out, outputs };
}

export const ERRNO_OF_SEAMCALL: Program = {
  name: 'seamcall-errno',
  title: 'a wrapper around SEAMCALL: status through a pointer, error number, messages printed once',
  open: (image, contract) => {
    const { errorMap } = errnoOptions(contract);
    const stage = new ProgramStage(image, contract.symbol, contract.convention);
    let printed: Printed = new Set();
    let before: Values = {};
    return {
      space: { actions: [CALL], steps: { least: 1, most: 3 }, words: WRAPPER_WORDS },
      classes: [
        ...ENDING_CLASSES,
        { name: 'several calls', holds: ({ story }) => story.length > 1 },
        {
          name: 'no place for the status',
          holds: ({ story }) => story.some(({ values }) => values['status_given'] === 0n),
        },
        { name: 'no place for outputs', holds: ({ story }) => story.some(({ values }) => values['out_given'] === 0n) },
      ],
      stages: [stage],
      begin: (memory) => {
        stage.begin(memory);
        printed = new Set();
      },
      allows: ({ values }: StoryStep) => endsPossibly(values) && isNarrow(values),
      perform: ({ values }: StoryStep) => {
        const { fn, rcx, rdx, r8, r9, graffiti } = values;
        const { status, out, outputs } = layOut(stage, values);
        before = Object.fromEntries(Object.entries(outputs).map(([name, { address }]) => [name, stage.read(address)]));
        return performCall(stage, {
          symbol: contract.symbol,
          parameters: [fn, rcx, rdx, r8, r9, status, out],
          graffiti,
          interrupts: values['if'] === 1n,
          externals: ANSWERS,
          outputs,
          ...disturbanceOf(values),
        });
      },
      expect: ({ values }: StoryStep) => seamcall(errorMap, printed, withFacts(values, prefixed('before', before))),
      answer: ({ moment, values: asked }: Exchange, { values }: StoryStep): Values => {
        if (moment === 'call get_cpu') return { rax: values['cpu'] };
        if (moment !== 'SEAMCALL') return {};
        const { carry, vector } = values;
        return seamAnswer(asked, { ...answerOf(values, 'module'), carry, vector }, false);
      },
    };
  },
};
