/** The targets of an image whose contracts nobody named. */
import { CONTRACT_SETS } from '../../contract/library/sets.js';
import { UsageError } from '../../errors.js';
import type { ProgramContract } from '../../contract/program-contract.js';
import { type Image, ImageError } from '../../image/image.js';
import type { StructureLayouts } from '../../image/structure-layouts.js';
import { withLayout } from '../../program/dispatcher/kvm/resolve-layout.js';
import type { AnyTarget } from '../../run/target.js';
import { shorten } from '../../text/escape.js';
import { recognise } from '../recognition/recognise.js';

export interface RecognisedTargets {
  readonly targets: readonly AnyTarget[];
  readonly notes: readonly string[];
  readonly unjudged: readonly string[];
  /** Symbols of which something was said. */
  readonly covered: readonly string[];
}

/**
 * @param own what of the image is looked for functions: of several files that are one image, one file's
 * @param withInstruction names of its functions that contain TDCALL or SEAMCALL
 * @throws UsageError if nothing in the image is judged by any contract, with what is near
 */
export function recogniseTargets(
  own: Image,
  image: Image,
  withInstruction: readonly string[],
  path: string,
  layouts?: StructureLayouts,
): RecognisedTargets {
  const functions = new Set(own.symbols.filter(({ kind }) => kind !== 'object').map(({ name }) => name));
  const hasFunction = (symbol: string): boolean => functions.has(symbol);
  const wrapped = withInstruction.filter(hasFunction);
  const { stubs, programs, notes, unjudged } = recognise(image, wrapped, CONTRACT_SETS, hasFunction);
  /** Why programs have no target: nothing says where their structures lie. */
  const without = new Set<string>();
  const targets: AnyTarget[] = [
    ...stubs.map(({ symbol, set, contract }) => ({ name: shorten(symbol), symbol, set, contract, image })),
    ...programs.flatMap(({ set, name, program }) => {
      const resolved = layoutOr(without, () => withLayout(image, program, layouts));
      const { symbol } = program;
      return resolved === undefined
        ? []
        : [{ name, symbol, set: set.name, program: resolved, contractName: name, image }];
    }),
  ];
  if (targets.length === 0 && without.size > 0) throw new UsageError([...without][0]);
  if (targets.length === 0) throw nothingFits(path, [...unjudged, ...notes]);
  const saidOf = (line: string): string => `${shorten(path)}: ${line}`;
  return {
    targets,
    notes: notes.map(saidOf),
    unjudged: [...unjudged.map(saidOf), ...without],
    covered: targets.map(({ symbol }) => symbol),
  };
}

function layoutOr(without: Set<string>, resolve: () => ProgramContract): ProgramContract | undefined {
  try {
    return resolve();
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    without.add(error.message);
    return undefined;
  }
}

function nothingFits(path: string, said: readonly string[]): UsageError {
  const names = CONTRACT_SETS.map(({ name }) => name).join(', ');
  const near = said.length === 0 ? '' : `: ${said.slice(0, 3).join('; ')}`;
  return new UsageError(
    `${shorten(path)}: fits no built-in contract set${near}; name one with --contract (${names}, or a JSON file); without a contract: tdxfuzz audit ${shorten(path)} says what holds for everybody`,
  );
}
