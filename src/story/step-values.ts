/** The values of a step by name, read from its words when somebody asks: most are asked for once or never. */
import type { Values } from '../../models/exchange/exchange.js';
import { readHalves } from '../halves.js';
import type { StoryStep } from './story.js';

/** How values lie under names: one class for each list of names, so that a read is as quick as a field. */
type ViewClass = new (words: Int32Array, facts: Values) => Values;

abstract class View {
  constructor(
    private readonly words: Int32Array,
    private readonly facts: Values,
  ) {}

  /** @param facts names that are looked up among the facts instead */
  static over(names: readonly string[], facts: ReadonlySet<string>): ViewClass {
    class OwnView extends View {}
    const define = (name: string, get: (this: View) => bigint): unknown =>
      Object.defineProperty(OwnView.prototype, name, { get });
    names.forEach((name, index) => {
      if (facts.has(name)) return;
      define(name, function read(this: View) {
        return readHalves(this.words, 2 * index);
      });
    });
    for (const name of facts)
      define(name, function read(this: View) {
        return this.facts[name];
      });
    return OwnView as unknown as ViewClass;
  }

  /** The same values with more facts beside them; undefined for values that are no view. */
  static with(values: Values, more: Values): Values | undefined {
    const classes = values instanceof View ? KNOWN.get(values.constructor) : undefined;
    if (!(values instanceof View) || classes === undefined) return undefined;
    const facts = values.facts === NO_FACTS ? more : { ...values.facts, ...more };
    const names = Object.keys(facts);
    const key = names.join();
    let Both = classes.withFacts.get(key);
    if (Both === undefined) {
      Both = View.over(classes.names, new Set(names));
      classes.withFacts.set(key, Both);
      KNOWN.set(Both, classes);
    }
    return new Both(values.words, facts);
  }
}

const NO_FACTS: Values = {};
/** What the values of an action are made with, beside facts of these names. */
interface Classes {
  readonly names: readonly string[];
  readonly withFacts: Map<string, ViewClass>;
}

/** A class of views -> how others of the same names are made. */
const KNOWN = new WeakMap<object, Classes>();

/** Makes the values of steps that have these names. */
export function stepMaker(action: string, names: readonly string[]): (words: Int32Array) => StoryStep {
  const Alone = View.over(names, new Set());
  KNOWN.set(Alone, { names, withFacts: new Map() });
  return (words) => ({ action, values: new Alone(words, NO_FACTS) });
}

/** The values of a step, and what follows from them or takes their place. */
export function withFacts(values: Values, facts: Values | undefined): Values {
  return facts === undefined ? values : (View.with(values, facts) ?? { ...values, ...facts });
}
