/** Keeps what was worked out, up to a bound: past it all is forgotten, and worked out again. Answers never depend on it. */
export class BoundedCache<K extends object, V> {
  private kept = new WeakMap<K, V>();
  private weight = 0;

  /** @param limit of the weights of all that is kept, in a unit of the caller's */
  constructor(private readonly limit: number) {}

  get(key: K, make: () => V, weigh: (value: V) => number): V {
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const made = make();
    const weight = weigh(made);
    if (this.weight + weight > this.limit) {
      this.kept = new WeakMap();
      this.weight = 0;
    }
    this.weight += weight;
    this.kept.set(key, made);
    return made;
  }
}
