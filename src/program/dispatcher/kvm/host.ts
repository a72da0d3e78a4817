/**
 * KVM's own dispatcher (arch/x86/kvm/vmx/tdx.c) as a host: an object of it, a module, or a kernel with it. An exit is recorded
 * by its own `tdx_vcpu_enter_exit` around a TDH.VP.ENTER that comes back with the step's registers, and handled by
 * `tdx_handle_exit`; userspace's turn goes through the pointer that it left (docs/abi/kvm-dispatcher.md#kvms-own-object).
 */
import { statusHigh } from '../../../../models/abi/status.js';
import type { TdConfiguration } from '../../../../models/dispatcher/contract.js';
import type { Exchange, Values } from '../../../../models/exchange/exchange.js';
import type { Image } from '../../../image/image.js';
import { findFunction } from '../../../image/symbols.js';
import type { ExternalFunctions } from '../../../play/call.js';
import { ProgramStage } from '../../../stage/program-stage.js';
import type { Host, HostCall } from '../host.js';
import { answerOf } from '../surroundings.js';
import type { KvmLayout } from './members.js';
import { KvmStructures } from './structures.js';
import { EMULATOR, kvmSurroundings } from './surroundings.js';

const HANDLE_EXIT = 'tdx_handle_exit';
const ENTER_EXIT = 'tdx_vcpu_enter_exit';
const BACK = 'tdxfuzz_called_back';
/** Where the functions are that only a pointer names: among the slots of external symbols, far behind the last. */
const OWN_SLOTS = 0xffffffffaf000000n;
const SLOT = 16n;

/** EXIT_FASTPATH_NONE and EXIT_FASTPATH_EXIT_HANDLED: what tdx_vcpu_run says of an exit. */
const FASTPATH = { none: 0n, handled: 2n } as const;
const OPERAND_BUSY = statusHigh('TDX_OPERAND_BUSY');
/** Bytes of a task that the dispatcher looks at: its flags. */
const TASK_BYTES = 64;

export class KvmHost implements Host {
  readonly stage: ProgramStage;
  readonly externals: ExternalFunctions;
  pendingEvents = 0n;
  private structures: KvmStructures | undefined;
  private running = 0;
  private values: Values = {};
  private readonly back = { name: BACK, address: OWN_SLOTS };
  private readonly emulator = { portRead: OWN_SLOTS + SLOT, portWrite: OWN_SLOTS + 2n * SLOT };

  /** @throws ImageError if the image lacks one of the two functions that are entered */
  constructor(
    image: Image,
    private readonly layout: KvmLayout,
  ) {
    // What is called back is looked for when it is: a stored case has the functions that its runs reach.
    for (const name of [HANDLE_EXIT, ENTER_EXIT]) findFunction(image, name);
    this.externals = kvmSurroundings({
      stage: () => this.stage,
      structures: () => this.td,
      exit: () => this.values,
      running: () => this.running,
      hasPendingEvents: () => this.pendingEvents,
    });
    this.stage = new ProgramStage(this.surrounded(image));
  }

  /** The image, with all that is answered for outside of it. */
  private surrounded(image: Image): Image {
    const open = new Set(image.externals.map(({ name }) => name));
    // In a module or a whole kernel some of it is code of the image.
    const within = image.symbols.filter(
      ({ name, kind }) => kind === 'function' && !open.has(name) && this.externals[name] !== undefined,
    );
    return {
      ...image,
      externals: [
        ...image.externals,
        ...within.map(({ name, address }) => ({ name, address })),
        this.back,
        { name: EMULATOR.portRead, address: this.emulator.portRead },
        { name: EMULATOR.portWrite, address: this.emulator.portWrite },
      ],
      // Slots have addresses of their own, and so has per-CPU data from outside: %gs adds nothing to them.
      gsBase: image.gsBase ?? 0n,
    };
  }

  get td(): KvmStructures {
    if (this.structures === undefined) throw new Error('no TD is laid out');
    return this.structures;
  }

  layOut(td: TdConfiguration, vcpus: number): void {
    const { stage } = this;
    const task = stage.allocate(TASK_BYTES);
    for (let offset = 0; offset < TASK_BYTES; offset += 8) stage.write(task + BigInt(offset), 0n);
    const current = stage.datum('const_current_task');
    if (current !== undefined) stage.write(current, task);
    this.structures = new KvmStructures(stage, this.layout, td, vcpus, this.emulator);
  }

  exit(vcpu: number, values: Values): readonly HostCall[] {
    this.running = vcpu;
    this.values = values;
    this.td.leave(vcpu, values['leftover']);
    const address = this.td.address(vcpu);
    const isBusy = Number(values['rax'] >> 32n) === OPERAND_BUSY;
    return [
      { symbol: ENTER_EXIT, parameters: [address] },
      { symbol: HANDLE_EXIT, parameters: [address, isBusy ? FASTPATH.handled : FASTPATH.none], back: this.back },
    ];
  }

  /** What KVM_RUN does first: the pointer is cleared before the function behind it runs. */
  complete(vcpu: number): readonly HostCall[] {
    this.running = vcpu;
    const vcpuAddress = this.td.address(vcpu);
    const pointer = vcpuAddress + this.layout.at('kvm_vcpu', 'arch.complete_userspace_io');
    const address = this.stage.read(pointer);
    if (address === 0n) return [];
    this.stage.write(pointer, 0n);
    return [{ symbol: HANDLE_EXIT, address, parameters: [vcpuAddress], back: this.back }];
  }

  goesToGuest(result: bigint): boolean {
    return result > 0n;
  }

  answer(exchange: Exchange, values: Values): Values {
    return answerOf(exchange, values);
  }
}
