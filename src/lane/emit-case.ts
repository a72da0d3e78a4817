/** A whole case as WebAssembly, and the loop over a batch of them. */
import type { PredictionRule } from '../../models/predict/rule.js';
import type { Judge } from '../judge/judge.js';
import { FACT, MOMENT } from '../observation/layout.js';
import { SCENARIO_BYTES } from '../scenario/draw-code.js';
import { PLACE, SLOT } from '../scenario/layout.js';
import type { ScenarioSpace } from '../scenario/space.js';
import {
  any,
  block,
  copy,
  discard,
  giveBack,
  i32,
  type I32,
  i64,
  loop,
  seq,
  type Statement,
  when,
} from '../wasm/code.js';
import type { FunctionHandle } from '../wasm/module.js';
import { ClassCode, countBoundary, notePath } from './emit-classes.js';
import { guestCompanion, hostCompanion } from './emit-companion.js';
import { readBlock } from './emit-enter.js';
import { PATHS } from './layout.js';
import { JudgeCode } from './emit-judge.js';
import type { RunInput } from './emit-run.js';

export interface CaseInput {
  space: ScenarioSpace;
  judge: Judge;
  rules: readonly PredictionRule[];
  /** Bytes of the function's code. */
  size: number;
  seed: FunctionHandle;
  draw: FunctionHandle;
  /** The base run, companion G and companion H; and a run that nobody looks at but for its final registers. */
  runs: readonly [FunctionHandle, FunctionHandle, FunctionHandle];
  bare: FunctionHandle;
  survey: FunctionHandle;
  sameAccesses: FunctionHandle;
  sameAccessesToHost: FunctionHandle;
}

/** What a case returned: whether the reference has to judge it. */
const CASE = { clean: 0, suspect: 1 } as const;

/** Adds `batch(a, b, c, d, count)`, which returns suspects | fresh paths << 16. @returns the names of the classes */
export function emitCase(input: RunInput, target: CaseInput): readonly string[] {
  const { module, lane } = input;
  const { judge, runs, survey, space } = target;
  const [base, guest, host] = lane.observations;
  const scenarios = lane.scenarios;
  const fact = (observation: number, slot: number): I32 => i32.load(observation, 8 * slot);
  let names: readonly string[] = [];

  const run = (number: 0 | 1 | 2): Statement => {
    const scenario = i32.const(scenarios[number === 1 ? 1 : 0]);
    const answers = i32.const(scenarios[number === 2 ? 2 : 0]);
    const observation = i32.const(lane.observations[number]);
    return when(runs[number].call(scenario, answers, observation), giveBack(i32.const(CASE.suspect)));
  };
  /** A companion that ended otherwise, or called more or less often, is for the reference to judge. */
  const alike = (other: number): Statement =>
    when(
      any(...[FACT.end, FACT.calls, FACT.hostExits].map((slot) => i32.ne(fact(base, slot), fact(other, slot)))),
      giveBack(i32.const(CASE.suspect)),
    );

  const one = module.function('one', 0, (scope) => {
    const companions = scope.i32();
    const same = scope.i32();
    const sameToHost = scope.i32();
    const suspect = scope.i32();
    const interrupted = scope.i32();
    const hasGuest = judge.needsGuest ? companions.get : i32.const(0);
    const hasHost = judge.needsHost ? companions.get : i32.const(0);
    const overlaps =
      input.compiled.blockParameter === undefined
        ? i32.const(0)
        : i32.eq(i32.load(scenarios[0], 8 * SLOT.blockPlace), i32.const(PLACE.overlapsStack));
    const judgeCode = new JudgeCode(scope, {
      judge,
      compiled: input.compiled,
      rules: target.rules,
      lane,
      hasGuest,
      hasHost,
      sameAccesses: same.get,
      sameAccessesToHost: sameToHost.get,
    });
    const classes = new ClassCode(scope, lane, space);
    names = classes.names;
    const verdict = judgeCode.judge(suspect);
    const count = i32.add(
      i32.const(1),
      i32.mul(companions.get, i32.const(Number(judge.needsGuest) + Number(judge.needsHost))),
    );
    return [
      seq(
        // A table of paths that is half full: code with so many is better off on the reference.
        when(i32.geU(i32.load(lane.pathCount), i32.const(PATHS / 2)), giveBack(i32.const(CASE.suspect))),
        i32.store(lane.eventStart, 0, i32.const(0)),
        run(0),
        interrupted.set(i32.load(lane.interruptedAt)),
        readBlock(input, i32.const(scenarios[0]), i32.const(base)),
        discard(survey.call(i32.const(scenarios[0]), i32.const(base))),
        companions.set(i32.and(i32.ne(fact(base, FACT.hostExits), i32.const(0)), i32.eqz(overlaps))),
        when(
          companions.get,
          seq(
            i32.store(lane.eventStart, 0, i32.load(lane.baseEvents)),
            ...(judge.needsGuest
              ? [
                  guestCompanion(
                    scope,
                    space,
                    scenarios[0],
                    scenarios[1],
                    lane.guestMasks,
                    i32.and(fact(base, MOMENT.call + 1), i32.const(0xffff)),
                  ),
                  ...(judge.comparesAccesses ? [i64.store(lane.baseBlock, 0, i64.load(lane.blockAddress))] : []),
                  run(1),
                  alike(guest),
                  ...(judge.comparesAccesses ? [sameToHost.set(target.sameAccessesToHost.call())] : []),
                ]
              : []),
            ...(judge.needsHost
              ? [
                  hostCompanion(scope, space, scenarios[0], scenarios[2], lane.hostMasks),
                  run(2),
                  alike(host),
                  same.set(target.sameAccesses.call()),
                ]
              : []),
          ),
        ),
        verdict,
        when(suspect.get, giveBack(i32.const(CASE.suspect))),
        i32.store(lane.interruptedAt, 0, interrupted.get),
        classes.count(),
        countBoundary(scope, lane, Number(BigInt.asIntN(32, input.entry)), target.size),
        i32.store(lane.executions, 0, i32.add(i32.load(lane.executions), count)),
        notePath(scope, lane),
      ),
      i32.const(CASE.clean),
    ];
  });

  module.function('batch', 5, (scope) => {
    const [a, b, c, d, count] = scope.parameters;
    const index = scope.i32();
    const suspects = scope.i32();
    return [
      seq(
        i32.store(lane.freshCount, 0, i32.const(0)),
        discard(target.seed.call(a.get, b.get, c.get, d.get)),
        block((leave) =>
          loop((again) =>
            seq(
              leave(i32.geU(index.get, count.get)),
              discard(target.draw.call()),
              when(
                one.call(),
                seq(
                  i32.store(i32.shl(suspects.get, i32.const(2)), lane.suspectIndex, index.get),
                  copy(
                    i32.mul(suspects.get, i32.const(SCENARIO_BYTES)),
                    lane.suspects,
                    scenarios[0],
                    0,
                    SCENARIO_BYTES,
                  ),
                  suspects.set(i32.add(suspects.get, i32.const(1))),
                ),
              ),
              index.set(i32.add(index.get, i32.const(1))),
              again(),
            ),
          ),
        ),
      ),
      i32.or(suspects.get, i32.shl(i32.load(lane.freshCount), i32.const(16))),
    ];
  });
  emitExecutions(input, target);
  return names;
}

/**
 * Adds what benchmarks measure: `fill(a, b, c, d, count)` draws scenarios to where suspects lie, and
 * `execute(count, scenarios)` runs them in turn, without companions and unjudged.
 */
function emitExecutions({ module, lane }: RunInput, { seed, draw, bare }: CaseInput): void {
  const [scenario] = lane.scenarios;
  const observation = i32.const(lane.observations[0]);
  module.function('fill', 5, (scope) => {
    const [a, b, c, d, count] = scope.parameters;
    const at = scope.i32();
    return [
      seq(
        discard(seed.call(a.get, b.get, c.get, d.get)),
        at.set(i32.const(lane.suspects)),
        loop((again) =>
          seq(
            discard(draw.call()),
            copy(at.get, 0, scenario, 0, SCENARIO_BYTES),
            at.set(i32.add(at.get, i32.const(SCENARIO_BYTES))),
            count.set(i32.sub(count.get, i32.const(1))),
            again(count.get),
          ),
        ),
      ),
      i32.const(0),
    ];
  });
  module.function('execute', 2, (scope) => {
    const [count, scenarios] = scope.parameters;
    const at = scope.i32();
    const end = scope.i32();
    const failed = scope.i32();
    return [
      seq(
        i32.store(lane.eventStart, 0, i32.const(0)),
        at.set(i32.const(lane.suspects)),
        end.set(i32.add(at.get, i32.mul(scenarios.get, i32.const(SCENARIO_BYTES)))),
        loop((again) =>
          seq(
            failed.set(i32.add(failed.get, bare.call(at.get, at.get, observation))),
            at.set(i32.add(at.get, i32.const(SCENARIO_BYTES))),
            when(i32.geU(at.get, end.get), at.set(i32.const(lane.suspects))),
            count.set(i32.sub(count.get, i32.const(1))),
            again(count.get),
          ),
        ),
      ),
      failed.get,
    ];
  });
}
