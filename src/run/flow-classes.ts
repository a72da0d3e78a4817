/** Classes of the words of control flow: tries, parameters that decide, answers after which the function stops. */
import type { CaseRunner } from '../judge/case-runner.js';
import { FACT } from '../observation/layout.js';
import { parameterSlot } from '../scenario/layout.js';
import type { CallClasses } from './call-classes.js';

const TRIES = ['the first try is answered', 'a later try is answered', 'every try is refused'] as const;
const STOPS = ['an answer to stop on', 'an answer to go on with'] as const;

/** Nothing for a contract without such words. */
export class FlowClasses implements CallClasses {
  private readonly tries: number;
  private readonly stops: boolean;
  private readonly deciding: readonly { readonly name: string; readonly slot: number }[];

  constructor(private readonly runner: CaseRunner) {
    const { contract, deciding } = runner.compiled;
    const isDeciding = (slot: number): boolean => deciding.some((place) => parameterSlot(place) === slot);
    this.tries = contract.retry?.tries ?? 0;
    this.stops = contract.stopsOn !== undefined;
    this.deciding = contract.parameters
      .map(({ name, place }) => ({ name, slot: parameterSlot(place) }))
      .filter(({ slot }) => isDeciding(slot));
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
    for (const { name, slot } of this.deciding)
      add(scenario[2 * slot] === 0 && scenario[2 * slot + 1] === 0 ? `${name} zero` : `${name} not zero`);
  }
}
