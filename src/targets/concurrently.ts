/** Work of which a few pieces run at once. */

/**
 * Does the work for each item, `concurrency` at a time, in order. After a failure nothing more is begun.
 * @returns the results, in the order of the items
 * @throws what the first item that fails throws, first in the order of the items, when all that was begun has ended
 */
export async function concurrently<Item, Result>(
  concurrency: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: { index: number; error: unknown }[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index]);
      } catch (error) {
        failures.push({ index, error });
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const [first] = failures.sort((one, other) => one.index - other.index);
  if (first !== undefined) throw first.error;
  return results;
}
