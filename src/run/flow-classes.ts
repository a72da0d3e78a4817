/** Classes of the words of control flow: tries, parameters that decide, answers after which the function stops. */
import type { CaseRunner } from '../judge/case-runner.js';
import { readHalves } from '../halves.js';
import { FACT } from '../observation/layout.js';
import { parameterSlot } from '../scenario/layout.js';
import type { CallClasses } from './call-classes.js';

const TRIES = ['the first try is answered', 'a later try is answered', 'every try is refused'] as const;
const STOPS = ['an answer to stop on', 'an answer to go on with'] as const;

/** Nothing for a contract without such words. */
export class FlowClasses implements CallClasses {
  private readonly tries: number;
  private readonly stops: boolean;
  private readonly deciding: readonly { readonly name: string; readonly slot: number; readonly bits: bigint }[];

  constructor(private readonly runner: CaseRunner) {
    const { contract, deciding, narrowParameters } = runner.compiled;
    const bytesOf = (slot: number): number =>
      narrowParameters.find(({ parameter }) => parameterSlot(parameter.place) === slot)?.bytes ?? 8;
    const isDeciding = (slot: number): boolean => deciding.some((place) => parameterSlot(place) === slot);
    this.tries = contract.retry?.tries ?? 0;
    this.stops = contract.stopsOn !== undefined;
    this.deciding = contract.parameters
      .map(({ name, place }) => ({ name, slot: parameterSlot(place) }))
      .filter(({ slot }) => isDeciding(slot))
      .map(({ name, slot }) => ({ name, slot, bits: (1n << BigInt(8 * bytesOf(slot))) - 1n }));
  }

  names(): string[] {
    return [
      ...(this.tries > 0 ? TRIES : []),
      ...(this.stops ? STOPS : []),
      ...this.deciding.flatMap(({ name }) => [`${name} zero`, `${name} not zero`]),
    ];
  }

  count(add: (name: string) => void): void {
    const { base, scenario, mustStop } = this.runner.context;
    if (this.tries > 0) {
      const refusals = base[2 * FACT.refusals];
      add(TRIES[refusals === 0 ? 0 : refusals < this.tries ? 1 : 2]);
    }
    if (this.stops) add(STOPS[mustStop ? 0 : 1]);
    for (const { name, slot, bits } of this.deciding)
      add((readHalves(scenario, 2 * slot) & bits) === 0n ? `${name} zero` : `${name} not zero`);
  }
}
