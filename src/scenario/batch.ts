/**
 * The drawing of scenarios in WebAssembly: from four words follow hundreds of scenarios in linear memory, and a bulk runner
 * draws the same ones from the same words.
 */
import { ModuleBuilder } from '../wasm/module.js';
import { createLinearMemory, instantiateFunctions } from '../wasm/host.js';
import { emitDraw, scenarioBytes, STATE_BYTES } from './draw-code.js';
import { drawTables } from './draw-tables.js';
import type { StreamWords } from '../case/drawn-arbitrary.js';
import type { Scenario } from './layout.js';
import type { ScenarioSpace } from './space.js';

type Draw = () => number;
type Seed = (a: number, b: number, c: number, d: number) => number;

/** Draws scenarios of one space; src/lane draws the same ones from the same words. */
class Drawer {
  private readonly draw: Draw;
  private readonly seed: Seed;
  private readonly scenario: Int32Array;

  constructor(space: ScenarioSpace) {
    const at = { state: 0, scenario: STATE_BYTES, tables: STATE_BYTES + scenarioBytes(space) };
    const tables = drawTables(space, at);
    const memory = createLinearMemory(at.tables + tables.length);
    new Uint8Array(memory.buffer).set(tables, at.tables);
    const module = new ModuleBuilder(memory.pages);
    emitDraw(module, space, at);
    const functions = instantiateFunctions(module.encode(), memory, {});
    this.draw = functions.draw as Draw;
    this.seed = functions.seed as Seed;
    this.scenario = new Int32Array(memory.buffer, at.scenario, 2 * space.roles.length);
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
