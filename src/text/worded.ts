/** A value with its word: the number stays, so that nothing is lost. */
export function worded(value: string, word: string | undefined): string {
  return word === undefined || word === '' ? value : `${word} (${value})`;
}
