/** Something that is measured, and the measuring: all contenders in turn, round by round. */

/** How much was done in how long. */
export interface Slice {
  /** Runs, or cases. */
  count: number;
  nanoseconds: number;
}

/** One row of a table. */
export interface Contender {
  name: string;
  /** Runs for about so long, warm-up not included. */
  measure(milliseconds: number): Slice | Promise<Slice>;
}

/** A row that could not be measured. */
export interface Missing {
  name: string;
  /** `no gcc`. */
  missing: string;
}

/** What was measured of a contender: counts per second. */
export interface Figure {
  name: string;
  best: number;
  median: number;
}

/** A row of the report. */
export type Row = Figure | Missing;

export function isMeasured(row: Row | undefined): row is Figure {
  return row !== undefined && 'best' in row;
}

export interface Rounds {
  rounds: number;
  /** How long a contender runs in a round. */
  sliceMilliseconds: number;
  /** Told before each slice. */
  onSlice: (name: string, round: number) => void;
}

/**
 * Measures all contenders in turn, `rounds` times: noise of the machine hits all alike. The first slice of each is a warm-up that does not
 * count. The best slice is the figure to compare: noise only ever takes away.
 */
export async function interleave(contenders: readonly (Contender | Missing)[], options: Rounds): Promise<Row[]> {
  const { rounds, sliceMilliseconds, onSlice } = options;
  const rates = contenders.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      if ('missing' in contender) continue;
      onSlice(contender.name, round);
      const { count, nanoseconds } = await contender.measure(sliceMilliseconds);
      if (round > 0) rates[index].push(count / (nanoseconds / 1e9));
    }
  }
  return contenders.map((contender, index) =>
    'missing' in contender ? contender : { name: contender.name, ...summary(rates[index]) },
  );
}

/** Of at least one rate. */
export function summary(rates: readonly number[]): Omit<Figure, 'name'> {
  const sorted = [...rates].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { best: sorted[sorted.length - 1], median };
}

/** Repeats `batch` until the time is over. @param batch does some of the work and tells how much */
export function repeatFor(milliseconds: number, batch: () => number): Slice {
  const start = process.hrtime.bigint();
  const end = start + BigInt(Math.round(milliseconds * 1e6));
  let count = 0;
  let now = start;
  do {
    count += batch();
    now = process.hrtime.bigint();
  } while (now < end);
  return { count, nanoseconds: Number(now - start) };
}
