/** The values of a step by name, read from its words when somebody asks: most are asked for once or never. */
import { readHalves } from '../halves.js';
import type { StoryStep } from './story.js';

type Values = StoryStep['values'];

/** A class of values: one for each list of names, so that a read is as quick as a field. */
type ViewClass = new (words: Int32Array, facts: Values) => Values;

/** What the values of an action are made with. */
interface Classes {
  readonly names: readonly string[];
  /** Constants, and then the names of facts -> values that have those, too. */
  readonly more: Map<Values, Map<string, ViewClass>>;
}

const NOTHING: Values = {};
/** A class of values -> how others of the same names are made. */
const KNOWN = new WeakMap<object, Classes>();

interface View {
  readonly words: Int32Array;
  readonly facts: Values;
}

/** @param facts names that are looked up among the facts first; the constants come last */
function viewClass(classes: Classes, facts: readonly string[], constants: Values): ViewClass {
  // No class is derived from another: that would double the time it takes to make one.
  class Own {
    readonly words: Int32Array;
    readonly facts: Values;
    constructor(words: Int32Array, given: Values) {
      this.words = words;
      this.facts = given;
    }
  }
  const define = (name: string, get: (this: View) => bigint): unknown =>
    Object.defineProperty(Own.prototype, name, { get, configurable: true });
  for (const [name, value] of Object.entries(constants)) define(name, () => value);
  classes.names.forEach((name, index) => {
    const at = 2 * index;
    define(name, function read(this: View) {
      return readHalves(this.words, at);
    });
  });
  for (const name of facts)
    define(name, function read(this: View) {
      return this.facts[name];
    });
  KNOWN.set(Own, classes);
  return Own as unknown as ViewClass;
}

/** Makes the values of steps that have these names. */
export function stepMaker(action: string, names: readonly string[]): (words: Int32Array) => StoryStep {
  const Own = viewClass({ names, more: new Map() }, [], NOTHING);
  return (words) => ({ action, values: new Own(words, NOTHING) });
}

/**
 * The values of a step, and what follows from them or takes their place.
 *
 * @param constants what stands for values that neither the step nor the facts have; the same object for the same action
 */
export function withFacts(values: Values, facts: Values = NOTHING, constants: Values = NOTHING): Values {
  if (facts === NOTHING && constants === NOTHING) return values;
  const classes = KNOWN.get(values.constructor);
  if (classes === undefined) return { ...constants, ...values, ...facts };
  const { words, facts: before } = values as unknown as View;
  const all = before === NOTHING ? facts : { ...before, ...facts };
  let byNames = classes.more.get(constants);
  if (byNames === undefined) classes.more.set(constants, (byNames = new Map()));
  const names = Object.keys(all);
  const key = names.join();
  let Own = byNames.get(key);
  if (Own === undefined) byNames.set(key, (Own = viewClass(classes, names, constants)));
  return new Own(words, all);
}
