/** Plays stories of a TD: the dispatcher's machine code beside the reference, with a world that says what a step says. */
import type { DispatcherContract, TdConfiguration } from '../../../models/dispatcher/contract.js';
import { exitMoment, FAIL, fieldName, isUserspaceTurn, RETURN_TO_GUEST } from '../../../models/dispatcher/moments.js';
import { TrustDomain, type Action } from '../../../models/dispatcher/trust-domain.js';
import type { Exchange, Reference, Values } from '../../../models/exchange/exchange.js';
import type { Image } from '../../image/image.js';
import { type ExternalFunctions, type Performance, performCall } from '../../play/call.js';
import { disturbanceOf } from '../../play/disturbance.js';
import type { Observed } from '../../play/observed.js';
import type { Play } from '../../play/play.js';
import type { Session, StoryClass } from '../../play/program.js';
import { ProgramStage } from '../../stage/program-stage.js';
import type { StorySpace, StoryStep } from '../../story/story.js';
import { COMPLETE, VCPUS, WAKE } from './actions.js';
import { Structures } from './structures.js';
import { answerOf, surroundings } from './surroundings.js';

const HANDLE_EXIT = 'tdx_handle_exit';
const COMPLETE_USERSPACE = 'tdx_complete_userspace';
const OUTPUTS = ['r11', 'r12', 'r13', 'r14'] as const;

/** What a dispatcher returns to KVM_RUN's loop. */
const TO_GUEST = 1n;
const TO_USERSPACE = 0n;

/** A TD as the first exit's `created` says. */
function configuration(created: bigint): TdConfiguration {
  return { gpaWidth: (created & 1n) === 0n ? 52 : 48, mapGpaRange: (created & 2n) === 0n };
}

export class DispatcherSession implements Session {
  readonly stages: readonly [ProgramStage];
  readonly classes: readonly StoryClass[];
  private readonly stage: ProgramStage;
  private readonly externals: ExternalFunctions;
  private td: { readonly reference: TrustDomain; readonly structures: Structures } | undefined;
  /** Whether an event waits for the vCPU of this step. */
  private pendingEvents = 0n;

  /** @param completes whether userspace has its turn in the step of the exit */
  constructor(
    image: Image,
    private readonly contract: DispatcherContract,
    readonly space: StorySpace,
    private readonly completes: boolean,
  ) {
    this.stage = new ProgramStage(image);
    this.stages = [this.stage];
    this.externals = surroundings(
      this.stage,
      (address) => this.td?.structures.vcpuAt(address) ?? 0n,
      () => this.pendingEvents,
    );
    this.classes = [...space.actions.map(({ name }) => playedClass(name)), ...MOMENT_CLASSES];
  }

  begin(memory?: 0 | 1): void {
    this.stage.begin(memory);
    this.td = undefined;
  }

  allows(step: StoryStep): boolean {
    return this.trustDomain(step).reference.allows(actionOf(step), vcpuOf(step));
  }

  private trustDomain({ values }: StoryStep): NonNullable<typeof this.td> {
    if (this.td !== undefined) return this.td;
    const td = configuration(values['created'] ?? 0n);
    this.td = {
      reference: new TrustDomain(this.contract, td, this.completes ? 1 : VCPUS),
      structures: new Structures(this.stage, td, this.completes ? 1 : VCPUS),
    };
    return this.td;
  }

  *perform(step: StoryStep): Performance {
    const { reference, structures } = this.trustDomain(step);
    const vcpu = vcpuOf(step);
    const action = actionOf(step);
    if (action === 'wake') return;
    let last: string | undefined;
    if (action === 'exit') {
      structures.exit(vcpu, step.values);
      last = yield* this.run(HANDLE_EXIT, step);
    }
    if (
      action === 'complete' ||
      (this.completes && last !== undefined && isUserspaceTurn(last) && reference.allows('complete', vcpu))
    ) {
      structures.userspace(vcpu, userspaceOf(step), step.values['meddled']);
      yield* this.run(COMPLETE_USERSPACE, step);
    }
  }

  /** @returns the last moment */
  private *run(symbol: string, step: StoryStep): Generator<Observed, string, Values> {
    const { structures } = this.trustDomain(step);
    const vcpu = vcpuOf(step);
    this.pendingEvents = step.values['pendingEvents'] ?? 0n;
    const performance = performCall(this.stage, {
      symbol,
      parameters: [structures.address(vcpu)],
      graffiti: step.values['graffiti'],
      interrupts: true,
      externals: this.externals,
      ...disturbanceOf(step.values),
    });
    let next = performance.next();
    for (;;) {
      if (next.done === true) return '';
      const observed = next.value;
      const answer = yield observed;
      if (observed.moment === 'return') {
        const outcome = this.outcome(observed, structures, vcpu);
        yield outcome;
        return outcome.moment;
      }
      next = performance.next(answer);
    }
  }

  /** What a return means to the one who called KVM_RUN. */
  private outcome(returned: Observed, structures: Structures, vcpu: number): Observed {
    const rax = this.stage.register('rax');
    const result = BigInt.asIntN(32, rax);
    if (result === TO_GUEST) {
      const { values, places } = structures.registers(vcpu);
      return returned.as(RETURN_TO_GUEST, values, { places });
    }
    if (result === TO_USERSPACE) {
      const { moment, values, places } = structures.userspaceExit(vcpu);
      return returned.as(moment, values, { places });
    }
    return returned.as(FAIL, { rax }, {});
  }

  *expect(step: StoryStep): Reference {
    const { reference } = this.trustDomain(step);
    const vcpu = vcpuOf(step);
    const action = actionOf(step);
    const values = action === 'complete' ? userspaceOf(step) : step.values;
    yield* withReturns(reference.perform(action, vcpu, values));
    if (this.completes && reference.allows('complete', vcpu))
      yield* withReturns(reference.perform('complete', vcpu, userspaceOf(step)));
  }

  answer(exchange: Exchange, { values }: StoryStep): Values {
    return exchange.moment.startsWith('call ') ? answerOf(exchange, values) : {};
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
  momentClass('KVM_EXIT_INTERNAL_ERROR', exitMoment('INTERNAL_ERROR')),
  momentClass('the TD is given up', 'call host_vm_bugged'),
  momentClass('KVM_RUN fails', FAIL),
  momentClass('bits above 31 decide', RETURN_TO_GUEST, 'upper-bits'),
  momentClass('modifier bits', RETURN_TO_GUEST, 'modifiers'),
  momentClass('userspace completes', RETURN_TO_GUEST, 'completion'),
  momentClass('MapGPA ends', RETURN_TO_GUEST, 'map-gpa'),
];
