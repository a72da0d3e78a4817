/** The classes of the wrapped instruction, by instruction: what was called, how it was answered. */
import { OPERAND_IDS } from '../../models/abi/operand-ids.js';
import { statusHigh, statusName } from '../../models/abi/status.js';
import { SEAMCALL_LEAF, SEAMCALL_RAX } from '../../models/abi/seamcall.js';
import type { WrappedInstruction } from '../contract/contract.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { MOMENT, OUTCOME } from '../observation/layout.js';
import { SLOT } from '../scenario/layout.js';
import { leafBytes } from '../scenario/leaf-slot.js';

export interface CallClasses {
  /** Those that the contract gives rise to, whether or not a case falls into them. */
  names(): string[];
  /** Names the classes of the case that the runner ran last, in which the instruction was executed. */
  count(add: (name: string) => void): void;
}

export const CALL_CLASSES: Readonly<Record<WrappedInstruction, (runner: CaseRunner) => CallClasses>> = {
  tdcall: (runner) => new TdcallClasses(runner),
  seamcall: (runner) => new SeamcallClasses(runner),
};

const OPERAND_INVALID_HIGH = statusHigh('TDX_OPERAND_INVALID') | 0;

/** Leaves, which both instructions have in RAX. */
class LeafClasses {
  constructor(protected readonly runner: CaseRunner) {}

  protected leafNames(): string[] {
    const { compiled, space } = this.runner;
    if (space.leafSlot < 0) return [];
    return ['leaf rejected by the module', ...compiled.contract.leaves.map((leaf) => `leaf ${leaf}`)];
  }

  /** Whether the status is OPERAND_INVALID for an operand. */
  protected refused(operand: number): boolean {
    const { base } = this.runner.context;
    return base[2 * MOMENT.answer] === operand && base[2 * MOMENT.answer + 1] === OPERAND_INVALID_HIGH;
  }

  protected countLeaf(add: (name: string) => void): void {
    const { context, compiled, space } = this.runner;
    if (space.leafSlot < 0) return;
    const leaf = context.base[2 * MOMENT.call];
    if (context.base[2 * MOMENT.call + 1] === 0 && compiled.contract.leaves.includes(leaf)) add(`leaf ${leaf}`);
    else if (this.refused(OPERAND_IDS.RAX)) add('leaf rejected by the module');
  }
}

class TdcallClasses extends LeafClasses implements CallClasses {
  names(): string[] {
    const { compiled } = this.runner;
    const names = ['call succeeded', 'call failed'];
    if (compiled.reachesHost) {
      names.push('TDVMCALL failed, low half 0', 'TDVMCALL failed, high half 0', 'TDVMCALL failed, bit 63 clear');
      names.push('host value equals an argument', 'host answers 0', 'host answers RETRY');
    }
    if (compiled.maskField >= 0 && compiled.reachesHost)
      names.push('mask rejected by the module', 'mask exposes all', 'mask exposes some');
    return [...names, ...this.leafNames()];
  }

  count(add: (name: string) => void): void {
    const { context, compiled } = this.runner;
    const { base, scenario } = context;
    const failed = context.callFailed;
    add(failed ? 'call failed' : 'call succeeded');
    this.countLeaf(add);
    if (!compiled.reachesHost || (base[2 * MOMENT.call] & 0xffff) !== 0) return;
    const maskRefused = this.refused(OPERAND_IDS.RCX);
    if (compiled.maskField >= 0) {
      if (maskRefused && scenario[2 * SLOT.answerStatus] !== OPERAND_IDS.RCX) add('mask rejected by the module');
      else if (context.hostAnswered)
        add(context.exposedMask === compiled.widestMask ? 'mask exposes all' : 'mask exposes some');
    }
    if (failed && !maskRefused && !this.refused(OPERAND_IDS.RAX)) this.countFailure(add);
    if (context.hostAnswered) this.countAnswer(add);
  }

  private countFailure(add: (name: string) => void): void {
    const { base } = this.runner.context;
    const low = base[2 * MOMENT.answer];
    const high = base[2 * MOMENT.answer + 1];
    if (low === 0) add('TDVMCALL failed, low half 0');
    if (high === 0) add('TDVMCALL failed, high half 0');
    if (high >= 0) add('TDVMCALL failed, bit 63 clear');
  }

  private countAnswer(add: (name: string) => void): void {
    const { base, exposedMask } = this.runner.context;
    const r10 = 2 * (MOMENT.answer + 10);
    if (base[r10] === 0 && base[r10 + 1] === 0) add('host answers 0');
    if (base[r10] === 1 && base[r10 + 1] === 0) add('host answers RETRY');
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
          return add('host value equals an argument');
        }
      }
    }
  }
}

/** What became of a SEAMCALL that did not reach the module. */
const NOT_ENTERED: readonly (readonly [outcome: number, name: string])[] = [
  [OUTCOME.vmFailInvalid, 'SEAMCALL fails with CF = 1'],
  [OUTCOME.generalProtection, 'SEAMCALL raises #GP'],
  [OUTCOME.invalidOpcode, 'SEAMCALL raises #UD'],
];
/** Statuses on which callers act by name (facts/linux.md 1.4 and 3). */
const RETRIED = ['TDX_RND_NO_ENTROPY', 'TDX_OPERAND_BUSY'];

class SeamcallClasses extends LeafClasses implements CallClasses {
  names(): string[] {
    const { compiled } = this.runner;
    const { entersTd } = compiled;
    return [
      ...NOT_ENTERED.map(([, name]) => name),
      'call succeeded',
      'call failed',
      ...RETRIED.map((status) => `call failed: ${status}`),
      // Bit 63 of the leaf selects it.
      ...(leafBytes(compiled) === 8 ? ['the P-SEAMLDR answers'] : []),
      ...(entersTd ? ['the TD answers', 'TDH.VP.ENTER fails'] : []),
      ...this.leafNames(),
    ];
  }

  count(add: (name: string) => void): void {
    const { context, compiled } = this.runner;
    const { base } = context;
    this.countLeaf(add);
    const outside = NOT_ENTERED.find(([outcome]) => outcome === context.outcome);
    if (outside !== undefined) return add(outside[1]);
    add(context.callFailed ? 'call failed' : 'call succeeded');
    const status = statusName(base[2 * MOMENT.answer], base[2 * MOMENT.answer + 1]);
    if (status !== undefined && RETRIED.includes(status)) add(`call failed: ${status}`);
    const leafHigh = base[2 * MOMENT.call + 1];
    if ((leafHigh & SEAMCALL_RAX.seamldrHighBit) !== 0) add('the P-SEAMLDR answers');
    else if (context.tdAnswered) add('the TD answers');
    else if (compiled.entersTd && leafHigh === 0 && base[2 * MOMENT.call] === SEAMCALL_LEAF.VP_ENTER)
      add('TDH.VP.ENTER fails');
  }
}
