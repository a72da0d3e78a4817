/**
 * The host's side of a round trip: KVM_RUN, the stub around SEAMCALL and the dispatcher as machine code, with a userspace
 * that serves devices. It waits in TDH.VP.ENTER for the guest to exit.
 */
import { EXIT_REASON } from '../../../models/abi/exit-reasons.js';
import { KVM_MAP_GPA_RANGE_ENCRYPTED } from '../../../models/abi/kvm.js';
import type { Values } from '../../../models/exchange/exchange.js';
import type { Image } from '../../image/image.js';
import { type Call, type ExternalFunctions, type Performance, performCall } from '../../play/call.js';
import { NOTHING_KEPT, type Observed } from '../../play/observed.js';
import type { NamedWords } from '../../named-words.js';
import { ProgramStage } from '../../stage/program-stage.js';
import { RegisterAnswer } from '../../world/register-answer.js';
import { REGISTER_INDEX, REGISTER_NAMES, type RegisterName } from '../../x86/registers.js';
import { Structures } from '../dispatcher/structures.js';
import { surroundings } from '../dispatcher/surroundings.js';
import type { Shown } from '../dispatcher/views.js';

const RUN = 'tdx_vcpu_run';
/** Any value but 0: the kernel has no such device. */
const NOT_HERE = 0xffff_ffa1n;
const NO_ANSWER: Values = {};

/** Yields what devices see; returns what the guest finds in its registers, or undefined if it never runs again. */
type Service = Generator<Observed, RegisterAnswer | undefined, Values>;

export class HostSide {
  readonly stage: ProgramStage;
  private readonly externals: ExternalFunctions;
  private structures: Structures | undefined;
  private running: Performance | undefined;
  /** The step as far as it concerns the host. */
  private values: Values = NO_ANSWER;

  constructor(image: Image) {
    this.stage = new ProgramStage(image);
    this.externals = surroundings(
      this.stage,
      (address) => this.structures?.vcpuAt(address) ?? 0n,
      () => this.values['pending'] ?? 0n,
    );
  }

  begin(memory?: 0 | 1): void {
    this.stage.begin(memory);
    this.structures = undefined;
    this.running = undefined;
  }

  /** What a request needs of the host: which devices are in its kernel, whether events wait, graffiti. */
  prepare(values: Values): void {
    this.values = values;
  }

  /**
   * The guest has exited with a TDVMCALL.
   *
   * @param shown the registers that the module shows to the host
   */
  *serve(shown: NamedWords): Service {
    this.structures ??= new Structures(this.stage, { gpaWidth: 52, mapGpaRange: true, localMachineCheck: false }, 1);
    let next: IteratorResult<Observed, void>;
    if (this.running === undefined) {
      next = this.run();
      if (next.done === true || next.value.moment !== 'SEAMCALL') return yield* this.astray(next);
    }
    // RBP is the host's own with NO_RBP_MOD, and RAX says why the guest exited (docs/abi/seamcall.md#tdhvpenter-outputs).
    const exit = registersOf(shown, ['rsp', 'rbp']);
    exit.statusLow = EXIT_REASON.TDCALL;
    next = this.resume(exit.values);
    for (;;) {
      if (next.done === true) return undefined;
      const observed = next.value;
      if (observed.moment === 'SEAMCALL' && observed.shown !== undefined)
        return registersOf(observed.shown, ['rsp', 'rax', 'rcx', 'rbp']);
      if (observed.moment === 'return') next = yield* this.userspace(observed);
      else if (observed.moment.startsWith('call ')) next = this.resume(yield* this.kernel(observed));
      else return yield* this.astray(next);
    }
  }

  private run(): IteratorResult<Observed, void> {
    const { stage, structures, values } = this;
    if (structures === undefined) throw new Error('no TD');
    const call: Call = {
      symbol: RUN,
      parameters: [structures.address(0)],
      graffiti: values['host.graffiti'],
      interrupts: true,
      externals: this.externals,
    };
    this.running = performCall(stage, call);
    return this.running.next();
  }

  private resume(answer: Values): IteratorResult<Observed, void> {
    if (this.running === undefined) throw new Error('the host does not run');
    return this.running.next(answer);
  }

  /** Something that no host does: the play shows it, and the guest does not go on. */
  private *astray(next: IteratorResult<Observed, void>): Service {
    if (next.done !== true) yield next.value;
    return undefined;
  }

  /** A call of the rest of the kernel. @returns its answer */
  private *kernel(observed: Observed): Generator<Observed, Values, Values> {
    const { moment, values } = observed;
    const request = KERNEL[moment]?.(values);
    const device = DEVICES.has(moment);
    if (device && this.values['kernel'] !== 1n) return { rax: NOT_HERE };
    const {
      value = 0n,
      result = 0n,
      ...rest
    } = yield request === undefined ? observed : observed.as(request.moment, request.values);
    return { ...rest, rax: result, data: value };
  }

  /** KVM_RUN has returned: userspace serves the exit, and runs the vCPU again. */
  private *userspace(returned: Observed): Generator<Observed, IteratorResult<Observed, void>, Values> {
    const { structures } = this;
    if (structures === undefined) throw new Error('no TD');
    yield returned.as('KVM_RUN returns', returned.shown ?? returned.values);
    const { moment, values, places } = deviceView(structures.userspaceExit(0));
    const { value = 0n, ret = 0n } = yield returned.as(moment, values, { entry: NOTHING_KEPT, places });
    structures.userspace(0, { 'io.data': value, 'mmio.data': value, 'hypercall.ret': ret }, 0n);
    return this.run();
  }
}

interface Seen {
  readonly moment: string;
  readonly values: Values;
}

/** Calls that ask for a device. */
const DEVICES = new Set(['call host_pio_read', 'call host_pio_write', 'call host_mmio_read', 'call host_mmio_write']);

const sized = (value: bigint, size: bigint): bigint => BigInt.asUintN(8 * Number(size % 16n), value);
const int = (value: bigint): bigint => BigInt.asUintN(32, value);

/** What the kernel's calls mean to a device. */
const KERNEL: Readonly<Record<string, (values: Values) => Seen>> = {
  'call host_pio_read': ({ port, size }) => ({
    moment: 'port read',
    values: { port: BigInt.asUintN(16, port), size: int(size) },
  }),
  'call host_pio_write': ({ port, size, value }) => ({
    moment: 'port write',
    values: { port: BigInt.asUintN(16, port), size: int(size), data: int(value) },
  }),
  'call host_mmio_read': ({ gpa, size }) => ({ moment: 'MMIO read', values: { gpa, size: int(size) } }),
  'call host_mmio_write': ({ gpa, size, value }) => ({
    moment: 'MMIO write',
    values: { gpa, size: int(size), data: value },
  }),
  'call host_cpuid': ({ function: leaf, index }) => ({
    moment: 'CPUID',
    values: { function: int(leaf), index: int(index) },
  }),
  'call host_kvm_hypercall': ({ number, a0, a1, a2, a3 }) => ({
    moment: 'KVM hypercall',
    values: { number, a0, a1, a2, a3 },
  }),
  'call host_halt': ({ interruptsBlocked }) => ({
    moment: 'halt',
    values: { blocked: int(interruptsBlocked) === 0n ? 0n : 1n },
  }),
};

/** The fields of an exit in which a device in userspace finds what it is asked for. */
interface Served {
  readonly moment: string;
  readonly fields: Readonly<Record<string, string>>;
}

const PORT = { port: 'port', size: 'size' };
const ACCESS = { gpa: 'phys_addr', size: 'len' };

/** What an exit means to a device; undefined if no device serves it. */
function servedBy({ moment, values }: Seen): Served | undefined {
  switch (moment) {
    case 'KVM_EXIT_IO':
      return values['direction'] === 0n
        ? { moment: 'port read', fields: PORT }
        : { moment: 'port write', fields: { ...PORT, data: 'data' } };
    case 'KVM_EXIT_MMIO':
      return values['is_write'] === 0n
        ? { moment: 'MMIO read', fields: ACCESS }
        : { moment: 'MMIO write', fields: { ...ACCESS, data: 'data' } };
    case 'KVM_EXIT_HYPERCALL':
      return { moment: 'map GPA', fields: { gpa: 'args[0]', pages: 'args[1]', private: 'args[2]' } };
    default:
      return undefined;
  }
}

interface DeviceView {
  readonly moment: string;
  readonly values: Values | NamedWords;
  readonly places: Shown['places'];
}

/** What the device sees, and where it found it. */
function deviceView(exit: Shown): DeviceView {
  const served = servedBy({ moment: exit.moment, values: exit.values.record() });
  if (served === undefined) return exit;
  const entries = Object.entries(served.fields);
  const found = exit.values.record();
  const values = Object.fromEntries(entries.map(([name, field]) => [name, found[field]]));
  const places = Object.fromEntries(entries.map(([name, field]) => [name, exit.places[field]]));
  if (values['data'] !== undefined) values['data'] = sized(values['data'], values['size']);
  if (values['private'] !== undefined) values['private'] /= BigInt(KVM_MAP_GPA_RANGE_ENCRYPTED);
  return { moment: served.moment, values, places };
}

/** What one side leaves in registers for the other, but for those that it keeps for itself. */
function registersOf({ layout, words, at }: NamedWords, own: readonly RegisterName[]): RegisterAnswer {
  const answer = new RegisterAnswer(REGISTER_NAMES);
  layout.names.forEach((name, index) => {
    const register = REGISTER_INDEX[name as RegisterName] as number | undefined;
    if (register !== undefined && !own.includes(name as RegisterName))
      answer.give(register, words[at + 2 * index], words[at + 2 * index + 1]);
  });
  return answer;
}
