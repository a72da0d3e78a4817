/**
 * The mix of a run, shown so that nobody takes a pass for more than it is: how many cases each class had. A class that
 * no case fell into is "not exercised".
 */
import type { CaseRunner } from '../judge/case-runner.js';
import { FACT, MOMENT } from '../observation/layout.js';
import { FAULT, PLACE_NAMES, SLOT } from '../scenario/layout.js';
import { recordTrace } from '../triage/trace.js';

export class ClassCounter {
  private readonly counts = new Map<string, number>();
  private readonly paths = new Set<number>();
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
    this.reach();
  }

  private countFault(): void {
    const { context, interruptedAt } = this.runner;
    const kind = context.scenario[2 * SLOT.faultKind];
    if (interruptedAt === 0) return this.add(kind === FAULT.none ? 'no fault' : 'interrupt never deliverable');
    this.add(kind === FAULT.nmi ? 'NMI delivered' : 'interrupt delivered');
    this.boundaries.set(interruptedAt, (this.boundaries.get(interruptedAt) ?? 0) + 1);
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

  /** Instructions that were executed at all: each path is traced once. */
  private reach(): void {
    const { base, scenario } = this.runner.context;
    // 53 bits of the path's hash: a collision would only leave a boundary out of the table.
    const path = (base[2 * FACT.path] >>> 0) + (base[2 * FACT.path + 1] & 0x1fffff) * 2 ** 32;
    if (this.paths.has(path)) return;
    this.paths.add(path);
    for (const { address } of recordTrace(this.runner.harness, scenario, 0).steps)
      this.reached.add(Number(address & 0xffffffffn) | 0);
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
