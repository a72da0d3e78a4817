/**
 * One call of a function as a coroutine: it yields every exchange of the code with its surroundings and is given the
 * answer, up to the exchange with which the call ends: `return`, `stop`, `trap`, `fault` or `endless`.
 */
import type { Values } from '../../models/exchange/exchange.js';
import { highHalf, lowHalf, writeHalves } from '../halves.js';
import { Layout, makeRoom, type NamedWords } from '../named-words.js';
import type { Place, ProgramStage, StageCall } from '../stage/program-stage.js';
import { STOP } from '../stage/stage.js';
import { changedVectorState, VECTOR_STATE } from '../stage/vector-state.js';
import { answerSeamcall, IF_OF_VMCALL, seamcallValues, seamcallWrites, STI_OF_VMCALL } from '../world/module-calls.js';
import { isBehindSti } from '../world/sti.js';
import { ENVIRONMENT } from '../x86/environment.js';
import type { Convention } from '../x86/conventions.js';
import { VECTOR } from '../x86/exit.js';
import { FLAG } from '../x86/flags.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { type AtEntry, Observed } from './observed.js';

/** What a function outside does before it returns: it calls back into the image, or asks the world. */
export type Turn =
  | { readonly call: bigint; readonly parameters: readonly bigint[] }
  | { readonly moment: string; readonly values: Values };

/** Is given RAX of the call (`rax`) or the world's answer, and returns RAX of the function itself. */
export type Conversation = Generator<Turn, bigint, Values>;

/** A function outside the image. */
export interface ExternalFunction {
  /** Names of its parameters; pointers are values like any other. */
  readonly parameters: readonly string[];
  /** Answers at once, without an exchange: for what may be asked in any order and shows nothing. @returns RAX */
  readonly query?: (parameters: Values) => bigint;
  /** In place of one exchange: whatever comes before it returns. */
  readonly converse?: (parameters: Values) => Conversation;
  /** Writes to memory what the answer says. RAX is `rax` of the answer. */
  readonly apply?: (parameters: Values, answer: Values) => void;
  /** Values to compare in place of the parameters, such as what a pointer points to. */
  readonly observe?: (parameters: Values) => Values;
}

export type ExternalFunctions = Readonly<Record<string, ExternalFunction>>;

export interface Call extends StageCall {
  readonly externals: ExternalFunctions;
  /** Name and address of the external to which code returns that a function outside has called; needed where one converses. */
  readonly back?: { readonly name: string; readonly address: bigint };
  /** What the function leaves in memory, read at its return. */
  readonly outputs?: Readonly<Record<string, Place>>;
}

/** Nothing models what the code reached: there is no verdict. */
export class NoVerdict extends Error {}

/** Flags other than IF that must survive a call. */
const SYSTEM_FLAGS = FLAG.DF | FLAG.TF | FLAG.NT | FLAG.AC | FLAG.IOPL;

/** What a call needs, and what comes out of it: see the head of this file. */
export type Performance = Generator<Observed, void, Values>;

/** @throws NoVerdict if the code reaches what nothing models */
export function* performCall(stage: ProgramStage, call: Call): Performance {
  stage.enter(call);
  const { module } = stage;
  const { outputs } = call;
  const ending = endingOf(outputs ?? NO_OUTPUTS, stage.convention);
  const entryPoint = stage.rip;
  const entry = atEntry(stage, ending);
  /** Functions outside that have called back, the last one on top. */
  const open: Conversation[] = [];
  const observed = (moment: string, values: Values, at = stage.rip): Observed =>
    new Observed(moment, values, at, stage);
  for (;;) {
    switch (stage.proceed()) {
      case STOP.environment:
        // The step is over before it is answered: a play may end with the exchange.
        stage.observer?.after(stage.machine, {});
        if (stage.detail === ENVIRONMENT.Tdcall) {
          const { moment, shown, refused } = module.tdcall(stage.machine);
          if (moment === 'TDVMCALL') {
            const { words, at } = shown;
            words[at + IF_OF_VMCALL] = (stage.flags & FLAG.IF) === 0 ? 0 : 1;
            words[at + IF_OF_VMCALL + 1] = 0;
            words[at + STI_OF_VMCALL] = isBehindSti(stage.machine) ? 1 : 0;
            words[at + STI_OF_VMCALL + 1] = 0;
          }
          const answer = yield new Observed(moment, shown, stage.rip, stage, refused ? REFUSED : undefined);
          stage.observer?.answered?.(module.tdcallWrites(answer));
          module.answerTdcall(stage.machine, answer);
          stage.completeEnvironment();
        } else if (stage.detail === ENVIRONMENT.Seamcall) {
          const answer = yield new Observed('SEAMCALL', seamcallValues(stage.machine), stage.rip, stage);
          const vector = Number(answer['vector'] ?? 0n);
          if (vector === 0) {
            stage.observer?.answered?.(seamcallWrites(answer));
            answerSeamcall(stage.machine, answer);
            stage.completeEnvironment();
          } else if (stage.takeFault(vector) === undefined) {
            if (stage.problem !== '') throw new NoVerdict(stage.problem);
            return void (yield observed('fault', { vector: BigInt(vector) }));
          }
        } else throw new NoVerdict(stage.unexpected(stage.detail));
        break;
      case STOP.external: {
        const name = stage.symbol;
        if (name === call.back?.name && open.length > 0) {
          yield* converse(stage, call, open, { rax: stage.register('rax') });
          break;
        }
        const external = call.externals[name];
        if (external === undefined) {
          stage.refuseExternal(entryPoint, Object.keys(call.externals));
          throw new NoVerdict(stage.problem);
        }
        const top = stage.register('rsp');
        // Where no stack is, the function outside could not return.
        if (!stage.isMapped(top)) return void (yield observed('fault', { vector: BigInt(VECTOR.PF) }));
        const parameters: Record<string, bigint> = {};
        for (let index = 0; index < external.parameters.length; index++)
          parameters[external.parameters[index]] = stage.parameter(index);
        if (external.query !== undefined) {
          stage.returnFromExternal(external.query(parameters));
          break;
        }
        if (external.converse !== undefined) {
          open.push(external.converse(parameters));
          yield* converse(stage, call, open, NO_ANSWER);
          break;
        }
        const shown = external.observe?.(parameters) ?? parameters;
        const answer = yield new Observed(callMoment(name), shown, stage.read(top), stage, external);
        external.apply?.(parameters, answer);
        stage.returnFromExternal(answer['rax'] ?? 0n);
        break;
      }
      case STOP.returned: {
        const { stray, below } = stage.survey();
        const shown = makeRoom(ending.layout);
        showEnd(stage, ending, shown);
        const { words, at } = shown;
        const { index } = ending.kept;
        put(words, at, index(VECTOR_STATE), changedVectorState(stage.machine.state, stage.memory) & ending.kept.vector);
        put(words, at, index('stray'), stray === undefined ? 0 : 1);
        put(words, at, index('below'), below === undefined ? 0 : 1);
        const sites =
          stray === undefined && below === undefined
            ? NO_SITES
            : { ...(stray !== undefined && { stray }), ...(below !== undefined && { below }) };
        return void (yield new Observed('return', shown, entryPoint, stage, { entry, sites, places: outputs }));
      }
      case STOP.stopped:
        return void (yield observed('stop', {}, callerOf(stage)));
      case STOP.trapped:
        return void (yield observed('trap', { vector: BigInt(stage.detail) }));
      case STOP.faulted:
        return void (yield observed('fault', { vector: BigInt(stage.detail) }));
      case STOP.budget:
        return void (yield observed('endless', {}));
      default:
        throw new NoVerdict(stage.problem);
    }
  }
}

const NO_ANSWER: Values = {};

/** The function on top goes on to its next call back, or to its return. */
function* converse(
  stage: ProgramStage,
  { back }: Call,
  open: Conversation[],
  given: Values,
): Generator<Observed, void, Values> {
  const conversation = open[open.length - 1];
  let turn = conversation.next(given);
  while (turn.done !== true && 'moment' in turn.value) {
    const { moment, values } = turn.value;
    turn = conversation.next(yield new Observed(moment, values, stage.read(stage.register('rsp')), stage));
  }
  if (turn.done === true) {
    open.pop();
    stage.returnFromExternal(turn.value);
  } else if ('call' in turn.value) {
    if (back === undefined) throw new Error('a function outside calls back, and the call says no way back');
    stage.callBack(turn.value.call, turn.value.parameters, back.address);
  }
}

/** Where a function that never returns was called, as far as the stack says it. */
function callerOf(stage: ProgramStage): bigint {
  const top = stage.register('rsp');
  return stage.isMapped(top) ? stage.read(top) : stage.rip;
}

/** One string for each function: a new one would have to be hashed wherever it is looked up. */
const CALL_MOMENTS = new Map<string, string>();

function callMoment(name: string): string {
  let moment = CALL_MOMENTS.get(name);
  if (moment === undefined) CALL_MOMENTS.set(name, (moment = `call ${name}`));
  return moment;
}

type Outputs = Readonly<Record<string, Place>>;

const NO_OUTPUTS: Outputs = {};
const NO_SITES = {};
const REFUSED = { refused: true };

/** Of a return: the result, and what a function of a convention keeps. */
interface Kept {
  readonly names: readonly string[];
  /** Where a name is among them. */
  readonly index: (name: string) => number;
  /** Numbers of the callee-saved registers, which lie behind the flags. */
  readonly calleeSaved: readonly number[];
  /** Bits of `changedVectorState` that count. */
  readonly vector: number;
  /** By the names of outputs: one layout for the same names, since clauses find their values by it. */
  readonly layouts: Map<string, Layout>;
}

/** RAX, IF and the other flags. */
const FIRST_SAVED = 3;
const ALL_VECTOR_STATE = 0x3ffff;
const KEPT = new Map<Convention, Kept>();

function keptBy(convention: Convention): Kept {
  let kept = KEPT.get(convention);
  if (kept === undefined) {
    const { calleeSaved, firstVectorSaved } = convention;
    const names = ['rax', 'if', 'flags', ...calleeSaved, 'rsp', VECTOR_STATE, 'stray', 'below'];
    const indices = new Map(names.map((name, index) => [name, index]));
    kept = {
      names,
      index: (name) => indices.get(name) ?? -1,
      calleeSaved: calleeSaved.map((name) => REGISTER_INDEX[name]),
      // Programs by System V are kernel code, which keeps all of it.
      vector: firstVectorSaved === 16 ? ALL_VECTOR_STATE : ALL_VECTOR_STATE & ~((1 << firstVectorSaved) - 1),
      layouts: new Map(),
    };
    KEPT.set(convention, kept);
  }
  return kept;
}

/** How the return of a call is shown. */
interface Ending {
  readonly kept: Kept;
  readonly layout: Layout;
  readonly outputs: readonly { readonly low: number; readonly high: number; readonly place: Place }[];
}

/** Calls that lay out the same structures name the same outputs: they are looked through once. */
const ENDINGS = new WeakMap<Outputs, Ending>();

function endingOf(outputs: Outputs, convention: Convention): Ending {
  const kept = keptBy(convention);
  let ending = ENDINGS.get(outputs);
  if (ending?.kept !== kept) {
    const places = Object.values(outputs);
    ending = {
      kept,
      layout: layoutOf(kept, Object.keys(outputs)),
      outputs: places.map((place) => ({ low: lowHalf(place.address), high: highHalf(place.address), place })),
    };
    ENDINGS.set(outputs, ending);
  }
  return ending;
}

function layoutOf({ names, layouts }: Kept, outputs: readonly string[]): Layout {
  const key = outputs.join();
  let layout = layouts.get(key);
  if (layout === undefined) layouts.set(key, (layout = new Layout([...names, ...outputs])));
  return layout;
}

function put(words: Int32Array, at: number, index: number, low: number): void {
  words[at + 2 * index] = low;
  words[at + 2 * index + 1] = 0;
}

/** What must be at the return, too: nothing went astray, and the return takes the return address from the stack. */
function atEntry(stage: ProgramStage, ending: Ending): AtEntry {
  const shown = makeRoom(ending.layout);
  showEnd(stage, ending, shown);
  const { words, at } = shown;
  const { index, names } = ending.kept;
  writeHalves(words, at + 2 * index('rsp'), stage.register('rsp') + 8n);
  put(words, at, index(VECTOR_STATE), 0);
  put(words, at, index('stray'), 0);
  put(words, at, index('below'), 0);
  return { shown, keptTo: names.length };
}

/** Registers, flags and outputs as they are. */
function showEnd(stage: ProgramStage, { kept, outputs }: Ending, { words, at }: NamedWords): void {
  const { machine } = stage;
  const { state } = machine;
  words[at] = state[2 * REGISTER_INDEX.rax];
  words[at + 1] = state[2 * REGISTER_INDEX.rax + 1];
  const flags = state[2 * STATE.RFLAGS];
  put(words, at, kept.index('if'), (flags & FLAG.IF) === 0 ? 0 : 1);
  put(words, at, kept.index('flags'), flags & SYSTEM_FLAGS);
  let to = at + 2 * FIRST_SAVED;
  for (const register of kept.calleeSaved) {
    words[to++] = state[2 * register];
    words[to++] = state[2 * register + 1];
  }
  words[to++] = state[2 * REGISTER_INDEX.rsp];
  words[to] = state[2 * REGISTER_INDEX.rsp + 1];
  to = at + 2 * kept.names.length;
  for (const { low, high, place } of outputs) {
    // Not mapped: the stage says so.
    if (!machine.peek64(low, high)) stage.read(place.address, place.bytes);
    words[to++] = place.bytes === 8 ? machine.peekLow : machine.peekLow & MASKS[place.bytes];
    words[to++] = place.bytes === 8 ? machine.peekHigh : 0;
  }
}

const MASKS = { 1: 0xff, 2: 0xffff, 4: -1 } as const;
