/**
 * One call of a function as a coroutine: it yields every exchange of the code with its surroundings and is given the
 * answer, up to the exchange with which the call ends: `return`, `stop`, `trap`, `fault` or `endless`.
 */
import type { Exchange, Values } from '../../models/exchange/exchange.js';
import { CALLEE_SAVED } from '../contract/compiled.js';
import type { Place, ProgramStage, StageCall } from '../stage/program-stage.js';
import { STOP } from '../stage/stage.js';
import { changedVectorState, VECTOR_STATE } from '../stage/vector-state.js';
import { answerSeamcall, seamcallValues, seamcallWrites } from '../world/module-calls.js';
import { isBehindSti } from '../world/sti.js';
import { ENVIRONMENT } from '../x86/environment.js';
import { VECTOR } from '../x86/exit.js';
import { FLAG } from '../x86/flags.js';

/** An exchange, and where in the code and in the run it was. */
export interface Observed extends Exchange {
  /** The instruction that made it; of a return, the entry of the function. */
  readonly at: bigint;
  /** Hash of the way that the stage had gone by then: two runs with the same one executed the same instructions. */
  readonly pathLow: number;
  readonly pathHigh: number;
  /** Instructions that the stage had executed by then. */
  readonly instructions: number;
  readonly stage: ProgramStage;
  /** Of a return: what the function must have kept, unless the reference says something else. */
  readonly kept?: Values;
  /** Of a return: what its outputs were at the entry. */
  readonly before?: Values;
  /** Of a return: the instruction behind a value that says that something went astray. */
  readonly sites?: Readonly<Record<string, bigint>>;
  /** Where values lie that are no registers. */
  readonly places?: Readonly<Record<string, Place>>;
  /** Of a TDVMCALL: the module refuses the exposure mask, and the host sees nothing. */
  readonly refused?: boolean;
  /** Of an external symbol: its parameters in the order of the convention's registers. */
  readonly parameters?: readonly string[];
}

/** A function outside the image. */
export interface ExternalFunction {
  /** Names of its parameters; pointers are values like any other. */
  readonly parameters: readonly string[];
  /** Answers at once, without an exchange: for what has no effect and may be asked in any order. @returns RAX */
  readonly query?: (parameters: Values) => bigint;
  /** Writes to memory what the answer says. RAX is `rax` of the answer. */
  readonly apply?: (parameters: Values, answer: Values) => void;
  /** Values to compare in place of the parameters, such as what a pointer points to. */
  readonly observe?: (parameters: Values) => Values;
}

export type ExternalFunctions = Readonly<Record<string, ExternalFunction>>;

export interface Call extends StageCall {
  readonly externals: ExternalFunctions;
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
  const entry = stage.rip;
  // The return takes the return address from the stack.
  const rsp = stage.register('rsp') + 8n;
  const kept = { ...keptValues(stage), rsp, [VECTOR_STATE]: 0n, stray: 0n, below: 0n };
  const before = outputsOf(stage, call);
  const observed = (moment: string, values: Values, at = stage.rip): Observed => ({
    moment,
    values,
    at,
    pathLow: stage.machine.pathHashLow,
    pathHigh: stage.machine.pathHashHigh,
    instructions: stage.machine.instructionCount,
    stage,
  });
  for (;;) {
    switch (stage.proceed()) {
      case STOP.environment:
        // The step is over before it is answered: a play may end with the exchange.
        stage.observer?.after(stage.machine, {});
        if (stage.detail === ENVIRONMENT.Tdcall) {
          const { moment, values, refused } = module.tdcall(stage.machine);
          if (moment === 'TDVMCALL') {
            values['if'] = (stage.flags & FLAG.IF) === 0 ? 0n : 1n;
            values['sti'] = isBehindSti(stage.machine) ? 1n : 0n;
          }
          const answer = yield { ...observed(moment, values), refused };
          stage.observer?.answered?.(module.tdcallWrites(answer));
          module.answerTdcall(stage.machine, answer);
          stage.completeEnvironment();
        } else if (stage.detail === ENVIRONMENT.Seamcall) {
          const answer = yield observed('SEAMCALL', seamcallValues(stage.machine));
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
        const external = call.externals[name];
        if (external === undefined) {
          stage.refuseExternal();
          throw new NoVerdict(stage.problem);
        }
        const top = stage.register('rsp');
        // Where no stack is, the function outside could not return.
        if (!stage.isMapped(top)) return void (yield observed('fault', { vector: BigInt(VECTOR.PF) }));
        const parameters = Object.fromEntries(external.parameters.map((name, index) => [name, stage.parameter(index)]));
        if (external.query !== undefined) {
          stage.returnFromExternal(external.query(parameters));
          break;
        }
        const shown = external.observe?.(parameters) ?? parameters;
        const answer = yield { ...observed(`call ${name}`, shown, stage.read(top)), parameters: external.parameters };
        external.apply?.(parameters, answer);
        stage.returnFromExternal(answer['rax'] ?? 0n);
        break;
      }
      case STOP.returned: {
        const { stray, below } = stage.survey();
        const values: Record<string, bigint> = {
          rax: stage.register('rax'),
          ...keptValues(stage),
          rsp: stage.register('rsp'),
          [VECTOR_STATE]: BigInt(changedVectorState(stage.machine.state, stage.memory)),
          stray: stray === undefined ? 0n : 1n,
          below: below === undefined ? 0n : 1n,
        };
        Object.assign(values, outputsOf(stage, call));
        const sites = { ...(stray !== undefined && { stray }), ...(below !== undefined && { below }) };
        const places = call.outputs === undefined ? {} : { places: call.outputs, before };
        return void (yield { ...observed('return', values, entry), kept, sites, ...places });
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

/** Where a function that never returns was called, as far as the stack says it. */
function callerOf(stage: ProgramStage): bigint {
  const top = stage.register('rsp');
  return stage.isMapped(top) ? stage.read(top) : stage.rip;
}

function outputsOf(stage: ProgramStage, { outputs = {} }: Call): Values {
  const values: Record<string, bigint> = {};
  for (const [name, { address, bytes }] of Object.entries(outputs)) values[name] = stage.read(address, bytes);
  return values;
}

function keptValues(stage: ProgramStage): Record<string, bigint> {
  const values: Record<string, bigint> = {
    if: (stage.flags & FLAG.IF) === 0 ? 0n : 1n,
    flags: BigInt(stage.flags & SYSTEM_FLAGS),
  };
  for (const name of CALLEE_SAVED.sysv) values[name] = stage.register(name);
  return values;
}
