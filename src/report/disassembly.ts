/** The code around an instruction to blame, out of the pages that a finding's case carries. */
import { caseImage } from '../stored/case-image.js';
import type { CaseFile } from '../stored/case-schema.js';
import { UsageError } from '../errors.js';
import { functionCode } from '../harness/function-code.js';
import type { Image } from '../image/image.js';
import { symbolAt } from '../stage/functions.js';
import { escapeName } from '../text/escape.js';
import { hex } from '../text/hex.js';

export interface DisassemblyLine {
  /** `+0x1c` from the start of the function. */
  readonly offset: string;
  /** `48 89 f8`. */
  readonly bytes: string;
  /** GNU AT&T syntax, targets of branches by name. Escaped. */
  readonly text: string;
  readonly blamed: boolean;
}

/**
 * @param place `symbol+0x1c`
 * @param context instructions before and after the one to blame
 * @returns an empty list where the case has no such code
 */
export function disassemblyAround(file: CaseFile, place: string, context: number): DisassemblyLine[] {
  const split = place.lastIndexOf('+0x');
  const offset = Number.parseInt(place.slice(split + 3), 16);
  let image: Image;
  try {
    image = caseImage(file, 'case');
  } catch (error) {
    // A result that somebody else wrote.
    if (error instanceof UsageError) return [];
    throw error;
  }
  const found = image.symbols.find(({ name }) => name === place.slice(0, split));
  if (split < 0 || found === undefined || !(offset >= 0)) return [];
  const size = found.name === file.symbol ? file.code.size : found.size;
  const { instructions } = functionCode(image, found.address, size);
  const blamed = instructions.findIndex(({ address }) => address === found.address + BigInt(offset));
  if (blamed < 0) return [];
  const first = Math.max(0, blamed - context);
  return instructions.slice(first, blamed + context + 1).map((instruction, index) => ({
    offset: `+${hex(instruction.address - found.address)}`,
    bytes: Buffer.from(instruction.bytes)
      .toString('hex')
      .replace(/..(?=.)/g, '$& '),
    text: escapeName(withTarget(image, instruction)),
    blamed: first + index === blamed,
  }));
}

function withTarget(image: Image, { text, target }: { text: string; target?: bigint }): string {
  if (target === undefined) return text;
  const external = image.externals.find(({ address }) => address === target)?.name;
  const found = symbolAt(image, target);
  const name = external ?? (found && `${found.symbol.name}+${hex(found.offset)}`);
  return name === undefined ? text : text.replace(hex(target), () => name);
}
