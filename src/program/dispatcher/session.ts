/** Plays stories of a TD: the dispatcher's machine code beside the reference, with a world that says what a step says. */
import type { DispatcherContract, TdConfiguration } from '../../../models/dispatcher/contract.js';
import { exitMoment, FAIL, fieldName, isUserspaceTurn, RETURN_TO_GUEST } from '../../../models/dispatcher/moments.js';
import { TrustDomain, type Action } from '../../../models/dispatcher/trust-domain.js';
import type { Exchange, Reference, Values } from '../../../models/exchange/exchange.js';
import { type Performance, performCall } from '../../play/call.js';
import { disturbanceOf } from '../../play/disturbance.js';
import { NOTHING_KEPT, Observed } from '../../play/observed.js';
import type { Play } from '../../play/play.js';
import type { Session, StoryClass } from '../../play/program.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import type { StorySpace, StoryStep } from '../../story/story.js';
import { COMPLETE, VCPUS, WAKE } from './actions.js';
import type { Host, HostCall } from './host.js';

const OUTPUTS = ['r11', 'r12', 'r13', 'r14'] as const;

/** What a dispatcher returns where userspace has its turn. */
const TO_USERSPACE = 0n;

/** A TD as the first exit's `created` says. */
function configuration(created: bigint): TdConfiguration {
  return {
    gpaWidth: (created & 1n) === 0n ? 52 : 48,
    mapGpaRange: (created & 2n) === 0n,
    localMachineCheck: (created & 4n) !== 0n,
  };
}

export class DispatcherSession implements Session {
  readonly stages: readonly [ProgramStage];
  readonly classes: readonly StoryClass[];
  private reference: TrustDomain | undefined;

  /** @param completes whether userspace has its turn in the step of the exit */
  constructor(
    private readonly host: Host,
    private readonly contract: DispatcherContract,
    readonly space: StorySpace,
    private readonly completes: boolean,
  ) {
    this.stages = [host.stage];
    this.classes = [...space.actions.map(({ name }) => playedClass(name)), ...MOMENT_CLASSES];
  }

  begin(memory?: 0 | 1): void {
    this.host.stage.begin(memory);
    this.reference = undefined;
  }

  allows(step: StoryStep): boolean {
    return this.trustDomain(step).allows(actionOf(step), vcpuOf(step), step.values['rax']);
  }

  private trustDomain({ values }: StoryStep): TrustDomain {
    if (this.reference !== undefined) return this.reference;
    const td = configuration(values['created'] ?? 0n);
    const vcpus = this.completes ? 1 : VCPUS;
    this.host.layOut(td, vcpus);
    return (this.reference = new TrustDomain(this.contract, td, vcpus));
  }

  *perform(step: StoryStep): Performance {
    const reference = this.trustDomain(step);
    const { host } = this;
    const vcpu = vcpuOf(step);
    const action = actionOf(step);
    if (action === 'wake') return;
    let last: string | undefined;
    if (action === 'exit') last = yield* this.run(host.exit(vcpu, step.values), step);
    if (
      action === 'complete' ||
      (this.completes && last !== undefined && isUserspaceTurn(last) && reference.allows('complete', vcpu))
    ) {
      host.td.userspace(vcpu, userspaceOf(step), step.values['meddled']);
      yield* this.run(host.complete(vcpu), step);
    }
  }

  /** @returns the last moment */
  private *run(calls: readonly HostCall[], step: StoryStep): Generator<Observed, string, Values> {
    const { host } = this;
    const vcpu = vcpuOf(step);
    host.pendingEvents = step.values['pendingEvents'] ?? 0n;
    if (calls.length === 0) return yield* this.nothingLeft(vcpu);
    for (const [index, call] of calls.entries()) {
      const returned = yield* this.untilReturn(call, step);
      if (returned === undefined) return '';
      if (index < calls.length - 1) continue;
      yield returned;
      const outcome = this.outcome(returned, vcpu);
      yield outcome;
      return outcome.moment;
    }
    return '';
  }

  /** KVM_RUN enters the guest, and no code under test runs before it does. */
  private *nothingLeft(vcpu: number): Generator<Observed, string, Values> {
    const { stage } = this.host;
    const returned = new Observed('return', NOTHING_KEPT.shown, stage.returnAddress, stage, { entry: NOTHING_KEPT });
    yield returned;
    const { values, places } = this.host.td.registers(vcpu);
    yield returned.as(RETURN_TO_GUEST, values, { places });
    return RETURN_TO_GUEST;
  }

  /** @returns the return, which nobody has seen yet; undefined if the call ends in another way */
  private *untilReturn(call: HostCall, { values }: StoryStep): Generator<Observed, Observed | undefined, Values> {
    const { host } = this;
    const performance = performCall(host.stage, {
      ...call,
      graffiti: values['graffiti'],
      interrupts: true,
      externals: host.externals,
      ...disturbanceOf(values),
    });
    let next = performance.next();
    for (;;) {
      if (next.done === true) return undefined;
      if (next.value.moment === 'return') return next.value;
      next = performance.next(yield next.value);
    }
  }

  /** What a return means to the one who called KVM_RUN. */
  private outcome(returned: Observed, vcpu: number): Observed {
    const { host } = this;
    const rax = host.stage.register('rax');
    const result = BigInt.asIntN(32, rax);
    if (host.goesToGuest(result)) {
      const { values, places } = host.td.registers(vcpu);
      return returned.as(RETURN_TO_GUEST, values, { places });
    }
    if (result === TO_USERSPACE) {
      const { moment, values, places } = host.td.userspaceExit(vcpu);
      return returned.as(moment, values, { places });
    }
    return returned.as(FAIL, { rax }, {});
  }

  *expect(step: StoryStep): Reference {
    const reference = this.trustDomain(step);
    const vcpu = vcpuOf(step);
    const action = actionOf(step);
    const values = action === 'complete' ? userspaceOf(step) : step.values;
    yield* withReturns(reference.perform(action, vcpu, values));
    if (this.completes && reference.allows('complete', vcpu))
      yield* withReturns(reference.perform('complete', vcpu, userspaceOf(step)));
  }

  answer(exchange: Exchange, { values }: StoryStep): Values {
    return exchange.moment.startsWith('call ') ? this.host.answer(exchange, values) : {};
  }
}

function actionOf({ action }: StoryStep): Action {
  return action === COMPLETE || action === WAKE ? action : 'exit';
}

function vcpuOf({ values }: StoryStep): number {
  return Number((values['vcpu'] ?? 0n) % BigInt(VCPUS));
}

/** A value that userspace writes, and under which name of a field. */
const WRITTEN: readonly (readonly [field: string, slot: string])[] = [
  [fieldName('IO', 'data'), 'data'],
  [fieldName('MMIO', 'data'), 'data'],
  [fieldName('HYPERCALL', 'ret'), 'ret'],
  [fieldName('TDX', 'ret'), 'ret'],
  ...OUTPUTS.map((name) => [fieldName('TDX', name), `${name}Out`] as const),
  ['pendingEvents', 'pendingEvents'],
];

/** What userspace has written, under the names of the fields; each is read when it is asked for. */
class Userspace {
  constructor(readonly said: Values) {}

  get values(): Values {
    return this as unknown as Values;
  }
}

for (const [field, slot] of WRITTEN)
  Object.defineProperty(Userspace.prototype, field, {
    get(this: Userspace) {
      return this.said[slot];
    },
  });

function userspaceOf({ values }: StoryStep): Values {
  return new Userspace(values).values;
}

/** The dispatcher's function returns before its result takes effect; the result decides what comes next. */
function* withReturns(reference: Reference): Reference {
  let step = reference.next();
  while (step.done !== true) {
    const exchange = step.value;
    const { moment, about = [] } = exchange;
    if (moment === RETURN_TO_GUEST || isUserspaceTurn(moment)) yield { moment: 'return', values: {}, about };
    step = reference.next(yield exchange);
  }
}

function playedClass(action: string): StoryClass {
  const isPlayed = ({ story, left }: Play): boolean =>
    story.some((step, index) => step.action === action && !left.includes(index));
  return { name: action, holds: isPlayed };
}

function momentClass(name: string, moment: string, label?: string): StoryClass {
  const is = ({ asked }: Play['entries'][number]): boolean =>
    asked?.moment === moment && (label === undefined || asked.about?.includes(label) === true);
  return { name, holds: ({ entries }) => entries.some(is) };
}

const MOMENT_CLASSES: readonly StoryClass[] = [
  momentClass('KVM_EXIT_IO', exitMoment('IO')),
  momentClass('KVM_EXIT_MMIO', exitMoment('MMIO')),
  momentClass('KVM_EXIT_HYPERCALL', exitMoment('HYPERCALL')),
  momentClass('KVM_EXIT_TDX', exitMoment('TDX')),
  momentClass('KVM_EXIT_SYSTEM_EVENT', exitMoment('SYSTEM_EVENT')),
  momentClass('KVM_EXIT_SHUTDOWN', exitMoment('SHUTDOWN')),
  momentClass('KVM_EXIT_EXCEPTION', exitMoment('EXCEPTION')),
  momentClass('KVM_EXIT_FAIL_ENTRY', exitMoment('FAIL_ENTRY')),
  momentClass('KVM_EXIT_X86_BUS_LOCK', exitMoment('X86_BUS_LOCK')),
  momentClass('KVM_EXIT_NOTIFY', exitMoment('NOTIFY')),
  momentClass('KVM_EXIT_INTERNAL_ERROR', exitMoment('INTERNAL_ERROR')),
  momentClass('the TD is given up', 'call host_vm_bugged'),
  momentClass('KVM_RUN fails', FAIL),
  momentClass('bits above 31 decide', RETURN_TO_GUEST, 'upper-bits'),
  momentClass('modifier bits', RETURN_TO_GUEST, 'modifiers'),
  momentClass('userspace completes', RETURN_TO_GUEST, 'completion'),
  momentClass('MapGPA ends', RETURN_TO_GUEST, 'map-gpa'),
];
