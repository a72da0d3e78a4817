/**
 * Which properties say something of which row of the ABI tables, found by playing the built-in programs: a row that no
 * property was in force for is unchecked, whatever its table promises.
 */
import { errnoRow, type ErrnoMapName, SEAMCALL_ERRNO_ROWS } from '../../models/predict/wrapper/errno-maps.js';
import { stubStatus } from '../../models/predict/wrapper/seamcall.js';
import { EXIT_REASON } from '../../models/abi/exit-reasons.js';
import { TDVMCALL_FUNCTIONS, TDVMCALL_STATUS } from '../../models/abi/tdvmcall.js';
import type { Values } from '../../models/exchange/exchange.js';
import type { Play } from '../play/play.js';
import type { PlayRunner } from '../play/play-runner.js';
import { Dice } from '../case/dice.js';
import { drawStory } from '../story/case-space.js';
import { builtInPrograms } from './targets/built-in-targets.js';
import { createPlayRunner } from '../run/open-runner.js';

/** Stories of each program: enough for every row that a generator draws at all. */
const STORIES = 200;
/** Any four words: the same stories every time. */
const WORDS = [1, 2, 3, 4] as const;

export interface SubFunctionEvidence {
  number: number;
  name: string;
  source: string;
  verification: string;
  /** Properties that were in force where the sub-function was served, or refused for its operands; empty: unchecked. */
  checkedBy: string[];
  /** Properties that were in force where it was refused as unsupported. */
  refusedBy: string[];
}

export interface ErrnoEvidence {
  map: string;
  /** `0x...`, or `any other`. */
  status: string;
  errno: string;
  prints: string;
  source: string;
  checkedBy: string[];
}

export interface Evidence {
  subFunctions: SubFunctionEvidence[];
  errnos: ErrnoEvidence[];
}

/** Keys of rows -> names of properties. */
class Notes {
  private readonly found = new Map<string, Set<string>>();

  add(key: string, properties: readonly string[]): void {
    const known = this.found.get(key) ?? new Set<string>();
    for (const property of properties) known.add(property);
    this.found.set(key, known);
  }

  of(key: string): string[] {
    return [...(this.found.get(key) ?? [])].sort();
  }
}

/** @param stories of each built-in program */
export function gatherEvidence(stories = STORIES): Evidence {
  const notes = new Notes();
  for (const target of builtInPrograms()) {
    const runner = createPlayRunner(target);
    // In a longer story nobody can tell which step a property was in force for.
    if (runner.space.steps.most > 1 && target.program.options['errorMap'] === undefined) continue;
    const dice = new Dice(WORDS);
    for (let count = 0; count < stories; count++) {
      runner.run(drawStory(runner.space, dice));
      const properties = propertiesInForce(runner);
      for (const key of keysOf(runner.play, target.program.options['errorMap'])) notes.add(key, properties);
    }
  }
  return {
    subFunctions: TDVMCALL_FUNCTIONS.map(({ number, name, source, verification }) => ({
      number,
      name,
      source,
      verification,
      checkedBy: notes.of(subFunctionKey(BigInt(number))),
      refusedBy: notes.of(refusalKey(BigInt(number))),
    })),
    errnos: SEAMCALL_ERRNO_ROWS.map(({ map, status, errno, prints, source }) => ({
      map,
      status: typeof status === 'bigint' ? `0x${status.toString(16)}` : status,
      errno,
      prints,
      source,
      checkedBy: notes.of(errnoKey(map, status)).filter((property) => property === 'maps-errno'),
    })),
  };
}

/** Names of the properties in force in the last play that speak of programs alone. */
function propertiesInForce({ judge }: PlayRunner): string[] {
  return judge.properties
    .filter(({ property }, index) => property.stub === undefined && judge.inForce[index] === 1)
    .map(({ property }) => property.name);
}

const subFunctionKey = (number: bigint): string => `sub-function ${number}`;
const refusalKey = (number: bigint): string => `refused ${number}`;
const errnoKey = (map: string, status: bigint | string): string => `errno ${map} ${status}`;

function* keysOf(play: Play, map: unknown): Generator<string> {
  for (const { observed, answer } of play.entries) {
    // What a helper asks.
    if (observed?.moment === 'TDVMCALL' && observed.values['r10'] === 0n) yield subFunctionKey(observed.values['r11']);
    if (observed?.moment === 'SEAMCALL' && typeof map === 'string') {
      const name = map as ErrnoMapName;
      yield errnoKey(name, errnoRow(name, stubStatus(answer)).status);
    }
  }
  // What a dispatcher is asked: the registers of an exit.
  for (const [index, { values }] of play.story.entries())
    if (isCall(values) && !play.left.includes(index))
      yield isUnsupported(play) ? refusalKey(values['r11']) : subFunctionKey(values['r11']);
}

/** Whether the reference answers that nobody serves the call. */
function isUnsupported({ entries }: Play): boolean {
  return entries.some(({ expected }) => expected?.values['r10'] === TDVMCALL_STATUS.SUBFUNC_UNSUPPORTED);
}

/** RAX behind TDH.VP.ENTER, without modifier bits. */
const TDVMCALL_EXIT = BigInt(EXIT_REASON.TDCALL);

function isCall(values: Values): boolean {
  return values['rax'] === TDVMCALL_EXIT && values['r10'] === 0n && values['r11'] !== undefined;
}
