/** A play told instruction by instruction on one machine, and the story around it. */
import { TDCALL_LEAF } from '../../models/abi/tdcall-leaves.js';
import { readHalves } from '../halves.js';
import { differing, type Entry, isTogether, type Play } from '../play/play.js';
import type { ProgramStage } from '../stage/program-stage.js';
import type { StorySpace } from '../story/story.js';
import { hex } from '../text/hex.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_INDEX, REGISTER_NAMES } from '../x86/registers.js';
import { expectationText, valueText } from './play-comparison.js';
import { isShown, stepSentence } from './play-story.js';
import type { CaseTrace, Told } from './runner.js';
import { stateChanges } from './state-changes.js';
import { NOTHING_GIVEN, type ToldStep } from './told-step.js';
import type { ExchangeDocument, StoryDocument } from './trace-document.js';
import type { Step, WorldStore } from './trace.js';

/** Exchanges of one story that are told. */
export const MOST_EXCHANGES = 500;

const RAX = REGISTER_INDEX.rax;
const RCX = REGISTER_INDEX.rcx;

export function tellPlay(trace: CaseTrace, play: Play, stage: ProgramStage, space: StorySpace, end: string): Told {
  const { steps } = trace;
  const stepOf = (entry: Entry): number =>
    entry.observed?.stage === stage ? stepOfExchange(steps, entry.observed.instructions) : -1;
  return {
    steps: toldSteps(trace, play, stage),
    companion: undefined,
    otherSide: 'host',
    end,
    story: (stepAt) => storyDocument(play, space, (entry) => stepAt(stepOf(entry))),
  };
}

function toldSteps({ steps, stores }: CaseTrace, play: Play, stage: ProgramStage): ToldStep[] {
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
    const { given, world } =
      step.instruction?.flow === 'environment' ? answered(step, next) : called(step, next, call, stores);
    return { step, after: next.before, given, world };
  });
}

/** TDCALL or SEAMCALL. Of TDG.VP.VMCALL the host answers in the registers of the exposure mask, if the module succeeds. */
function answered(step: Step, next: Step): Pick<ToldStep, 'given' | 'world'> {
  const isVmcall =
    step.instruction?.text === 'tdcall' && Number(readHalves(step.before, 2 * RAX) & 0xffffn) === TDCALL_LEAF.VP_VMCALL;
  const succeeded = readHalves(next.before, 2 * RAX) === 0n;
  const theirs = isVmcall && succeeded ? step.before[2 * RCX] & 0xffff & ~(1 << RAX) : 0;
  const names = REGISTER_NAMES.filter((_, register) => (theirs >>> register) & 1);
  const world = names.length > 0 ? `the host answers in ${names.join(' ')}` : 'the module answers';
  return { given: { wrote: changedRegisters(step, next) | theirs | (1 << RAX), theirs, memory: [] }, world };
}

/** A function outside of the image: RAX, and the memory that its answer wrote. */
function called(
  step: Step,
  next: Step,
  entry: Entry | undefined,
  stores: readonly WorldStore[],
): Pick<ToldStep, 'given' | 'world'> {
  const wrote = changedRegisters(step, next);
  if (entry === undefined) return { given: { wrote, theirs: 0, memory: [] }, world: undefined };
  const values = Object.entries(entry.answer);
  const name = (entry.observed?.moment ?? '').slice('call '.length);
  if (values.length === 0) return { given: { wrote, theirs: 0, memory: [] }, world: `${name} returns` };
  const memory = stores.filter(({ executed }) => executed === step.executed + 1);
  return {
    given: { wrote: wrote | (1 << RAX), theirs: 1 << RAX, memory },
    world: `${name} answers ${values.map(([key, value]) => `${key}=${valueText(value)}`).join(' ')}`,
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

function storyDocument(play: Play, space: StorySpace, stepOf: (entry: Entry) => number | undefined): StoryDocument {
  const told = play.entries.slice(0, MOST_EXCHANGES);
  return {
    steps: play.story.map((step, index) => ({
      text: stepSentence(step, space),
      impossible: play.left.includes(index),
      exchanges: told.filter((entry) => entry.step === index).map((entry) => exchange(entry, stepOf(entry))),
    })),
    leftOut: play.entries.length - told.length,
  };
}

function exchange(entry: Entry, step: number | undefined): ExchangeDocument {
  const { observed, expected, answer } = entry;
  const wrong = new Set(differing(entry));
  const values = Object.entries(observed?.values ?? {}).filter(([name]) => isShown(name, entry, wrong));
  return {
    ...(observed !== undefined && { moment: observed.moment }),
    ...(!isTogether(entry) && { instead: expected?.moment ?? 'nothing more' }),
    values: values.map(([name, value]) => ({
      name,
      value: hex(value),
      ...(wrong.has(name) && { expected: expectationText(expected?.values[name]) }),
    })),
    answered: Object.entries(answer)
      .filter(([, value]) => value !== 0n)
      .map(([name, value]) => [name, hex(value)]),
    ...(step !== undefined && { step }),
  };
}
