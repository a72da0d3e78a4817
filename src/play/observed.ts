/** What the code under test did, as flat words: values have names where somebody asks for them by name. */
import type { Exchange, Values } from '../../models/exchange/exchange.js';
import { writeHalves } from '../halves.js';
import { Layout, makeRoom, NamedWords } from '../named-words.js';
import type { Place, ProgramStage } from '../stage/program-stage.js';

/** Of a return: what was at the entry of the function. */
export interface AtEntry {
  /** In the layout of the return. */
  readonly shown: NamedWords;
  /** Values from `KEPT_FROM` up to here are those that every function keeps; behind them lie its outputs. */
  readonly keptTo: number;
}

/** The values of a return before this are results. */
export const KEPT_FROM = 1;

/** What few exchanges have. */
export interface Particulars {
  readonly entry?: AtEntry | undefined;
  /** Of a return: the instruction behind a value that says that something went astray. */
  readonly sites?: Readonly<Record<string, bigint>> | undefined;
  /** Where values lie that are no registers. */
  readonly places?: Readonly<Record<string, Place>> | undefined;
  /** Of a TDVMCALL: the module refuses the exposure mask, and the host sees nothing. */
  readonly refused?: boolean | undefined;
  /** Of an external symbol: its parameters in the order of the convention's registers. */
  readonly parameters?: readonly string[] | undefined;
}

const NONE: Particulars = {};

/** An exchange, and where in the code and in the run it was. */
export class Observed implements Exchange {
  /** Hash of the way that the stage had gone by then: two runs with the same one executed the same instructions. */
  readonly pathLow: number;
  readonly pathHigh: number;
  /** Instructions that the stage had executed by then. */
  readonly instructions: number;
  /** The values as flat words, if they lie so. */
  readonly shown: NamedWords | undefined;
  readonly entry: AtEntry | undefined;
  readonly sites: Particulars['sites'];
  readonly places: Particulars['places'];
  readonly refused: boolean;
  readonly parameters: Particulars['parameters'];
  private named: Values | undefined;

  /** @param at The instruction that made it; of a return, the entry of the function. */
  constructor(
    readonly moment: string,
    shown: NamedWords | Values,
    readonly at: bigint,
    readonly stage: ProgramStage,
    particulars = NONE,
    where?: Pick<Observed, 'pathLow' | 'pathHigh' | 'instructions'>,
  ) {
    const { machine } = stage;
    this.pathLow = where === undefined ? machine.pathHashLow : where.pathLow;
    this.pathHigh = where === undefined ? machine.pathHashHigh : where.pathHigh;
    this.instructions = where === undefined ? machine.instructionCount : where.instructions;
    const isFlat = shown instanceof NamedWords;
    this.shown = isFlat ? shown : undefined;
    this.named = isFlat ? undefined : shown;
    this.entry = particulars.entry;
    this.sites = particulars.sites;
    this.places = particulars.places;
    this.refused = particulars.refused === true;
    this.parameters = particulars.parameters;
  }

  get values(): Values {
    return (this.named ??= this.shown?.record() ?? {});
  }

  /** Puts a value in place of what the code under test showed. */
  put(name: string, value: bigint): void {
    const { shown } = this;
    const at = shown?.layout.indexOf(name) ?? -1;
    if (shown !== undefined && at >= 0) writeHalves(shown.words, shown.at + 2 * at, value);
    this.named = { ...this.values, [name]: value };
  }

  /** Of a return: what the function must have kept, unless the reference says something else. */
  get kept(): Values | undefined {
    const { entry } = this;
    return entry?.shown.record(KEPT_FROM, entry.keptTo);
  }

  /** Of a return: what its outputs were at the entry. */
  get before(): Values | undefined {
    const { entry, places } = this;
    return entry === undefined || places === undefined || entry.shown.layout.names.length === entry.keptTo
      ? undefined
      : entry.shown.record(entry.keptTo);
  }

  /** The same in the eyes of somebody else, at the same place of the code and of the run. */
  as(moment: string, shown: NamedWords | Values, particulars: Particulars = this): Observed {
    return new Observed(moment, shown, this.at, this.stage, particulars, this);
  }
}

const NO_VALUES = makeRoom(new Layout([]));
/** Of a return that shows nothing of the function: it has kept all there is. */
export const NOTHING_KEPT: AtEntry = { shown: NO_VALUES, keptTo: KEPT_FROM };
