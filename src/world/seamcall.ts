/**
 * What answers SEAMCALL: the SEAM model decides what may change, the scenario supplies how the instruction ends, the
 * status, and what the module's state, or the TD behind TDH.VP.ENTER, would have chosen. The module is READY.
 *
 * XMM is left alone: what the instruction does to it is not charged to the stub (facts/linux.md 1.6).
 */
import { OPERAND_IDS } from '../../models/abi/operand-ids.js';
import { P_SEAMLDR_STATUS_CODES } from '../../models/abi/p-seamldr.js';
import { GPR } from '../../models/abi/registers.js';
import { SEAMCALL_RAX, SYSTEM_STATE } from '../../models/abi/seamcall.js';
import { statusHigh } from '../../models/abi/status.js';
import { DISPATCH_CHECKS, leafOf, refusal, versionOf } from '../../models/seam/dispatch.js';
import { leafOutcome, leafReturn, openRegisters, seamldrLeafExists } from '../../models/seam/leaf-outcome.js';
import { highHalf, lowHalf } from '../halves.js';
import { FACT, OUTCOME } from '../observation/layout.js';
import { type Scenario, SLOT } from '../scenario/layout.js';
import { ENVIRONMENT } from '../x86/environment.js';
import { VECTOR } from '../x86/exit.js';
import { FLAG } from '../x86/flags.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { Machine } from '../x86/machine.js';
import { COMPLETES, recordCall, takeAnswers, type World } from './world.js';

const GPR_WORDS = 32;
/** What VMfailInvalid clears beside setting CF (Intel SDM volume 3C, 30.2 Conventions). */
const VMFAIL_CLEARS = FLAG.PF | FLAG.AF | FLAG.ZF | FLAG.SF | FLAG.OF;
/** A case file may hold any number: as with other small slots, its low bits count. */
const OUTCOME_MASK = 3;
/** TDH.VP.ENTER. */
const VP_ENTER = 0;

export class SeamcallWorld implements World {
  readonly environment = ENVIRONMENT.Seamcall;
  wrote = 0;
  outcome: number = OUTCOME.completed;
  by: 'module' | 'TD' | 'P-SEAMLDR' = 'module';
  private readonly answers = new Int32Array(GPR_WORDS);
  private readonly host = new Int32Array(GPR_WORDS);

  begin(scenario: Scenario): void {
    takeAnswers(scenario, SLOT.answer, this.answers);
  }

  answer(scenario: Scenario, machine: Machine, observation: Int32Array): number {
    const { state } = machine;
    const first = observation[2 * FACT.calls] === 0;
    recordCall(machine, observation);
    this.outcome = scenario[2 * SLOT.outcome] & OUTCOME_MASK;
    if (first) observation[2 * FACT.outcome] = this.outcome;
    this.wrote = 1 << GPR.RAX;
    this.by = 'module';
    switch (this.outcome) {
      case OUTCOME.vmFailInvalid:
        state[2 * STATE.RFLAGS] = (state[2 * STATE.RFLAGS] & ~VMFAIL_CLEARS) | FLAG.CF;
        break;
      case OUTCOME.generalProtection:
        return VECTOR.GP;
      case OUTCOME.invalidOpcode:
        return VECTOR.UD;
      default:
        this.complete(scenario, machine, observation);
    }
    observation[2 * FACT.answered] |= this.wrote;
    return COMPLETES;
  }

  /** Of the flags only CF is known to be 0 behind a call that was answered (facts/module.md 2). */
  private complete(scenario: Scenario, { state }: Machine, observation: Int32Array): void {
    const { host } = this;
    host.set(state.subarray(0, GPR_WORDS));
    if ((host[2 * GPR.RAX + 1] & SEAMCALL_RAX.seamldrHighBit) !== 0) this.callSeamldr(scenario);
    else this.callModule(scenario, observation);
    state.set(host);
    state[2 * STATE.RFLAGS] &= ~FLAG.CF;
  }

  /** Bit 63 of RAX: the P-SEAMLDR has no output but RAX. */
  private callSeamldr(scenario: Scenario): void {
    const { host } = this;
    this.by = 'P-SEAMLDR';
    if (seamldrLeafExists(host[2 * GPR.RAX], host[2 * GPR.RAX + 1])) this.setRax(...statusOf(scenario));
    else this.setRax(lowHalf(P_SEAMLDR_STATUS_CODES.EBADPARAM), highHalf(P_SEAMLDR_STATUS_CODES.EBADPARAM));
  }

  private callModule(scenario: Scenario, observation: Int32Array): void {
    const { host, answers } = this;
    const raxLow = host[2 * GPR.RAX];
    const refused = refusal(DISPATCH_CHECKS, SYSTEM_STATE.READY, raxLow, host[2 * GPR.RAX + 1]);
    if (refused !== undefined) {
      this.setRax(refused.operand === undefined ? 0 : OPERAND_IDS[refused.operand], statusHigh(refused.status));
      return;
    }
    const outcome = leafOutcome(leafOf(raxLow), versionOf(raxLow));
    if (outcome === undefined) throw new Error(`SEAMCALL leaf ${leafOf(raxLow)} is not refused, and has no outcome`);
    let [low, high] = statusOf(scenario);
    // A version that the handler refuses never succeeds.
    if (!outcome.canSucceed && high >= 0) [low, high] = [OPERAND_IDS.RAX, statusHigh('TDX_OPERAND_INVALID') | 0];
    const rbpLow = host[2 * GPR.RBP];
    const rbpHigh = host[2 * GPR.RBP + 1];
    leafReturn(outcome, low, high, answers, host);
    this.wrote |= openRegisters(outcome, high) | (high < 0 ? outcome.errorMask : 0);
    if (scenario[2 * SLOT.rbpMod] === 0) {
      host[2 * GPR.RBP] = rbpLow;
      host[2 * GPR.RBP + 1] = rbpHigh;
      this.wrote &= ~(1 << GPR.RBP);
    }
    if (outcome.leaf !== VP_ENTER || high < 0) return;
    this.by = 'TD';
    observation[2 * FACT.tdExits]++;
  }

  private setRax(low: number, high: number): void {
    this.host[2 * GPR.RAX] = low;
    this.host[2 * GPR.RAX + 1] = high;
  }
}

function statusOf(scenario: Scenario): [low: number, high: number] {
  return [scenario[2 * SLOT.answerStatus], scenario[2 * SLOT.answerStatus + 1]];
}
