/** Relocations of x86-64 COFF objects: the table of types. The addend stands in the place. */
import type { RelocationRule } from './relocation.js';

/** A type of relocation, with what COFF counts from. */
export interface CoffRelocationRule extends RelocationRule {
  /**
   * `address`: the symbol, less the place if `relative`. `section`: the number of its section, `offset`: its distance from the
   * start of that; both are known without a link.
   */
  of: 'address' | 'section' | 'offset';
  /** Bytes from the place to the end of the instruction, which a distance counts from; 0 of those that are none. */
  toEnd: number;
}

/** IMAGE_REL_AMD64_ABSOLUTE: nothing is written. */
export const COFF_NOTHING = 0;

function distance(type: number, after: number): [number, CoffRelocationRule] {
  const name = after === 0 ? 'IMAGE_REL_AMD64_REL32' : `IMAGE_REL_AMD64_REL32_${after}`;
  return [type, { name, width: 4, from: 'S', relative: true, range: 'signed', of: 'address', toEnd: 4 + after }];
}

const PLAIN = { from: 'S', relative: false, toEnd: 0 } as const;

/** Microsoft PE/COFF specification, "x64 Processors" under "Type Indicators". */
export const COFF_RELOCATION_RULES: ReadonlyMap<number, CoffRelocationRule> = new Map<number, CoffRelocationRule>([
  [1, { ...PLAIN, name: 'IMAGE_REL_AMD64_ADDR64', width: 8, range: 'any', of: 'address' }],
  [2, { ...PLAIN, name: 'IMAGE_REL_AMD64_ADDR32', width: 4, range: 'unsigned', of: 'address' }],
  [3, { ...PLAIN, name: 'IMAGE_REL_AMD64_ADDR32NB', width: 4, range: 'either', of: 'address', inImage: true }],
  distance(4, 0),
  distance(5, 1),
  distance(6, 2),
  distance(7, 3),
  distance(8, 4),
  distance(9, 5),
  [10, { ...PLAIN, name: 'IMAGE_REL_AMD64_SECTION', width: 2, range: 'either', of: 'section' }],
  [11, { ...PLAIN, name: 'IMAGE_REL_AMD64_SECREL', width: 4, range: 'unsigned', of: 'offset' }],
]);

/** Types that compilers for debuggers and .NET write, and nobody else. */
const OTHER: Readonly<Record<number, string>> = { 12: 'SECREL7', 13: 'TOKEN', 14: 'SREL32', 15: 'PAIR', 16: 'SSPAN32' };

/** Why a type cannot be applied. */
export function coffRefusal(type: number): string {
  const name = OTHER[type] === undefined ? `relocation type ${type}` : `IMAGE_REL_AMD64_${OTHER[type]}`;
  return `${name} is not supported; build native code for x86-64, or report it`;
}
