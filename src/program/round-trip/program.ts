/**
 * Guest helper -> stub -> module -> dispatcher -> device -> back: machine code on both sides, in one image with two
 * machines. The module model stands between them; the world plays the devices, and a VMM that may meddle.
 */
import type { Exchange, Reference, Values } from '../../../models/exchange/exchange.js';
import { ROUND_TRIP_WORDS } from '../../../models/exchange/words.js';
import { UsageError } from '../../errors.js';
import { type Performance, performCall } from '../../play/call.js';
import { disturbanceOf, disturbed } from '../../play/disturbance.js';
import type { Play } from '../../play/play.js';
import type { Program, Session, StoryClass } from '../../play/program.js';
import { ProgramStage } from '../../stage/program-stage.js';
import type { Image } from '../../image/image.js';
import { withFacts } from '../../story/step-values.js';
import type { StorySpace, StoryStep } from '../../story/story.js';
import type { RegisterAnswer } from '../../world/register-answer.js';
import { REGISTER_INDEX } from '../../x86/registers.js';
import { requireSystemV } from '../system-v.js';
import { HostSide } from './host.js';
import { GRAFFITI, type Request, REQUESTS, VERDICTS } from './requests.js';

/** Requests of the longest story. */
const LONGEST = 3;

const SPACE: StorySpace = {
  actions: REQUESTS.map(({ name, sentence, slots }) =>
    disturbed({ name, sentence, slots: { ...slots, ...GRAFFITI } }, 'guest'),
  ),
  steps: { least: 1, most: LONGEST },
  words: ROUND_TRIP_WORDS,
};

export const ROUND_TRIP_PROGRAM: Program = {
  name: 'round-trip',
  title: 'guest helper, stub, module, dispatcher, device, and back',
  open: (image, contract) => {
    requireSystemV(contract);
    const { program, options } = contract;
    const [unknown] = Object.keys(options);
    if (unknown !== undefined) throw new UsageError(`${program}: options.${unknown}: this program has no options`);
    return new RoundTrip(image);
  },
};

class RoundTrip implements Session {
  readonly space = SPACE;
  readonly classes: readonly StoryClass[] = CLASSES;
  readonly stages: readonly ProgramStage[];
  private readonly guest: ProgramStage;
  private readonly host: HostSide;
  /** Chunks of MapGPA that userspace has been asked for in this step. */
  private chunks = 0;
  /** The values of this step with all that follows from them. */
  private values: Values = {};

  constructor(image: Image) {
    this.guest = new ProgramStage(image);
    this.host = new HostSide(image);
    this.stages = [this.guest, this.host.stage];
  }

  begin(memory?: 0 | 1): void {
    this.guest.begin(memory);
    this.host.begin(memory);
  }

  allows(step: StoryStep): boolean {
    return requestOf(step).isFair(step.values);
  }

  *perform(step: StoryStep): Performance {
    const request = requestOf(step);
    const values = valuesOf(step);
    this.values = values;
    this.chunks = 0;
    this.host.prepare(values);
    const { parameters, outputs = {}, externals = {} } = request.lay(this.guest, values);
    const { symbol } = request;
    const graffiti = values['graffiti'];
    const call = performCall(this.guest, {
      symbol,
      parameters,
      graffiti,
      interrupts: true,
      externals,
      outputs,
      ...disturbanceOf(step.values),
    });
    let fails = values['host.status'] !== 0n;
    let next = call.next();
    while (next.done !== true) {
      const observed = next.value;
      if (observed.moment !== 'TDVMCALL') next = call.next(yield observed);
      else if (fails || observed.refused === true) {
        next = call.next({ status: values['host.status'] });
        fails = false;
      } else {
        if (observed.shown === undefined) throw new Error('a TDVMCALL without registers');
        const answer = yield* this.host.serve(observed.shown);
        if (answer === undefined) return;
        meddle(answer, values);
        next = call.next(answer.values);
      }
    }
  }

  *expect(step: StoryStep): Reference {
    yield* requestOf(step).reference(this.values);
  }

  /** The device. */
  answer({ moment }: Exchange, { values }: StoryStep): Values {
    const { driven = 0n, eax = 0n, ebx = 0n, ecx = 0n, edx = 0n } = values;
    switch (moment) {
      case 'port read':
      case 'MMIO read':
        return { value: driven };
      case 'CPUID':
        return { eax, ebx, ecx, edx };
      case 'KVM hypercall':
        return { result: driven };
      case 'map GPA':
        return { ret: this.chunks++ < VERDICTS ? values[`verdict${this.chunks}`] : 0n };
      default:
        return {};
    }
  }
}

/** A hostile VMM changes R10 behind the dispatcher. */
function meddle(answer: RegisterAnswer, { 'host.r10': r10 = 0n }: Values): void {
  if (r10 !== 0n) answer.giveValue(REGISTER_INDEX.r10, r10);
}

const BY_NAME = new Map(REQUESTS.map((request) => [request.name, request]));

function requestOf({ action }: StoryStep): Request {
  const found = BY_NAME.get(action);
  if (found === undefined) throw new RangeError(`no request ${action}`);
  return found;
}

const NEUTRAL: Values = { 'host.r10': 0n, kernel: 1n };
const CONSTANTS = new Map<Request, Values>();

/** What a request has no slots for, and everybody asks for. */
function constantsOf(request: Request): Values {
  let found = CONSTANTS.get(request);
  if (found === undefined) CONSTANTS.set(request, (found = { ...NEUTRAL, ...request.constants }));
  return found;
}

/** The values of a step with all that follows from them. */
function valuesOf(step: StoryStep): Values {
  const request = requestOf(step);
  return withFacts(step.values, request.facts?.(step.values), constantsOf(request));
}

/** The moments of the play that was asked about last: every class asks about the same one. */
const asked = { of: undefined as Play | undefined, moments: new Set<string>() };

function momentsOf(play: Play): ReadonlySet<string> {
  if (asked.of !== play) {
    asked.of = play;
    asked.moments.clear();
    for (const entry of play.entries) if (entry.asked !== undefined) asked.moments.add(entry.asked.moment);
  }
  return asked.moments;
}

const comesTo =
  (moment: string) =>
  (play: Play): boolean =>
    momentsOf(play).has(moment);

const CLASSES: readonly StoryClass[] = [
  ...REQUESTS.map(({ name }): StoryClass => ({ name, holds: comesTo(name) })),
  { name: 'userspace serves', holds: comesTo('KVM_RUN returns') },
  { name: 'TDCALL fails', holds: comesTo('stop') },
  { name: 'R10 is meddled with', holds: ({ story }) => story.some(({ values }) => (values['host.r10'] ?? 0n) !== 0n) },
  {
    name: 'MapGPA in several chunks',
    holds: ({ entries }) => entries.filter((entry) => entry.asked?.moment === 'map GPA').length > 1,
  },
];
