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

/** Why a program does not judge the function that it is named after. */
export interface Refusal {
  readonly named: NamedProgram;
  readonly reason: string;
  /** The image is of another generation than the set. */
  readonly isOtherGeneration: boolean;
}

export interface ProgramChoice {
  readonly bound: readonly NamedProgram[];
  /** Programs whose function the image has and which it is not judged by, with the reason. */
  readonly refused: readonly Refusal[];
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
  const refused = present.flatMap((named) => reasonAgainst(image, named, hasFunction, stubSets) ?? []);
  const against = new Set(refused.map(({ named }) => named));
  const fitting = present.filter((named) => !against.has(named));
  const alike = [...groupBySymbol(fitting)]
    .filter(([, named]) => new Set(named.map(({ set }) => set.name)).size > 1)
    .map(([symbol, named]) => ({ symbol, named }));
  const open = new Set(alike.map(({ symbol }) => symbol));
  const isSettled = ({ program }: NamedProgram): boolean => !open.has(program.symbol);
  const settled = new Set(fitting.filter(isSettled).map(({ program }) => program.symbol));
  return {
    bound: fitting.filter(isSettled),
    // Of a function that one set fits nobody asks why another does not.
    refused: ofTheirGeneration(
      refused.filter(({ named }) => !settled.has(named.program.symbol) && !open.has(named.program.symbol)),
    ),
    alike,
  };
}

/** Where a set of the image's own generation says why not, no other has to. */
function ofTheirGeneration(refused: readonly Refusal[]): Refusal[] {
  const answered = new Set(
    refused.filter(({ isOtherGeneration }) => !isOtherGeneration).map(({ named }) => named.program.symbol),
  );
  return refused.filter(({ named, isOtherGeneration }) => !isOtherGeneration || !answered.has(named.program.symbol));
}

function reasonAgainst(
  image: Image,
  named: NamedProgram,
  hasFunction: (symbol: string) => boolean,
  stubSets: ReadonlySet<string>,
): Refusal | undefined {
  const { evidence = {} } = named.set;
  const generation = wrongGeneration(image, evidence, hasFunction);
  if (generation !== undefined) return { named, reason: generation, isOtherGeneration: true };
  const reason =
    evidence.stubs !== undefined && !stubSets.has(evidence.stubs)
      ? `no stub of the image is one of ${evidence.stubs}`
      : unlikeByItself(image, named.program);
  return reason === undefined ? undefined : { named, reason, isOtherGeneration: false };
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
