/**
 * What answers TDCALL: the module model decides what may change, the scenario supplies what the host, or the state of
 * the trusted module, would have chosen.
 */
import { GPR } from '../../models/abi/registers.js';
import { type ModuleConfiguration, REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import { leafOf, rejectRax, versionOf } from '../../models/module/dispatch.js';
import { leafOutcome, leafReturn } from '../../models/module/leaf-outcome.js';
import { operandInvalidRax } from '../../models/module/status.js';
import { vmcallExit, vmcallFail, vmcallReject, vmcallReturn } from '../../models/module/vmcall.js';
import { FACT, OUTCOME } from '../observation/layout.js';
import { type Scenario, SLOT } from '../scenario/layout.js';
import { ENVIRONMENT } from '../x86/environment.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { Machine } from '../x86/machine.js';
import { hashWord } from './hash.js';
import type { Refusals } from './refusals.js';
import { opensAtCall } from './sti.js';
import { COMPLETES, recordCall, takeAnswers, type World } from './world.js';

const GPR_WORDS = 32;
const XMM_WORDS = 64;

export class TdcallWorld implements World {
  readonly environment = ENVIRONMENT.Tdcall;
  readonly outcome = OUTCOME.completed;
  wrote = 0;
  by: 'host' | 'module' = 'module';
  private readonly configurations: readonly [ModuleConfiguration, ModuleConfiguration] = [
    { ...REFERENCE_CONFIGURATION, noRbpMod: true },
    { ...REFERENCE_CONFIGURATION, noRbpMod: false },
  ];
  /** What the host holds at the re-entry. */
  private statusLow = 0;
  private statusHigh = 0;
  private readonly hostAnswer = new Int32Array(GPR_WORDS);
  private readonly hostXmmAnswer = new Int32Array(XMM_WORDS);
  /** The host's own registers before it entered the TD: nothing that a guest could see. */
  private readonly hostBefore = new Int32Array(GPR_WORDS);
  private readonly hostView = new Int32Array(GPR_WORDS);
  private readonly hostXmmView = new Int32Array(XMM_WORDS);
  private readonly guest = new Int32Array(GPR_WORDS);
  private readonly guestOut = new Int32Array(GPR_WORDS);
  private readonly guestXmm = new Int32Array(XMM_WORDS);
  private readonly guestXmmOut = new Int32Array(XMM_WORDS);

  /** @param refusals of a function that tries again */
  constructor(private readonly refusals?: Refusals) {}

  begin(scenario: Scenario): void {
    takeAnswers(scenario, SLOT.answer, this.hostAnswer);
  }

  answer(scenario: Scenario, machine: Machine, observation: Int32Array): number {
    const { guest, guestOut } = this;
    const { state } = machine;
    guest.set(state.subarray(0, GPR_WORDS));
    if (observation[2 * FACT.calls] === 0)
      observation[2 * FACT.stiBeforeCall] = opensAtCall(machine, scenario, observation) ? 1 : 0;
    this.prepare(scenario, observation);
    recordCall(machine, observation);
    this.wrote = 1 << GPR.RAX;
    this.by = leafOf(guest[2 * GPR.RAX]) === 0 ? 'host' : 'module';
    this.complete(scenario, machine, observation);
    state.set(guestOut);
    observation[2 * FACT.answered] |= this.wrote;
    return COMPLETES;
  }

  /** The answer of this call: that of the scenario, or a refusal before it. */
  private prepare(scenario: Scenario, observation: Int32Array): void {
    const { refusals, hostAnswer } = this;
    this.statusLow = scenario[2 * SLOT.answerStatus];
    this.statusHigh = scenario[2 * SLOT.answerStatus + 1];
    if (refusals === undefined) return;
    takeAnswers(scenario, SLOT.answer, hostAnswer);
    if (!refusals.isDue(scenario, observation)) return;
    refusals.refuse(scenario, observation, hostAnswer);
    this.statusLow = refusals.statusLow;
    this.statusHigh = refusals.statusHigh;
    observation[2 * FACT.refusals]++;
  }

  private complete(scenario: Scenario, machine: Machine, observation: Int32Array): void {
    const { guest, guestOut } = this;
    const config = this.configurations[scenario[2 * SLOT.rbpMod] & 1];
    const { statusLow, statusHigh } = this;
    const raxLow = guest[2 * GPR.RAX];
    guestOut.set(guest);
    if (rejectRax(config, raxLow, guest[2 * GPR.RAX + 1])) {
      operandInvalidRax(guestOut);
    } else if (leafOf(raxLow) !== 0) {
      this.leaf(config, raxLow, statusLow, statusHigh);
    } else if ((statusLow | statusHigh) !== 0) {
      vmcallFail(guest, statusLow, statusHigh, guestOut);
    } else {
      this.vmcall(config, machine, observation);
    }
  }

  private vmcall(config: ModuleConfiguration, machine: Machine, observation: Int32Array): void {
    const { state } = machine;
    const { guest, guestXmm, guestOut, guestXmmOut, hostView, hostXmmView } = this;
    const sharesXmm = guest[2 * GPR.RCX] >>> 16 !== 0;
    if (sharesXmm) guestXmm.set(state.subarray(2 * STATE.XMM, 2 * STATE.XMM + XMM_WORDS));
    if (!vmcallExit(config, guest, guestXmm, this.hostBefore, hostView, hostXmmView)) {
      vmcallReject(guest, guestOut);
      return;
    }
    observation[2 * FACT.hostExits]++;
    observation[2 * FACT.eventsToHost] = machine.eventCount;
    observation[2 * FACT.pathToHost] = machine.pathHashLow;
    observation[2 * FACT.pathToHost + 1] = machine.pathHashHigh;
    const hash = 2 * FACT.restOfHostView;
    if (observation[2 * FACT.calls] > 1)
      for (let word = 0; word < GPR_WORDS; word++) hashWord(observation, hash, hostView[word]);
    if (sharesXmm) for (let word = 0; word < XMM_WORDS; word++) hashWord(observation, hash, hostXmmView[word]);
    vmcallReturn(guest, guestXmm, this.hostAnswer, this.hostXmmAnswer, guestOut, guestXmmOut);
    if (sharesXmm) state.set(guestXmmOut, 2 * STATE.XMM);
    this.wrote |= guest[2 * GPR.RCX] & 0xffff;
  }

  /** A leaf that the trusted module answers alone. */
  private leaf(config: ModuleConfiguration, raxLow: number, statusLow: number, statusHigh: number): void {
    const { guestOut, hostAnswer } = this;
    const outcome = leafOutcome(config, leafOf(raxLow), versionOf(raxLow));
    if (outcome === undefined) operandInvalidRax(guestOut);
    else this.wrote |= leafReturn(outcome, statusLow, statusHigh, hostAnswer, guestOut);
  }
}
