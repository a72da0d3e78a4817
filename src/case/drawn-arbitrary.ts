import fc from 'fast-check';

/** Words that start a stream of draws. */
export type StreamWords = readonly [number, number, number, number];

/** How values are drawn and shrunk. */
export interface Drawn<T> {
  /** Everything follows from the words: seed and path lead to the same value again. */
  readonly draw: (words: StreamWords) => T;
  /** Simpler values, the simplest first. */
  readonly simpler: (value: T) => Generator<T>;
  /** Nothing but the value itself is needed: a stored one can be shrunk again. */
  readonly canShrink: (value: unknown) => value is T;
}

/** The fast-check arbitrary of values that follow from four words. */
export class DrawnArbitrary<T> extends fc.Arbitrary<T> {
  constructor(private readonly drawn: Drawn<T>) {
    super();
  }

  override generate(random: fc.Random): fc.Value<T> {
    const words: StreamWords = [random.nextInt(), random.nextInt(), random.nextInt(), random.nextInt()];
    return new fc.Value(this.drawn.draw(words), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is T {
    return this.drawn.canShrink(value);
  }

  override shrink(value: T): fc.Stream<fc.Value<T>> {
    return fc.stream(this.drawn.simpler(value)).map((simpler) => new fc.Value(simpler, undefined));
  }
}
