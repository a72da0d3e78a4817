/** One case as a property-based test sees it: opaque, and printed by name. */
import fc from 'fast-check';
import type { Case } from '../case/case.js';

/** A case of one target. */
export class TdxCase {
  /** @param named the values that differ from neutral, by name */
  constructor(
    readonly values: Case,
    private readonly named: (values: Case) => Readonly<Record<string, string>>,
  ) {}

  /** The values that differ from the neutral case, by name: 64-bit, as `0x...`. */
  get differing(): Readonly<Record<string, string>> {
    return this.named(this.values);
  }

  toString(): string {
    const texts = Object.entries(this.differing).map(([name, value]) => `${name} = ${value}`);
    return texts.length === 0 ? 'the neutral case' : `neutral but for ${texts.join(', ')}`;
  }

  /** What fast-check prints of a counterexample. */
  [fc.toStringMethod](): string {
    return this.toString();
  }
}
