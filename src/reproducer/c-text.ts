/** Text and numbers of a generated C program. Names out of a hostile file can leave neither a comment nor a string. */

/** Characters of a comment: no `*` to end it, no `?` of a trigraph, no `\` before the end of a line. */
const COMMENT = /[^\w .,:;+()[\]<>=@$#%&'"!|^~{}/-]/gu;

/** One line of a block comment. */
export function cComment(text: string): string {
  return text.replace(COMMENT, (character) => `{${character.codePointAt(0)?.toString(16)}}`);
}

/** Characters that a string literal takes as they stand: printable ASCII but `"`, `\` and `?`. */
const PLAIN = /[^ !#->@-[\]-~]/gu;

/** A string literal. Bytes that mean anything to the compiler are octal: such an escape has at most three digits. */
export function cString(text: string): string {
  const escaped = text.replace(PLAIN, (character) =>
    Array.from(Buffer.from(character, 'utf8'), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  );
  return `"${escaped}"`;
}

/** A 64-bit constant. */
export function c64(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}ULL`;
}

/** The body of an array, so many to a line. */
export function cList(items: readonly string[], perLine: number, indent: string): string {
  const lines: string[] = [];
  for (let from = 0; from < items.length; from += perLine)
    lines.push(`${indent}${items.slice(from, from + perLine).join(', ')},`);
  return lines.join('\n');
}
