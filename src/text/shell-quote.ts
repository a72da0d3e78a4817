/** What a POSIX shell takes as it stands. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word for a POSIX shell: in single quotes where it needs any. */
export function shellQuote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
