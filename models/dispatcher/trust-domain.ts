import type { ExpectedExchange, Reference, Values } from '../exchange/exchange.js';
import type { DispatcherContract, TdConfiguration } from './contract.js';
import { dispatch } from './dispatch.js';
import { isLeftOut } from './exit-reason.js';
import type { VcpuState } from './handler.js';
import { isUserspaceTurn } from './moments.js';

/** What can happen to one vCPU: the TD exits; userspace calls KVM_RUN once more; an event ends a HLT. */
export type Action = 'exit' | 'complete' | 'wake';

interface Vcpu {
  readonly state: VcpuState;
  /** The exit that userspace has to complete, as far as it came. */
  work: Reference | undefined;
  halted: boolean;
}

/**
 * The reference dispatcher of one TD: what each step must do, whatever other vCPUs do in between. Written from the
 * tables (docs/abi/kvm-dispatcher.md, docs/abi/tdvmcall.md) and never from the C under test.
 */
export class TrustDomain {
  readonly #contract: DispatcherContract;
  readonly #td: TdConfiguration;
  readonly #vcpus: readonly Vcpu[];
  #bugged = false;

  constructor(contract: DispatcherContract, td: TdConfiguration, vcpus: number) {
    this.#contract = contract;
    this.#td = td;
    this.#vcpus = Array.from({ length: vcpus }, (_, index) => ({
      state: { cpu: BigInt(index), machineCheckControl: 0n },
      work: undefined,
      halted: false,
    }));
  }

  /**
   * Whether a step can happen now; one that cannot is skipped.
   *
   * @param status of an exit: RAX behind TDH.VP.ENTER
   */
  allows(action: Action, vcpu: number, status = 0n): boolean {
    const { work, halted } = this.#vcpus[vcpu];
    if (this.#bugged || (action === 'exit' && isLeftOut(this.#contract, status))) return false;
    if (action === 'wake') return halted;
    return action === 'complete' ? work !== undefined : work === undefined && !halted;
  }

  /**
   * One step, as far as the next return of KVM_RUN or of the guest.
   *
   * @param values `exit`: the registers behind TDH.VP.ENTER (`rax`, `rcx`, and the guest's) and `leftover`, what stood
   *   in the data area of `struct kvm_run`. `complete`: what userspace has written since, under the names of the fields,
   *   and `pendingEvents`.
   */
  *perform(action: Action, vcpu: number, values: Values): Reference {
    const state = this.#vcpus[vcpu];
    if (action === 'wake') {
      state.halted = false;
      return;
    }
    state.work ??= dispatch({ contract: this.#contract, td: this.#td, exit: values, vcpu: state.state });
    let step = state.work.next(values);
    while (!step.done) {
      const exchange = withVcpu(step.value, vcpu);
      const answer = yield exchange;
      if (isUserspaceTurn(exchange.moment)) return;
      this.#note(state, exchange);
      step = state.work.next(answer);
    }
    state.work = undefined;
  }

  #note(state: Vcpu, { moment }: ExpectedExchange): void {
    if (moment === 'call host_halt') state.halted = true;
    if (moment === 'call host_vm_bugged') this.#bugged = true;
  }
}

/** Every call of the dispatcher names the vCPU for which it is made. */
function withVcpu(exchange: ExpectedExchange, vcpu: number): ExpectedExchange {
  if (!exchange.moment.startsWith('call ')) return exchange;
  return { ...exchange, values: { vcpu: BigInt(vcpu), ...exchange.values } };
}
