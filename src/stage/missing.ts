/** Which symbols from outside a function can reach that nothing models: all that a project has to say before it has a verdict. */
import type { Image } from '../image/image.js';
import { EXTERNAL_SLOT } from '../image/externals.js';
import { codeAt } from '../image/segments.js';
import { externalModel } from '../world/externals.js';
import { surroundings } from '../world/surroundings.js';
import { operandAddresses, outline } from '../x86/outline.js';
import { functionExtent, symbolAt } from './functions.js';

/** Functions that are looked through: a kernel's printing alone reaches thousands. */
const MOST_FUNCTIONS = 200;

/** A symbol from outside that nothing models. */
export interface MissingSymbol {
  readonly name: string;
  /** It is read or written, and called nowhere. */
  readonly isData: boolean;
}

/**
 * Follows direct calls and jumps, and the functions that they reach, but none that never returns or is answered for.
 *
 * @param entry of the function
 * @param answered names that the program itself answers
 * @returns in the order in which the code has them, functions before data
 */
export function missingSymbols(
  image: Image,
  entry: bigint,
  answered: readonly string[] = [],
): readonly MissingSymbol[] {
  let known = KNOWN.get(image);
  if (known === undefined) KNOWN.set(image, (known = new Map()));
  const key = `${entry} ${answered.join()}`;
  let found = known.get(key);
  if (found?.table !== surroundings())
    known.set(key, (found = { table: surroundings(), symbols: findMissing(image, entry, new Set(answered)) }));
  return found.symbols;
}

/** Every run that has no verdict asks. */
const KNOWN = new WeakMap<Image, Map<string, { table: unknown; symbols: readonly MissingSymbol[] }>>();

function findMissing(image: Image, entry: bigint, answered: ReadonlySet<string>): MissingSymbol[] {
  const open = new Map(image.externals.map(({ name, address }) => [address, name]));
  const [functions, data] = [new Set<string>(), new Set<string>()];
  const note = (address: bigint, into: Set<string>): boolean => {
    const name = open.get(address);
    if (name !== undefined && externalModel(name).kind === 'unmodelled' && !answered.has(name)) into.add(name);
    return name !== undefined;
  };
  const seen = new Set<bigint>();
  const left = [entry];
  for (let next = left.shift(); next !== undefined && seen.size < MOST_FUNCTIONS; next = left.shift()) {
    if (note(next, functions)) continue;
    const symbol = symbolAt(image, next)?.symbol;
    const isAnswered = symbol !== undefined && next !== entry && externalModel(symbol.name).kind !== 'unmodelled';
    if (symbol === undefined || isAnswered || seen.has(symbol.address)) continue;
    seen.add(symbol.address);
    const { address, size } = functionExtent(image, symbol);
    const bytes = codeAt(image.segments, address, size) ?? new Uint8Array();
    const isOutside = (target: bigint): boolean => target < address || target >= address + BigInt(size);
    left.push(...outline(bytes, address).targets.filter(isOutside));
    // A field of a datum lies behind its start.
    for (const operand of operandAddresses(bytes, address)) note(operand & ~(EXTERNAL_SLOT - 1n), data);
  }
  return [
    ...[...functions].map((name) => ({ name, isData: false })),
    ...[...data].filter((name) => !functions.has(name)).map((name) => ({ name, isData: true })),
  ];
}
