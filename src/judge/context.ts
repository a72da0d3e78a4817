/** What a judged case consists of: the base run, its companions where they were needed, and the prediction. */
import { createPrediction, type Prediction } from '../../models/predict/prediction.js';
import type { CompiledContract } from '../contract/compiled.js';
import { createObservation, END, FACT, MOMENT } from '../observation/layout.js';
import { assumedRbpMod } from '../scenario/assumed.js';
import { callerKept, overlapsStack } from '../scenario/blocks.js';
import { parameterSlot, type Scenario, SLOT } from '../scenario/layout.js';
import { mustStop } from './must-stop.js';

export class CaseContext {
  scenario: Scenario;
  readonly base = createObservation();
  /** Companion G, valid when `hasGuestCompanion`. */
  readonly guest = createObservation();
  /** Companion H, valid when `hasHostCompanion`. */
  readonly host = createObservation();
  readonly prediction: Prediction = createPrediction();
  hasGuestCompanion = false;
  hasHostCompanion = false;
  private readonly mustStopBy: (observation: Int32Array) => boolean;
  private readonly flagsSlot: number;
  private readonly assumedRbpMod: 0 | 1 | undefined;

  constructor(
    private readonly compiled: CompiledContract,
    neutral: Scenario,
  ) {
    this.scenario = neutral;
    this.mustStopBy = mustStop(compiled);
    this.assumedRbpMod = assumedRbpMod(compiled.contract);
    this.flagsSlot = compiled.flagsParameter === undefined ? -1 : parameterSlot(compiled.flagsParameter.place);
  }

  get end(): number {
    return this.base[2 * FACT.end];
  }
  get called(): boolean {
    return this.base[2 * FACT.calls] > 0;
  }
  /** The untrusted host saw an exit and its values came back. */
  get hostAnswered(): boolean {
    return this.base[2 * FACT.hostExits] > 0;
  }
  /** A TD was entered, and its values came back. */
  get tdAnswered(): boolean {
    return this.base[2 * FACT.tdExits] > 0;
  }
  /** How the first call ended: one of OUTCOME. */
  get outcome(): number {
    return this.base[2 * FACT.outcome];
  }
  /** Whether the run lies within what the contract takes for granted; no property says anything of another. */
  get assumed(): boolean {
    return this.assumedRbpMod === undefined || this.scenario[2 * SLOT.rbpMod] === this.assumedRbpMod;
  }
  get callFailed(): boolean {
    return this.called && (this.base[2 * MOMENT.answer] !== 0 || this.base[2 * MOMENT.answer + 1] !== 0);
  }
  /** The contract has the function stop after what was answered. */
  get mustStop(): boolean {
    return this.mustStopBy(this.base);
  }
  /** Registers that the first call exposed to the host, as a mask; 0 when none did. */
  get exposedMask(): number {
    return this.hostAnswered ? this.base[2 * (MOMENT.call + 1)] & 0xffff : 0;
  }
  get flags(): number {
    return this.flagsSlot < 0 ? 0 : this.scenario[2 * this.flagsSlot];
  }
  /** Whether the caller gave what it owes: a readable, writable block apart from the stack, or NULL where that is legal. */
  get callerKept(): boolean {
    return callerKept(this.scenario, this.compiled);
  }
  get blockOverlapsStack(): boolean {
    return overlapsStack(this.scenario, this.compiled);
  }
  /** No verdict is possible: something that nothing models was reached. */
  get unknown(): boolean {
    return (
      this.end === END.unknown ||
      (this.hasGuestCompanion && this.guest[2 * FACT.end] === END.unknown) ||
      (this.hasHostCompanion && this.host[2 * FACT.end] === END.unknown)
    );
  }
}
