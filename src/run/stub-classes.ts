/** Classes of the cases of a single function: how it was called, what was answered, what happened besides. */
import type { CaseRunner } from '../judge/case-runner.js';
import { FACT } from '../observation/layout.js';
import { FAULT, PLACE_NAMES, placeSlots, SLOT } from '../scenario/layout.js';
import { CALL_CLASSES, type CallClasses } from './call-classes.js';
import { FlowClasses } from './flow-classes.js';

export class StubClasses {
  /** Classes that the contract gives rise to, whether or not a case falls into them. */
  readonly names: readonly string[];
  private readonly ofCall: CallClasses;
  private readonly ofFlow: CallClasses;

  constructor(private readonly runner: CaseRunner) {
    this.ofCall = CALL_CLASSES[runner.compiled.contract.instruction](runner);
    this.ofFlow = new FlowClasses(runner);
    const { compiled } = runner;
    const names = ['no fault', 'interrupt delivered', 'NMI delivered', 'IF set at entry', 'IF clear at entry'];
    for (const flag of compiled.flagBits.keys()) names.push(`${flag} set`, `${flag} clear`);
    if (compiled.blockParameter !== undefined) names.push(...PLACE_NAMES.map((place) => `block ${place}`));
    for (const { parameter, alias } of compiled.blocks.slice(1))
      names.push(...[...PLACE_NAMES, ...(alias >= 0 ? ['aliased'] : [])].map((place) => `${parameter.name} ${place}`));
    this.names = [...names, ...this.ofCall.names(), ...this.ofFlow.names()];
  }

  /** Names the classes of the case that the runner ran last. */
  count(add: (name: string) => void): void {
    const { context, compiled, interruptedAt } = this.runner;
    const { base, scenario } = context;
    const kind = scenario[2 * SLOT.faultKind];
    if (interruptedAt === 0) add(kind === FAULT.none ? 'no fault' : 'interrupt never deliverable');
    else add(kind === FAULT.nmi ? 'NMI delivered' : 'interrupt delivered');
    add((scenario[2 * SLOT.entryFlags] & 0x200) !== 0 ? 'IF set at entry' : 'IF clear at entry');
    for (const [flag, bit] of compiled.flagBits) add((context.flags & bit) !== 0 ? `${flag} set` : `${flag} clear`);
    if (compiled.blockParameter !== undefined) add(`block ${PLACE_NAMES[scenario[2 * SLOT.blockPlace]] ?? 'valid'}`);
    for (const { parameter, index, alias } of compiled.blocks) {
      if (index === 0) continue;
      const place = scenario[2 * placeSlots(index).place];
      add(`${parameter.name} ${PLACE_NAMES[place] ?? (alias >= 0 ? 'aliased' : 'valid')}`);
    }
    if (base[2 * FACT.calls] === 0) return;
    this.ofCall.count(add);
    this.ofFlow.count(add);
  }
}
