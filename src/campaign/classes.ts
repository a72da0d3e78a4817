/**
 * The mix of a run, shown so that nobody takes a pass for more than it is: how many cases each class had. A class that
 * no case fell into is "not exercised".
 */
import type { CaseRunner } from '../judge/case-runner.js';
import { FACT, MOMENT, RIP_OFFSET, slotValue } from '../observation/layout.js';
import { FAULT, PLACE_NAMES, type Scenario, SLOT } from '../scenario/layout.js';
import { recordTrace } from '../triage/trace.js';

export class ClassCounter {
  private readonly counts = new Map<string, number>();
  private readonly paths = new Set<string>();
  private readonly boundaries = new Map<number, number>();
  private readonly reached = new Set<number>();

  constructor(private readonly runner: CaseRunner) {
    for (const name of this.names()) this.counts.set(name, 0);
  }

  /** Classes that the contract gives rise to, whether or not a case fell into them. */
  private names(): string[] {
    const { compiled, space } = this.runner;
    const names = ['no fault', 'interrupt delivered', 'NMI delivered', 'IF set at entry', 'IF clear at entry'];
    for (const flag of compiled.flagBits.keys()) names.push(`${flag} set`, `${flag} clear`);
    if (compiled.blockParameter !== undefined) names.push(...PLACE_NAMES.map((place) => `block ${place}`));
    names.push('call succeeded', 'call failed');
    if (compiled.reachesHost) {
      names.push('TDVMCALL failed, low half 0', 'TDVMCALL failed, high half 0', 'TDVMCALL failed, bit 63 clear');
      names.push('host value equals an argument', 'host answers 0', 'host answers RETRY');
    }
    if (compiled.maskField >= 0 && compiled.reachesHost)
      names.push('mask rejected by the module', 'mask exposes all', 'mask exposes some');
    if (space.leafSlot >= 0) {
      names.push('leaf rejected by the module');
      for (const leaf of compiled.contract.leaves) names.push(`leaf ${leaf}`);
    }
    return names;
  }

  /** Counts the case that the runner ran last. */
  count(): void {
    const { context } = this.runner;
    const { base, scenario } = context;
    this.countFault();
    this.add((scenario[2 * SLOT.entryFlags] & 0x200) !== 0 ? 'IF set at entry' : 'IF clear at entry');
    const { compiled } = this.runner;
    for (const [flag, bit] of compiled.flagBits)
      this.add((context.flags & bit) !== 0 ? `${flag} set` : `${flag} clear`);
    if (compiled.blockParameter !== undefined)
      this.add(`block ${PLACE_NAMES[scenario[2 * SLOT.blockPlace]] ?? 'valid'}`);
    if (base[2 * FACT.calls] > 0) this.countCall();
    const path = slotValue(base, FACT.path);
    const rip = slotValue(base, MOMENT.final + RIP_OFFSET);
    this.reach(path, rip, scenario);
  }

  /** Adds what was counted elsewhere: cases per class, and interrupts by the offset of the instruction before which they came. */
  addAll(names: readonly string[], counts: Int32Array, interrupts: Int32Array): void {
    names.forEach((name, index) => {
      if (counts[index] > 0) this.counts.set(name, (this.counts.get(name) ?? 0) + counts[index]);
    });
    const entry = Number(this.runner.target.entry & 0xffffffffn) | 0;
    interrupts.forEach((count, offset) => {
      if (count > 0) this.interrupted((entry + offset) | 0, count);
    });
  }

  private countFault(): void {
    const { context, interruptedAt } = this.runner;
    const kind = context.scenario[2 * SLOT.faultKind];
    if (interruptedAt === 0) return this.add(kind === FAULT.none ? 'no fault' : 'interrupt never deliverable');
    this.add(kind === FAULT.nmi ? 'NMI delivered' : 'interrupt delivered');
    this.interrupted(interruptedAt, 1);
  }

  private interrupted(at: number, count: number): void {
    this.boundaries.set(at, (this.boundaries.get(at) ?? 0) + count);
  }

  private countCall(): void {
    const { context, compiled, space } = this.runner;
    const { base, scenario } = context;
    const failed = context.callFailed;
    this.add(failed ? 'call failed' : 'call succeeded');
    const raxLow = base[2 * MOMENT.call];
    const raxHigh = base[2 * MOMENT.call + 1];
    const rejected = failed && base[2 * MOMENT.answer] === 0 && base[2 * MOMENT.answer + 1] === (0xc0000100 | 0);
    const maskRejected = failed && base[2 * MOMENT.answer] === 1 && base[2 * MOMENT.answer + 1] === (0xc0000100 | 0);
    if (space.leafSlot >= 0) {
      const known = raxHigh === 0 && compiled.contract.leaves.includes(raxLow);
      if (known) this.add(`leaf ${raxLow}`);
      else if (rejected) this.add('leaf rejected by the module');
    }
    if (!compiled.reachesHost || (raxLow & 0xffff) !== 0) return;
    if (compiled.maskField >= 0) {
      if (maskRejected && scenario[2 * SLOT.answerStatus] !== 1) this.add('mask rejected by the module');
      else if (context.hostAnswered) {
        this.add(context.exposedMask === compiled.widestMask ? 'mask exposes all' : 'mask exposes some');
      }
    }
    if (failed && !rejected && !maskRejected) this.countFailure();
    if (context.hostAnswered) this.countAnswer();
  }

  private countFailure(): void {
    const { base } = this.runner.context;
    const low = base[2 * MOMENT.answer];
    const high = base[2 * MOMENT.answer + 1];
    if (low === 0) this.add('TDVMCALL failed, low half 0');
    if (high === 0) this.add('TDVMCALL failed, high half 0');
    if (high >= 0) this.add('TDVMCALL failed, bit 63 clear');
  }

  private countAnswer(): void {
    const { base, exposedMask } = this.runner.context;
    const r10 = 2 * (MOMENT.answer + 10);
    if (base[r10] === 0 && base[r10 + 1] === 0) this.add('host answers 0');
    if (base[r10] === 1 && base[r10 + 1] === 0) this.add('host answers RETRY');
    for (let register = 2; register < 16; register++) {
      if (((exposedMask >>> register) & 1) === 0) continue;
      const answer = 2 * (MOMENT.answer + register);
      for (let argument = 2; argument < 16; argument++) {
        if (((exposedMask >>> argument) & 1) === 0) continue;
        const call = 2 * (MOMENT.call + argument);
        if (
          base[answer] === base[call] &&
          base[answer + 1] === base[call + 1] &&
          (base[answer] | base[answer + 1]) !== 0
        ) {
          return this.add('host value equals an argument');
        }
      }
    }
  }

  /**
   * Notes the instructions of a path. Hash and end determine them, so each path is traced once for a runner.
   *
   * @param path hash of the base run
   * @param rip where it ended
   * @param scenario a case that takes the path
   */
  reach(path: bigint, rip: bigint, scenario: Scenario): void {
    const key = `${path} ${rip}`;
    if (this.paths.has(key)) return;
    this.paths.add(key);
    const known = pathsOf(this.runner);
    let addresses = known.get(key);
    if (addresses === undefined) {
      addresses = recordTrace(this.runner.harness, scenario, 0).steps.map(
        ({ address }) => Number(address & 0xffffffffn) | 0,
      );
      known.set(key, addresses);
    }
    for (const address of addresses) this.reached.add(address);
  }

  private add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** Class -> cases, in a fixed order; a boundary is an instruction of the function that was executed. */
  result(): Record<string, number> {
    const { target, size } = this.runner;
    const entry = Number(target.entry & 0xffffffffn) | 0;
    const result: Record<string, number> = Object.fromEntries(this.counts);
    const offsets = [...this.reached].map((low) => (low - entry) | 0).filter((offset) => offset >= 0 && offset < size);
    for (const offset of offsets.sort((a, b) => a - b)) {
      result[`interrupted at +0x${offset.toString(16)}`] = this.boundaries.get((entry + offset) | 0) ?? 0;
    }
    return result;
  }
}

/** Path -> low halves of the addresses of its instructions. */
const PATHS = new WeakMap<CaseRunner, Map<string, number[]>>();

function pathsOf(runner: CaseRunner): Map<string, number[]> {
  let paths = PATHS.get(runner);
  if (paths === undefined) PATHS.set(runner, (paths = new Map()));
  return paths;
}
