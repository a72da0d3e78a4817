/**
 * Batches: one run of fast-check draws four words, from which hundreds of scenarios follow in linear memory. A batch is
 * still an ordinary value: it shrinks first to the one scenario that fails, then as that scenario does (shrink.ts), and
 * seed and path lead to the same values again.
 */
import type fc from 'fast-check';
import { ModuleBuilder } from '../wasm/module.js';
import { createLinearMemory, instantiateFunctions } from '../wasm/host.js';
import { emitDraw, SCENARIO_BYTES, STATE_BYTES } from './draw-code.js';
import { drawTables } from './draw-tables.js';
import { DrawnArbitrary, type StreamWords } from './drawn-arbitrary.js';
import { SCENARIO_SLOTS, type Scenario } from './layout.js';
import { shrinkScenario } from './shrink.js';
import type { ScenarioSpace } from './space.js';

/** Scenarios that were drawn together. */
export interface ScenarioBatch {
  /** Where the stream starts; undefined for a batch that was made by shrinking. */
  readonly words: StreamWords | undefined;
  /** At least 1. */
  readonly count: number;
  /** All of them, drawn when they are asked for. */
  scenarios(): Scenario[];
}

type Draw = () => number;
type Seed = (a: number, b: number, c: number, d: number) => number;

/** Draws scenarios of one space; src/bulk draws the same ones from the same words. */
class Drawer {
  private readonly draw: Draw;
  private readonly seed: Seed;
  private readonly scenario: Int32Array;

  constructor(space: ScenarioSpace) {
    const at = { state: 0, scenario: STATE_BYTES, tables: STATE_BYTES + SCENARIO_BYTES };
    const tables = drawTables(space, at);
    const memory = createLinearMemory(at.tables + tables.length);
    new Uint8Array(memory.buffer).set(tables, at.tables);
    const module = new ModuleBuilder(memory.pages);
    emitDraw(module, space, at);
    const functions = instantiateFunctions(module.encode(), memory, {});
    this.draw = functions.draw as Draw;
    this.seed = functions.seed as Seed;
    this.scenario = new Int32Array(memory.buffer, at.scenario, 2 * SCENARIO_SLOTS);
  }

  /** Shows the first `count` scenarios of a stream, one after the other in the same place. */
  stream(words: StreamWords, count: number, visit: (scenario: Scenario, index: number) => void): void {
    this.seed(...words);
    for (let index = 0; index < count; index++) {
      this.draw();
      visit(this.scenario, index);
    }
  }
}

const DRAWERS = new WeakMap<ScenarioSpace, Drawer>();

/**
 * Shows the first `count` scenarios of the stream that four words start. The bounds of the space are read when it is first used.
 *
 * @param visit gets each scenario in the same place: it must copy what it keeps, and draw none of this space itself
 */
export function eachScenario(
  space: ScenarioSpace,
  words: StreamWords,
  count: number,
  visit: (scenario: Scenario, index: number) => void,
): void {
  let drawer = DRAWERS.get(space);
  if (drawer === undefined) DRAWERS.set(space, (drawer = new Drawer(space)));
  drawer.stream(words, count, visit);
}

/** The first `count` scenarios of the stream that four words start, each a value of its own. */
export function drawScenarios(space: ScenarioSpace, words: StreamWords, count: number): Scenario[] {
  const drawn: Scenario[] = [];
  eachScenario(space, words, count, (scenario) => drawn.push(scenario.slice()));
  return drawn;
}

/** A batch of one scenario. */
export function batchOf(scenario: Scenario): ScenarioBatch {
  return { words: undefined, count: 1, scenarios: () => [scenario] };
}

/** Batches of `count` scenarios of one target. */
export function batches(space: ScenarioSpace, count: number): fc.Arbitrary<ScenarioBatch> {
  return new DrawnArbitrary({
    draw: (words) => drawBatch(space, words, count),
    simpler: (batch) => simplerBatches(batch, space),
    canShrink: (value): value is ScenarioBatch => typeof value === 'object' && value !== null && 'scenarios' in value,
  });
}

function drawBatch(space: ScenarioSpace, words: StreamWords, count: number): ScenarioBatch {
  let drawn: Scenario[] | undefined;
  return { words, count, scenarios: () => (drawn ??= drawScenarios(space, words, count)) };
}

function* simplerBatches(batch: ScenarioBatch, space: ScenarioSpace): Generator<ScenarioBatch> {
  const scenarios = batch.scenarios();
  // A batch of one that was drawn becomes a batch of plain values first: what follows needs no words.
  const candidates = batch.words === undefined ? shrinkScenario(scenarios[0], space) : scenarios;
  for (const scenario of candidates) yield batchOf(scenario);
}
