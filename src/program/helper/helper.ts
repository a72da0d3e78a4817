/**
 * A helper as a program: its stories have one step, the call. The world lays out what the helper's pointers point to,
 * answers as the story says, and asks the reference what must happen.
 */
import { EXPOSED_REGISTERS } from '../../../models/abi/linux-constants.js';
import type { Words } from '../../../models/abi/words.js';
import { type ExchangeWords, GUEST_WORDS } from '../../../models/exchange/words.js';
import type { Exchange, Reference, Values } from '../../../models/exchange/exchange.js';
import type { HelperOptions } from '../../../models/predict/helper/options.js';
import { highHalf, lowHalf } from '../../halves.js';
import { type ExternalFunctions, performCall } from '../../play/call.js';
import { disturbanceOf, disturbed, hasRbpMod } from '../../play/disturbance.js';
import type { Program, StoryClass } from '../../play/program.js';
import { type Place, ProgramStage } from '../../stage/program-stage.js';
import { withFacts } from '../../story/step-values.js';
import type { StoryStep } from '../../story/story.js';
import { RegisterAnswer } from '../../world/register-answer.js';
import { REGISTER_INDEX } from '../../x86/registers.js';
import { helperOptions } from './options.js';
import { graffitiSlot, type Slots } from './slots.js';

/** A call as it is laid out in memory. */
export interface Laid {
  readonly parameters: readonly bigint[];
  /** What the helper leaves in memory. */
  readonly outputs?: Readonly<Record<string, Place>>;
  readonly externals?: ExternalFunctions;
  /** What follows from the story, for the reference: addresses of structures, ends of ranges. */
  readonly facts?: Values;
}

export interface Helper {
  /** `helper-` and what it does. */
  readonly name: string;
  readonly title: string;
  readonly sentence: string;
  readonly slots: Slots;
  readonly reference: (options: HelperOptions, values: Values) => Reference;
  readonly lay: (stage: ProgramStage, values: Values) => Laid;
  /** Whether the caller keeps what it owes; shrinking may leave the values that are drawn. */
  readonly isFair?: (values: Values) => boolean;
  /** What the world answers to the exchange number `round`, counted from 0; `host.*` if not given. */
  readonly answer?: (exchange: Exchange, values: Values, round: number) => Values;
  readonly classes?: readonly StoryClass[];
  /** What RAX of the return is called. */
  readonly returns?: Words;
}

/** Registers that a host or a leaf can give. */
const GIVEN = ['rcx', ...EXPOSED_REGISTERS] as const;
/** And in a TD without NO_RBP_MOD, if it is in the mask. */
const GIVEN_WITH_RBP = [...GIVEN, 'rbp'] as const;

interface Said {
  readonly register: number;
  readonly slot: string;
  readonly factor: number;
}

/** By prefix: the slots that say what is in the registers. */
const SAID = new Map<
  string,
  { readonly status: string; readonly others: string; readonly registers: readonly Said[] }
>();

function saidBy(prefix: string): NonNullable<ReturnType<typeof SAID.get>> {
  let said = SAID.get(prefix);
  if (said === undefined) {
    const registers = GIVEN_WITH_RBP.map((name, index): Said => ({
      register: REGISTER_INDEX[name],
      slot: `${prefix}.${name}`,
      factor: 2 * index + 3,
    }));
    SAID.set(prefix, (said = { status: `${prefix}.status`, others: `${prefix}.others`, registers }));
  }
  return said;
}

/** What the slots `PREFIX.*` say; registers without a slot follow from `PREFIX.others`, each in its own way. */
export function registerAnswer(values: Values, prefix: string): RegisterAnswer {
  const said = saidBy(prefix);
  const given = hasRbpMod(values) ? GIVEN_WITH_RBP : GIVEN;
  const answer = new RegisterAnswer(given);
  const others = values[said.others] ?? 0n;
  const low = lowHalf(others) >>> 0;
  const high = highHalf(others);
  for (let index = 0; index < given.length; index++) {
    const { register, slot, factor } = said.registers[index];
    const value = values[slot];
    if (value !== undefined) answer.giveValue(register, value);
    else {
      // The product of 64 bits: the lower half's is exact as a double.
      const product = low * factor;
      answer.give(register, product | 0, (Math.imul(high, factor) + Math.floor(product / TWO_32)) | 0);
    }
  }
  const status = values[said.status] ?? 0n;
  answer.statusLow = lowHalf(status);
  answer.statusHigh = highHalf(status);
  return answer;
}

const TWO_32 = 0x1_0000_0000;

/** The same by name, to make another answer of it. */
export function answerOf(values: Values, prefix: string): Values {
  return registerAnswer(values, prefix).record();
}

const NOTHING = {};

/** Exchanges that somebody answers; the others are ends. */
const ASKING = new Set(['TDVMCALL', 'TDCALL']);

/** Whether a play has an exchange of a kind. */
export const has =
  (moment: string) =>
  ({ entries }: Parameters<StoryClass['holds']>[0]): boolean =>
    entries.some(({ observed }) => observed?.moment === moment);

/** Whether every step has a value like this. */
export const valueIs =
  (slot: string, test: (value: bigint) => boolean) =>
  ({ story }: Parameters<StoryClass['holds']>[0]): boolean =>
    story.every(({ values }) => test(values[slot]));

/** The classes of every helper that asks the host. */
export const HOST_CLASSES: readonly StoryClass[] = [
  { name: 'TDCALL fails', holds: valueIs('host.status', (status) => status !== 0n) },
  { name: 'the host agrees', holds: valueIs('host.r10', (status) => status === 0n) },
  { name: 'the host refuses', holds: valueIs('host.r10', (status) => status !== 0n) },
];

export function helperProgram(helper: Helper): Program {
  const { name, title, sentence, reference, lay, isFair = () => true, classes = [] } = helper;
  const answer = helper.answer ?? ((_: Exchange, values: Values) => registerAnswer(values, 'host').values);
  const slots = { ...helper.slots, graffiti: graffitiSlot };
  const action = disturbed({ name: 'call', sentence, slots }, 'guest');
  const words: ExchangeWords =
    helper.returns === undefined ? GUEST_WORDS : { ...GUEST_WORDS, return: { rax: helper.returns } };
  return {
    name,
    title,
    open: (image, contract) => {
      const options = helperOptions(contract);
      const stage = new ProgramStage(image, contract.symbol, contract.convention);
      let laid: Laid = { parameters: [] };
      let round = 0;
      return {
        space: { actions: [action], steps: { least: 1, most: 1 }, words },
        classes,
        stages: [stage],
        begin: (memory) => stage.begin(memory),
        allows: ({ values }: StoryStep) => isFair(values),
        perform: ({ values }: StoryStep) => {
          laid = lay(stage, values);
          round = 0;
          return performCall(stage, {
            symbol: contract.symbol,
            parameters: laid.parameters,
            graffiti: values['graffiti'],
            interrupts: values['if'] === 1n,
            externals: laid.externals ?? NOTHING,
            outputs: laid.outputs ?? NOTHING,
            ...disturbanceOf(values),
          });
        },
        expect: ({ values }: StoryStep) => reference(options, withFacts(values, laid.facts)),
        answer: (exchange: Exchange, { values }: StoryStep) =>
          ASKING.has(exchange.moment) ? answer(exchange, values, round++) : {},
      };
    },
  };
}
