/**
 * The mix of a run, shown so that nobody takes a pass for more than it is: how many cases each class had. A class that
 * no case fell into is "not exercised".
 */
import type { Runner } from '../../run/runner.js';
import type { Coverage } from '../records/coverage.js';

export class ClassCounter {
  private readonly counts = new Map<string, number>();
  /** Low half of an address -> interrupts that came before the instruction there. */
  private readonly boundaries = new Map<number, number>();

  constructor(private readonly runner: Runner) {
    for (const name of runner.classNames) this.counts.set(name, 0);
  }

  /** Counts the case that the runner ran last. */
  count(): void {
    this.runner.countClasses(this.one);
    const at = this.runner.interruptedAt;
    if (at !== 0) this.interrupted(at, 1);
  }

  private readonly one = (name: string): void => this.add(name, 1);

  private add(name: string, cases: number): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + cases);
  }

  private interrupted(at: number, count: number): void {
    this.boundaries.set(at, (this.boundaries.get(at) ?? 0) + count);
  }

  /** Adds what was counted elsewhere: cases per class, and interrupts by the offset of the instruction before which they came. */
  addAll(names: readonly string[], counts: Int32Array, interrupts: Int32Array): void {
    names.forEach((name, index) => {
      if (counts[index] > 0) this.add(name, counts[index]);
    });
    const entry = this.entry();
    interrupts.forEach((count, offset) => {
      if (count > 0) this.interrupted((entry + offset) | 0, count);
    });
  }

  private entry(): number {
    return Number(this.runner.entry & 0xffffffffn) | 0;
  }

  /**
   * Class -> cases, in a fixed order. Every instruction of a single function that was executed is a boundary at which an
   * interrupt can come.
   */
  result({ reached }: Coverage): Record<string, number> {
    const { size, hasBoundaries } = this.runner;
    const result: Record<string, number> = Object.fromEntries(this.counts);
    if (!hasBoundaries) return result;
    const entry = this.entry();
    for (const offset of reached) {
      if (offset < 0 || offset >= size) continue;
      result[`interrupted at +0x${offset.toString(16)}`] = this.boundaries.get((entry + offset) | 0) ?? 0;
    }
    return result;
  }
}
