/**
 * One run as WebAssembly: calls the translated code, and acts on everything at which it is left, as src/stage/stage.ts and
 * src/harness/harness.ts do. What is too rare to be worth it is left to the reference: the run is given up.
 */
import { INSTRUCTION_BUDGET } from '../harness/harness.js';
import { END, FACT, type Moment, MOMENT, VECTOR as VECTOR_STATE } from '../observation/layout.js';
import { SLOT } from '../scenario/layout.js';
import { HANDLER_FRAME, REGIONS } from '../stage/layout.js';
import {
  all,
  any,
  copyWords,
  discard,
  giveBack,
  i32,
  type I32,
  i64,
  type I64,
  loop,
  select,
  seq,
  type Statement,
  when,
} from '../wasm/code.js';
import type { FunctionHandle, Scope } from '../wasm/module.js';
import { ENVIRONMENT } from '../x86/environment.js';
import { VECTOR } from '../x86/exit.js';
import { FLAG } from '../x86/flags.js';
import { CONTROL, SLOT as STATE, UNDO_WORDS } from '../x86/layout.js';
import type { PageRange } from '../x86/later-pages.js';
import { PERMISSION } from '../x86/memory.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import type { TranslatedCode } from '../x86/wasm/engine.js';
import { RETURN } from '../x86/wasm/emitter.js';
import { type AnswerInput, answerTdcall, REGISTER_BYTES } from './emit-answer.js';
import { PAGE_FILL } from './emit-page-fill.js';
import { mixPath } from './emit-catch-up.js';
import { copyVector, enter, type EnterInput } from './emit-enter.js';
import { undoWrites, withPresentUndo } from './emit-undo.js';
import { EXIT, EXIT_BYTES, LEFT } from './layout.js';

/** Entries of the undo list for the caller's side and an interrupt handler. */
const UNDO_RESERVED = 128;
const { rsp: RSP } = REGISTER_INDEX;

/** What a run returns. */
export const RUN = { done: 0, givenUp: 1 } as const;

export interface RunInput extends EnterInput {
  code: TranslatedCode;
  /** The translated code: (stop, end, interruptKind). */
  quick: FunctionHandle;
  exact: FunctionHandle;
  /** The rule that answers TDCALL. */
  answer: AnswerInput;
  /** Whether the image wants pages writable and executable: writing there has no verdict. */
  writableCode: boolean;
  blockSize: number;
  /** Pages that are mapped when somebody else than the lane touches them. */
  laterPages: readonly PageRange[];
}

/** Instructions that a run may have before it is given up: budget, events and undo list have room for them. */
function instructionLimit({ quick, exact, layout }: TranslatedCode): number {
  const events = Math.max(quick.maxEvents, exact.maxEvents);
  const undo = Math.max(quick.maxUndo, exact.maxUndo) / UNDO_WORDS;
  return Math.min(
    INSTRUCTION_BUDGET,
    // The events of a companion lie behind those of the base run.
    Math.floor(layout.eventCapacity / (2 * events)),
    Math.floor((layout.undoEntries - UNDO_RESERVED) / undo),
  );
}

/** What a run is for: in which memory, and which register files of it anybody reads afterwards. */
export interface RunRole {
  memory: 0 | 1;
  moments: ReadonlySet<Moment>;
}

/**
 * Adds `perform(scenario, answers, observation)` for a role: takes back what the last run wrote, places everything, and runs.
 * It returns RUN.
 *
 * `answers` is a scenario too: what the world does is taken from there.
 */
export function emitRun(
  input: RunInput,
  { memory, moments }: RunRole,
  catchUp: FunctionHandle,
  fillPage: FunctionHandle,
): FunctionHandle {
  const { module, layout, lane, code, vector } = input;
  const limit = instructionLimit(code);
  return module.function('', 3, (scope) => {
    const [scenario, answers, observation] = scope.parameters;
    const kind = scope.i32();
    const stop = scope.i32();
    const exact = scope.i32();
    const left = scope.i32();
    const exit = scope.i32();
    const mix = mixPath(scope, input);
    const control = (word: number): I32 => i32.load(layout.control, 4 * word);
    const setControl = (word: number, value: I32): Statement => i32.store(layout.control, 4 * word, value);
    const count = control(CONTROL.INSTRUCTION_COUNT);
    const fact = (slot: number): I32 => i32.load(observation.get, 8 * slot);
    const setFact = (slot: number, value: I32): Statement => i32.store(observation.get, 8 * slot, value);
    const giveUp = giveBack(i32.const(RUN.givenUp));
    const end = (how: I32, detail: I32): Statement => seq(setFact(FACT.end, how), setFact(FACT.endDetail, detail));
    const rip = (value: I64): Statement => i64.store(layout.slots, 8 * STATE.RIP, value);
    const detail = i32.load(exit.get, EXIT.detail);
    const at = i32.and(i32.load(answers.get, 8 * SLOT.faultAt), i32.const(0xffff));
    const pending = all(i32.ne(kind.get, i32.const(0)), i32.geU(count, at));
    /** An NMI always; a maskable interrupt with IF = 1 and no shadow. */
    const due = any(
      i32.eq(kind.get, i32.const(2)),
      all(
        i32.ne(i32.and(i32.load(layout.slots, 8 * STATE.RFLAGS), i32.const(FLAG.IF)), i32.const(0)),
        i32.ne(control(CONTROL.SHADOW_AT), count),
      ),
    );
    const deliver = seq(
      setFact(FACT.interrupts, i32.add(fact(FACT.interrupts), i32.const(1))),
      i32.store(lane.interruptedAt, 0, i32.load(layout.slots, 8 * STATE.RIP)),
      setControl(CONTROL.INTERRUPT_KIND, i32.const(0)),
      when(i32.eq(kind.get, i32.const(2)), setControl(CONTROL.SHADOW_AT, i32.const(-1))),
      handlerTraces(scope, input, memory, answers.get),
    );
    /** The plan is over; the rest of the run needs no look at every boundary. */
    const unplan = seq(kind.set(i32.const(0)), stop.set(i32.const(limit)));
    const planned = i32.load(answers.get, 8 * SLOT.faultKind);
    const conclude = seq(
      ...(moments.has('final') ? [copyWords(observation.get, 8 * MOMENT.final, layout.slots, 0, REGISTER_BYTES)] : []),
      ...(vector ? [copyVector(observation.get, VECTOR_STATE.final, layout)] : []),
      setFact(FACT.instructions, count),
      i64.store(observation.get, 8 * FACT.path, i64.load(layout.control, 4 * CONTROL.PATH_HASH_LOW)),
      giveBack(i32.const(RUN.done)),
    );

    const environment = seq(
      when(i32.ne(detail, i32.const(ENVIRONMENT.Tdcall)), giveUp),
      answerTdcall(scope, input.answer, answers, observation, moments.has('call')),
      rip(i64.load(exit.get, EXIT.next)),
      setControl(CONTROL.INSTRUCTION_COUNT, i32.add(count, i32.const(1))),
      mix(i64.load(exit.get, EXIT.rip)),
      ...(moments.has('answer')
        ? [
            when(
              i32.eq(fact(FACT.calls), i32.const(1)),
              copyWords(observation.get, 8 * MOMENT.answer, layout.slots, 0, REGISTER_BYTES),
            ),
          ]
        : []),
      exact.set(pending),
    );
    const boundary = seq(
      when(i32.geS(count, i32.const(limit)), giveUp),
      when(i32.eqz(kind.get), giveUp),
      rip(i64.load(exit.get, EXIT.rip)),
      when(
        exact.get,
        seq(deliver, unplan),
        // The interrupt comes within the block: from here on every boundary is looked at.
        exact.set(i32.const(1)),
      ),
    );
    const trap = seq(discard(catchUp.call(exit.get)), end(i32.const(END.trapped), detail), conclude);
    const address = i64.load(code.engine.access);
    const pageFault = seq(
      end(i32.const(END.faulted), i32.const(VECTOR.PF)),
      i64.store(observation.get, 8 * FACT.faultAddress, address),
      setFact(
        FACT.faultOnBlock,
        i64.ltU(i64.sub(address, i64.load(lane.blockAddress)), i64.const(BigInt(input.blockSize))),
      ),
      conclude,
    );
    const access = seq(
      discard(catchUp.call(exit.get)),
      exact.set(i32.const(1)),
      left.set(fillPage.call(i32.and(detail, i32.const(0xff)), i32.shrU(detail, i32.const(8)))),
      when(i32.eq(left.get, i32.const(PAGE_FILL.givenUp)), giveUp),
      when(
        left.get,
        seq(
          ...(input.writableCode ? [when(i32.and(detail, i32.const(PERMISSION.Write << 8)), giveUp)] : []),
          pageFault,
        ),
      ),
    );

    return [
      seq(
        undoWrites(scope, layout),
        enter(scope, input, memory, scenario, observation, moments.has('initial')),
        kind.set(select(i32.ltU(i32.sub(planned, i32.const(1)), i32.const(2)), planned, i32.const(0))),
        setControl(CONTROL.INTERRUPT_KIND, kind.get),
        setControl(CONTROL.INTERRUPT_AT, at),
        stop.set(select(all(i32.ne(kind.get, i32.const(0)), i32.ltU(at, i32.const(limit))), at, i32.const(limit))),
        exact.set(i32.const(0)),
        loop((again) =>
          seq(
            when(
              exact.get,
              seq(
                left.set(input.exact.call(stop.get, i32.const(limit), kind.get)),
                exit.set(i32.add(i32.const(lane.exactExits), i32.mul(left.get, i32.const(EXIT_BYTES)))),
              ),
              seq(
                left.set(input.quick.call(stop.get, i32.const(limit), i32.const(0))),
                exit.set(i32.add(i32.const(lane.quickExits), i32.mul(left.get, i32.const(EXIT_BYTES)))),
              ),
            ),
            when(
              i32.ltS(left.get, i32.const(0)),
              seq(
                when(
                  // At an external, where a pending interrupt comes first; the exact variant says it does not know.
                  any(i32.eq(left.get, i32.const(RETURN.UNKNOWN)), pending),
                  seq(
                    when(
                      i32.eqz(kind.get),
                      seq(i64.store(lane.unknownAt, 0, i64.load(layout.slots, 8 * STATE.RIP)), giveUp),
                    ),
                    when(due, deliver),
                    unplan,
                    exact.set(i32.const(1)),
                    again(),
                  ),
                ),
                left.set(i32.sub(i32.const(RETURN.EXTERNAL), left.get)),
                end(i32.load(i32.shl(left.get, i32.const(2)), lane.externals), left.get),
                when(i32.eq(fact(FACT.end), i32.const(END.unknown)), giveUp),
                conclude,
              ),
            ),
            left.set(i32.load(exit.get, EXIT.kind)),
            when(i32.eq(left.get, i32.const(LEFT.environment)), seq(environment, again())),
            when(i32.eq(left.get, i32.const(LEFT.access)), seq(access, again())),
            when(i32.eq(left.get, i32.const(LEFT.boundary)), seq(boundary, again())),
            when(i32.eq(left.get, i32.const(LEFT.trap)), trap),
            giveUp,
          ),
        ),
      ),
      i32.const(RUN.givenUp),
    ];
  });
}

/** The handler runs on the same stack and leaves its traces below RSP. */
function handlerTraces(scope: Scope, input: RunInput, memory: 0 | 1, scenario: I32): Statement {
  const { layout } = input;
  const { stack } = REGIONS[memory];
  const offset = scope.i64();
  const place = scope.i32();
  const last = scope.i32();
  return seq(
    offset.set(i64.sub(i64.load(layout.slots, 8 * RSP), i64.load(input.lane.stackAddress))),
    when(
      any(
        i64.ltU(offset.get, i64.const(BigInt(HANDLER_FRAME))),
        i64.ltU(i64.const(BigInt(stack.size)), offset.get),
        i32.and(i32.wrap(offset.get), i32.const(7)),
      ),
      giveBack(i32.const(RUN.givenUp)),
    ),
    place.set(i32.add(i32.wrap(offset.get), i32.load(input.lane.stackStart))),
    last.set(i32.sub(place.get, i32.const(HANDLER_FRAME))),
    withPresentUndo(scope, layout, (undo) =>
      seq(
        loop((again) =>
          seq(
            place.set(i32.sub(place.get, i32.const(8))),
            undo.poke(place.get, i64.load(scenario, 8 * SLOT.faultValue)),
            again(i32.ne(place.get, last.get)),
          ),
        ),
        undo.store,
      ),
    ),
  );
}
