/**
 * What answers SEAMCALL: the SEAM model decides what may change, the scenario supplies how the instruction ends, the
 * status, and what the module's state, or the TD behind TDH.VP.ENTER, would have chosen. The module is READY.
 *
 * XMM is left alone: what the instruction does to it is not charged to the stub (docs/abi/linux-stubs.md#fair-scenarios).
 */
import { GPR } from '../../models/abi/registers.js';
import { FACT, OUTCOME } from '../observation/layout.js';
import { type Scenario, SLOT } from '../scenario/layout.js';
import { ENVIRONMENT } from '../x86/environment.js';
import { VECTOR } from '../x86/exit.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { Machine } from '../x86/machine.js';
import type { Refusals } from './refusals.js';
import { seamFlags, seamReturn } from './seam-return.js';
import { COMPLETES, recordCall, takeAnswers, type World } from './world.js';

const GPR_WORDS = 32;
/** A case file may hold any number: as with other small slots, its low bits count. */
const OUTCOME_MASK = 3;

export class SeamcallWorld implements World {
  readonly environment = ENVIRONMENT.Seamcall;
  wrote = 0;
  outcome: number = OUTCOME.completed;
  by: 'module' | 'TD' | 'P-SEAMLDR' = 'module';
  private readonly answers = new Int32Array(GPR_WORDS);
  private readonly host = new Int32Array(GPR_WORDS);

  /** @param refusals of a function that tries again */
  constructor(private readonly refusals?: Refusals) {}

  begin(scenario: Scenario): void {
    takeAnswers(scenario, SLOT.answer, this.answers);
  }

  answer(scenario: Scenario, machine: Machine, observation: Int32Array): number {
    const { state } = machine;
    const first = observation[2 * FACT.calls] === 0 || this.refusals !== undefined;
    const refused = this.refuses(scenario, observation);
    recordCall(machine, observation);
    this.outcome = refused ? OUTCOME.completed : scenario[2 * SLOT.outcome] & OUTCOME_MASK;
    if (first) observation[2 * FACT.outcome] = this.outcome;
    this.wrote = 1 << GPR.RAX;
    this.by = 'module';
    switch (this.outcome) {
      case OUTCOME.vmFailInvalid:
        state[2 * STATE.RFLAGS] = seamFlags(state[2 * STATE.RFLAGS], true);
        break;
      case OUTCOME.generalProtection:
        return VECTOR.GP;
      case OUTCOME.invalidOpcode:
        return VECTOR.UD;
      default:
        this.complete(scenario, refused ? this.refusals : undefined, machine, observation);
    }
    observation[2 * FACT.answered] |= this.wrote;
    return COMPLETES;
  }

  /** Whether this call is refused: one of SEAMCALL that reaches the module. */
  private refuses(scenario: Scenario, observation: Int32Array): boolean {
    const { refusals, answers } = this;
    if (refusals === undefined) return false;
    takeAnswers(scenario, SLOT.answer, answers);
    if (!refusals.isDue(scenario, observation)) return false;
    refusals.refuse(scenario, observation, answers);
    observation[2 * FACT.refusals]++;
    return true;
  }

  private complete(
    scenario: Scenario,
    refused: Refusals | undefined,
    { state }: Machine,
    observation: Int32Array,
  ): void {
    const { host } = this;
    host.set(state.subarray(0, GPR_WORDS));
    const [low, high] = refused === undefined ? statusOf(scenario) : [refused.statusLow, refused.statusHigh];
    const { by, wrote } = seamReturn(host, low, high, this.answers, scenario[2 * SLOT.rbpMod] !== 0);
    this.by = by;
    this.wrote |= wrote;
    if (by === 'TD') observation[2 * FACT.tdExits]++;
    state.set(host);
    state[2 * STATE.RFLAGS] = seamFlags(state[2 * STATE.RFLAGS], false);
  }
}

function statusOf(scenario: Scenario): [low: number, high: number] {
  return [scenario[2 * SLOT.answerStatus], scenario[2 * SLOT.answerStatus + 1]];
}
