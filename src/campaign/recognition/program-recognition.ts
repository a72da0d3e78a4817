/**
 * Which programs of the library an image is judged by, where nobody says so. A program has no shape of one instruction: what
 * tells generations apart is the stubs that the image has, the kernel that it says it is, and functions that came with one.
 */
import type { ContractSet, ProgramEvidence } from '../../contract/contract.js';
import type { ProgramContract } from '../../contract/program-contract.js';
import type { Image } from '../../image/image.js';
import { isBefore, kernelVersion, versionText } from './kernel-version.js';
import { unlikeByItself } from './surroundings-needed.js';

export interface NamedProgram {
  readonly set: ContractSet;
  readonly name: string;
  readonly program: ProgramContract;
}

export interface ProgramChoice {
  readonly bound: readonly NamedProgram[];
  /** Programs whose function the image has and which it is not judged by, with the reason. */
  readonly refused: readonly { readonly named: NamedProgram; readonly reason: string }[];
  /** Programs of several sets that fit one function alike. */
  readonly alike: readonly { readonly symbol: string; readonly named: readonly NamedProgram[] }[];
}

/**
 * @param hasFunction whether the image has a function of this name
 * @param stubSets sets by which stubs of the image are judged
 */
export function chooseProgramsOf(
  image: Image,
  sets: readonly ContractSet[],
  hasFunction: (symbol: string) => boolean,
  stubSets: ReadonlySet<string>,
): ProgramChoice {
  const present = sets.flatMap((set) =>
    Object.entries(set.programs ?? {})
      .filter(([, { symbol }]) => hasFunction(symbol))
      .map(([name, program]): NamedProgram => ({ set, name, program })),
  );
  const judged = present.map((named) => ({ named, reason: reasonAgainst(image, named, hasFunction, stubSets) }));
  const fitting = judged.flatMap(({ named, reason }) => (reason === undefined ? [named] : []));
  const refused = judged.flatMap(({ named, reason }) => (reason === undefined ? [] : [{ named, reason }]));
  const alike = [...groupBySymbol(fitting)]
    .filter(([, named]) => new Set(named.map(({ set }) => set.name)).size > 1)
    .map(([symbol, named]) => ({ symbol, named }));
  const open = new Set(alike.map(({ symbol }) => symbol));
  const isSettled = ({ program }: NamedProgram): boolean => !open.has(program.symbol);
  const settled = new Set(fitting.filter(isSettled).map(({ program }) => program.symbol));
  return {
    bound: fitting.filter(isSettled),
    // Of a function that one set fits nobody asks why another does not.
    refused: refused.filter(({ named }) => !settled.has(named.program.symbol) && !open.has(named.program.symbol)),
    alike,
  };
}

function reasonAgainst(
  image: Image,
  { set, program }: NamedProgram,
  hasFunction: (symbol: string) => boolean,
  stubSets: ReadonlySet<string>,
): string | undefined {
  const { evidence = {} } = set;
  return (
    wrongGeneration(image, evidence, hasFunction) ??
    (evidence.stubs !== undefined && !stubSets.has(evidence.stubs)
      ? `no stub of the image is one of ${evidence.stubs}`
      : undefined) ??
    unlikeByItself(image, program)
  );
}

function wrongGeneration(
  image: Image,
  { kernel, symbol }: ProgramEvidence,
  hasFunction: (symbol: string) => boolean,
): string | undefined {
  const version = kernel && kernelVersion(image);
  if (kernel !== undefined && version !== undefined) {
    const isLater = kernel.before !== undefined && !isBefore(version, kernel.before);
    if (!isBefore(version, kernel.from) && !isLater) return undefined;
    const range = `${versionText(kernel.from)}${kernel.before === undefined ? ' on' : ` up to before ${versionText(kernel.before)}`}`;
    return `the kernel is ${versionText(version)}, and the set is for ${range}`;
  }
  if (symbol === undefined || hasFunction(symbol)) return undefined;
  return `nothing says which generation it is: no ${symbol}`;
}

function groupBySymbol(programs: readonly NamedProgram[]): Map<string, NamedProgram[]> {
  const groups = new Map<string, NamedProgram[]>();
  for (const named of programs) {
    const group = groups.get(named.program.symbol) ?? [];
    groups.set(named.program.symbol, [...group, named]);
  }
  return groups;
}
