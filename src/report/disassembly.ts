/** The code around an instruction to blame, out of the pages that a finding's case carries. */
import { caseImage } from '../stored/case-image.js';
import type { CaseFile } from '../stored/case-schema.js';
import { UsageError } from '../errors.js';
import { functionCode } from '../harness/function-code.js';
import type { Image } from '../image/image.js';
import { symbolAt } from '../stage/functions.js';
import { escapeName, shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import type { DecodedInstruction } from '../x86/decode.js';
import { plainTable } from './plain-table.js';

export interface DisassemblyLine {
  /** `+0x1c` from the start of the function. */
  readonly offset: string;
  /** `48 89 f8`. */
  readonly bytes: string;
  /** GNU AT&T syntax, targets of branches by name. Escaped. */
  readonly text: string;
  readonly blamed: boolean;
}

/** Instructions of a function. */
interface Code {
  readonly image: Image;
  readonly symbol: string;
  readonly start: bigint;
  readonly size: number;
  readonly instructions: readonly DecodedInstruction[];
  /** Index of the instruction to blame, or -1. */
  readonly blamed: number;
}

/**
 * @param place `symbol+0x1c`
 * @param context instructions before and after the one to blame
 * @returns an empty list where the case has no such code
 */
export function disassemblyAround(file: CaseFile, place: string, context: number): DisassemblyLine[] {
  const image = imageOf(file);
  const code = image && codeAt(image, file, place);
  if (code === undefined || code.blamed < 0) return [];
  const first = Math.max(0, code.blamed - context);
  return linesOf(code).slice(first, code.blamed + context + 1);
}

/** The name of the disassembly in the folder of a finding. */
export const DISASSEMBLY_FILE = 'disassembly.txt';

/** The disassembly of a finding's code as a text, and in which of its lines, from 1, the instruction to blame stands. */
export interface DisassemblyText {
  readonly text: string;
  readonly line: number | undefined;
}

/** The function under test, and behind it the one with the instruction to blame, where that is another. */
export function disassemblyText(file: CaseFile, place: string): DisassemblyText {
  const image = imageOf(file);
  if (image === undefined) return { text: '', line: undefined };
  const own = codeOf(image, file.symbol, BigInt(file.code.entry), file.code.size, -1n);
  const blamed = codeAt(image, file, place);
  const functions = blamed === undefined ? [own] : blamed.start === own.start ? [blamed] : [own, blamed];
  const lines: string[] = [];
  let line: number | undefined;
  for (const code of functions) {
    if (lines.length > 0) lines.push('');
    lines.push(`# ${shorten(code.symbol)} at ${hex(code.start)}, ${code.size} bytes`);
    if (code.blamed >= 0) line = lines.length + code.blamed + 1;
    const rows = linesOf(code).map(({ offset, bytes, text, blamed: isBlamed }) => [
      isBlamed ? '>' : ' ',
      offset,
      bytes,
      text,
    ]);
    lines.push(...plainTable(rows, '').split('\n'));
  }
  return { text: `${lines.join('\n')}\n`, line };
}

/** @returns undefined for a case that makes no image: a result that somebody else wrote */
function imageOf(file: CaseFile): Image | undefined {
  try {
    return caseImage(file, 'case');
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** The function of a place. */
function codeAt(image: Image, file: CaseFile, place: string): Code | undefined {
  const split = place.lastIndexOf('+0x');
  const offset = Number.parseInt(place.slice(split + 3), 16);
  const found = image.symbols.find(({ name }) => name === place.slice(0, split));
  if (split < 0 || found === undefined || !(offset >= 0)) return undefined;
  const size = found.name === file.symbol ? file.code.size : found.size;
  return codeOf(image, found.name, found.address, size, BigInt(offset));
}

function codeOf(image: Image, symbol: string, start: bigint, size: number, offset: bigint): Code {
  const { instructions } = functionCode(image, start, size);
  const blamed = instructions.findIndex(({ address }) => address === start + offset);
  return { image, symbol, start, size, instructions, blamed };
}

function linesOf({ image, start, instructions, blamed }: Code): DisassemblyLine[] {
  return instructions.map((instruction, index) => ({
    offset: `+${hex(instruction.address - start)}`,
    bytes: Buffer.from(instruction.bytes)
      .toString('hex')
      .replace(/..(?=.)/g, '$& '),
    text: escapeName(withTarget(image, instruction)),
    blamed: index === blamed,
  }));
}

function withTarget(image: Image, { text, target }: { text: string; target?: bigint }): string {
  if (target === undefined) return text;
  const external = image.externals.find(({ address }) => address === target)?.name;
  const found = symbolAt(image, target);
  const name = external ?? (found && `${found.symbol.name}+${hex(found.offset)}`);
  return name === undefined ? text : text.replace(hex(target), () => name);
}
