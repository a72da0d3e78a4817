/** A play told instruction by instruction on one machine, and the story around it. */
import { TDCALL_LEAF } from '../../models/abi/tdcall-leaves.js';
import { readHalves } from '../halves.js';
import { differing, type Entry, isTogether, type Play } from '../play/play.js';
import type { ProgramStage } from '../stage/program-stage.js';
import type { StorySpace } from '../story/story.js';
import { hex } from '../text/hex.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_INDEX, REGISTER_NAMES } from '../x86/registers.js';
import { exchangeWord, type ExchangeWords } from '../../models/exchange/words.js';
import { worded } from '../text/worded.js';
import { expectationText, LEAST_ADDRESS, tellingOf, tellingOfAnswer, valueText } from './play-comparison.js';
import { isShown, stepSentence } from './play-story.js';
import type { CaseTrace, Told } from './runner.js';
import { stateChanges } from './state-changes.js';
import { answerWords, withLeaf } from './step-text.js';
import { NOTHING_GIVEN, type ToldStep } from './told-step.js';
import { type ExchangeDocument, type StoryDocument, wordedValue, type WordedValue } from './trace-document.js';
import type { Step, WorldStore } from './trace.js';

/** Exchanges of one story that are told. */
export const MOST_EXCHANGES = 500;

const RAX = REGISTER_INDEX.rax;
const RCX = REGISTER_INDEX.rcx;

export function tellPlay(trace: CaseTrace, play: Play, stage: ProgramStage, space: StorySpace, end: string): Told {
  const { steps } = trace;
  const stepOf = (entry: Entry): number =>
    entry.observed?.stage === stage ? stepOfExchange(steps, entry.observed.instructions) : -1;
  const addressName = addressNames(play, stage);
  return {
    steps: toldSteps(trace, play, stage, space.words),
    companion: undefined,
    otherSide: 'host',
    end,
    addressName,
    story: (stepAt) => storyDocument(play, space, addressName, (entry) => stepAt(stepOf(entry))),
  };
}

/** Fields that exchanges speak of by their names; else what the stage knows. */
function addressNames(play: Play, stage: ProgramStage): (address: bigint) => string | undefined {
  const fields = new Map<bigint, string>();
  for (const { observed } of play.entries) {
    if (observed?.stage !== stage) continue;
    const { moment, places = {} } = observed;
    const isOutput = moment === 'return';
    for (const [name, { address }] of Object.entries(places))
      if (!fields.has(address)) fields.set(address, isOutput ? name : `${name} of ${moment}`);
  }
  return (address) => fields.get(address) ?? stage.addressName(address);
}

function toldSteps(
  { steps, stores }: CaseTrace,
  play: Play,
  stage: ProgramStage,
  vocabularies: ExchangeWords | undefined,
): ToldStep[] {
  const calls = new Map<number, Entry>();
  for (const entry of play.entries)
    if (entry.observed?.stage === stage && entry.observed.moment.startsWith('call '))
      calls.set(entry.observed.instructions, entry);
  return steps.map((step, index): ToldStep => {
    const next = steps[index + 1];
    // Behind a return the next call is laid out: that is no answer.
    if (next === undefined || readHalves(step.after, 2 * STATE.RIP) === stage.returnAddress)
      return { step, after: step.after, given: NOTHING_GIVEN, world: undefined };
    const call = calls.get(step.executed + 1);
    const { given, world, words } =
      step.instruction?.flow === 'environment'
        ? answered(step, next)
        : called(step, next, call, stores, (entry, name) =>
            exchangeWord(tellingOfAnswer(entry, play.story, vocabularies), name, entry.answer[name]),
          );
    return { step, after: next.before, given, world, words };
  });
}

/** TDCALL or SEAMCALL. Of TDG.VP.VMCALL the host answers in the registers of the exposure mask, if the module succeeds. */
function answered(step: Step, next: Step): Pick<ToldStep, 'given' | 'world' | 'words'> {
  const isVmcall =
    step.instruction?.text === 'tdcall' && Number(readHalves(step.before, 2 * RAX) & 0xffffn) === TDCALL_LEAF.VP_VMCALL;
  const succeeded = readHalves(next.before, 2 * RAX) === 0n;
  const theirs = isVmcall && succeeded ? step.before[2 * RCX] & 0xffff & ~(1 << RAX) : 0;
  const names = REGISTER_NAMES.filter((_, register) => (theirs >>> register) & 1);
  const world = names.length > 0 ? `the host answers in ${names.join(' ')}` : 'the module answers';
  return {
    given: { wrote: changedRegisters(step, next) | theirs | (1 << RAX), theirs, memory: [] },
    world: withLeaf(step, world),
    words: answerWords(step, next.before),
  };
}

/** A function outside of the image: RAX, and the memory that its answer wrote. */
function called(
  step: Step,
  next: Step,
  entry: Entry | undefined,
  stores: readonly WorldStore[],
  word: (entry: Entry, name: string) => string | undefined,
): Pick<ToldStep, 'given' | 'world' | 'words'> {
  const wrote = changedRegisters(step, next);
  if (entry === undefined) return { given: { wrote, theirs: 0, memory: [] }, world: undefined };
  const values = Object.entries(entry.answer);
  const name = (entry.observed?.moment ?? '').slice('call '.length);
  if (values.length === 0) return { given: { wrote, theirs: 0, memory: [] }, world: `${name} returns` };
  const memory = stores.filter(({ executed }) => executed === step.executed + 1);
  return {
    given: { wrote: wrote | (1 << RAX), theirs: 1 << RAX, memory },
    world: `${name} answers ${values.map(([key, value]) => `${key}=${worded(valueText(value), word(entry, key))}`).join(' ')}`,
  };
}

function changedRegisters(step: Step, next: Step): number {
  let mask = 0;
  for (const { name } of stateChanges(step.after, next.before)) {
    const register = REGISTER_NAMES.findIndex((candidate) => candidate === name);
    if (register >= 0) mask |= 1 << register;
  }
  return mask;
}

/** The instruction that made an exchange: one that waits for its answer is not counted yet. */
function stepOfExchange(steps: readonly Step[], instructions: number): number {
  const at = steps.findIndex(({ executed }) => executed === instructions);
  if (at >= 0 && steps[at].instruction?.flow === 'environment') return at;
  return steps.findIndex(({ executed }) => executed === instructions - 1);
}

function storyDocument(
  play: Play,
  space: StorySpace,
  addressName: Told['addressName'],
  stepOf: (entry: Entry) => number | undefined,
): StoryDocument {
  const told = play.entries.slice(0, MOST_EXCHANGES);
  return {
    steps: play.story.map((step, index) => ({
      text: stepSentence(step, space),
      impossible: play.left.includes(index),
      exchanges: told
        .filter((entry) => entry.step === index)
        .map((entry) => exchange(entry, play.story, space.words, addressName, stepOf(entry))),
    })),
    leftOut: play.entries.length - told.length,
  };
}

function exchange(
  entry: Entry,
  story: Play['story'],
  words: ExchangeWords | undefined,
  addressName: Told['addressName'],
  step: number | undefined,
): ExchangeDocument {
  const { observed, expected, answer } = entry;
  const wrong = new Set(differing(entry));
  const asked = tellingOf(entry, story, words);
  const given = tellingOfAnswer(entry, story, words);
  const values = Object.entries(observed?.values ?? {}).filter(([name]) => isShown(name, entry, wrong));
  return {
    ...(observed !== undefined && { moment: observed.moment }),
    ...(!isTogether(entry) && { instead: expected?.moment ?? 'nothing more' }),
    values: values.map(([name, value]) => ({
      name,
      value: hex(value),
      ...withWord(exchangeWord(asked, name, value) ?? (value < LEAST_ADDRESS ? undefined : addressName(value))),
      ...(wrong.has(name) && {
        expected: expectationText(expected?.values[name], (one) => exchangeWord(asked, name, one)),
      }),
    })),
    answered: Object.entries(answer)
      .filter(([, value]) => value !== 0n)
      .map(([name, value]): WordedValue => wordedValue(name, value, exchangeWord(given, name, value))),
    ...(step !== undefined && { step }),
  };
}

function withWord(word: string | undefined): { word?: string } {
  return word === undefined ? {} : { word };
}
