/** "Did you mean": the names nearest to one that matched nothing. */

/** Longer names are compared by this many characters. */
const COMPARED = 128;

/** Levenshtein distance, or `limit + 1` as soon as it must be more than `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  let current = Array.from({ length: b.length + 1 }, () => 0);
  for (let i = 1; i <= a.length; i++) {
    current[0] = i;
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1] + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1);
      current[j] = Math.min(change, previous[j] + 1, current[j - 1] + 1);
      if (current[j] < least) least = current[j];
    }
    if (least > limit) return limit + 1;
    [previous, current] = [current, previous];
  }
  return Math.min(previous[b.length], limit + 1);
}

/** Up to `count` names, nearest first, that differ in no more than half of the wanted one. */
export function nearestNames(wanted: string, names: Iterable<string>, count = 3): string[] {
  const text = wanted.slice(0, COMPARED);
  const limit = Math.max(2, Math.floor(text.length / 2));
  const ranked: { name: string; distance: number }[] = [];
  for (const name of new Set(names)) {
    // A compiler's clone: `name.constprop.0`, `name.cold`.
    const clone = name.startsWith(`${wanted}.`);
    // A name that begins like this is near, however long it is.
    const longest = wanted.length >= 3 && name.startsWith(wanted) ? limit : limit + 1;
    const distance = clone ? 0 : Math.min(longest, editDistance(text, name.slice(0, COMPARED), limit));
    if (distance <= limit) ranked.push({ name, distance });
  }
  return ranked
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

/** What to say when a name matched nothing: `nearest: a, b`, or all names when none is near and there are few. */
export function nearest(wanted: string, names: readonly string[]): string {
  const near = nearestNames(wanted, names);
  if (near.length > 0) return `nearest: ${near.join(', ')}`;
  return names.length <= 12 ? `known: ${names.join(', ')}` : 'see tdxfuzz list';
}
