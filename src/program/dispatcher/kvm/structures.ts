/** A TD with its vCPUs in the memory of the machine, as KVM has it: what its dispatcher reads; all else is poison. */
import { KVM_HC_MAP_GPA_RANGE } from '../../../../models/abi/kvm.js';
import type { TdConfiguration } from '../../../../models/dispatcher/contract.js';
import type { Place, ProgramStage } from '../../../stage/program-stage.js';
import { RUN_SIZE } from '../layout.js';
import { VcpuViews, type VcpuPlaces } from '../views.js';
import type { KvmLayout } from './members.js';

/** KVM_X86_TDX_VM (Linux arch/x86/include/uapi/asm/kvm.h, read at 7.3.4). */
const VM_TYPE_TDX = 5n;
const PAGE_BITS = 12n;
const PIO_DATA = 4096n;
/** MCG_LMCE_P of IA32_MCG_CAP: the guest has a local machine check (Intel SDM volume 4, IA32_MCG_CAP). */
const LOCAL_MACHINE_CHECK = 1n << 27n;
const ALL = (1n << 64n) - 1n;

/** Numbers of the registers in `arch.regs` (enum kvm_reg). */
export const KVM_REGISTER = { rax: 0n, rcx: 1n, rdx: 2n, rbx: 3n, rsi: 6n } as const;

/** Functions that KVM calls through its emulator's table. */
export interface EmulatorFunctions {
  readonly portRead: bigint;
  readonly portWrite: bigint;
}

/** What of a vCPU the surroundings need. */
export interface KvmVcpu extends VcpuPlaces {
  readonly emulator: bigint;
  readonly msr: bigint;
}

export class KvmStructures extends VcpuViews {
  readonly kvm: bigint;
  readonly all: readonly KvmVcpu[];

  constructor(
    private readonly memory: ProgramStage,
    readonly layout: KvmLayout,
    { gpaWidth, mapGpaRange, localMachineCheck }: TdConfiguration,
    count: number,
    functions: EmulatorFunctions,
  ) {
    const kvm = memory.allocate(Math.max(layout.size('kvm_tdx'), layout.size('kvm')));
    const put = (path: Parameters<typeof layout.at<'kvm'>>[1], value: bigint, bytes: Place['bytes']): void =>
      memory.write(kvm + layout.at('kvm', path), value, bytes);
    put('arch.vm_type', VM_TYPE_TDX, 1);
    put('arch.hypercall_exit_enabled', mapGpaRange ? 1n << BigInt(KVM_HC_MAP_GPA_RANGE) : 0n, 4);
    put('arch.gfn_direct_bits', (1n << BigInt(gpaWidth - 1)) >> PAGE_BITS, 8);
    put('arch.notify_vmexit_flags', 0n, 4);
    put('vm_bugged', 0n, 1);
    put('vm_dead', 0n, 1);
    const shared = layOutShared(memory, layout, functions);
    const vcpus = Array.from({ length: count }, (_, index) =>
      layOutVcpu(memory, layout, { ...shared, kvm, gpaWidth, localMachineCheck, index: BigInt(index) }),
    );
    super(memory, vcpus);
    this.kvm = kvm;
    this.all = vcpus;
  }

  /** Whether KVM has marked the TD as one that it must not trust any more, or as dead. */
  isGivenUp(): boolean {
    return (['vm_bugged', 'vm_dead'] as const).some(
      (path) => this.memory.read(this.kvm + this.layout.at('kvm', path), 1) !== 0n,
    );
  }
}

interface Shared {
  readonly operations: bigint;
  readonly mmu: bigint;
}

function layOutShared(memory: ProgramStage, layout: KvmLayout, functions: EmulatorFunctions): Shared {
  const operations = memory.allocate(layout.size('x86_emulate_ops'));
  memory.write(operations + layout.at('x86_emulate_ops', 'pio_in_emulated'), functions.portRead);
  memory.write(operations + layout.at('x86_emulate_ops', 'pio_out_emulated'), functions.portWrite);
  // Of the MMU only its role is looked at: no SMEP, and so no pages that only the kernel may execute.
  const mmu = memory.allocate(layout.size('kvm_mmu'));
  for (let offset = 0; offset < layout.size('kvm_mmu'); offset += 8) memory.write(mmu + BigInt(offset), 0n);
  return { operations, mmu };
}

interface VcpuFacts extends Shared {
  readonly kvm: bigint;
  readonly gpaWidth: number;
  readonly localMachineCheck: boolean;
  readonly index: bigint;
}

function layOutVcpu(memory: ProgramStage, layout: KvmLayout, facts: VcpuFacts): KvmVcpu {
  const address = memory.allocate(layout.size('vcpu_tdx'));
  const run = memory.allocate(RUN_SIZE);
  const emulator = memory.allocate(layout.size('x86_emulate_ctxt'));
  const msr = memory.allocate(layout.size('msr_data'));
  const put = (path: Parameters<typeof layout.at<'kvm_vcpu'>>[1], value: bigint, bytes: Place['bytes'] = 8): void =>
    memory.write(address + layout.at('kvm_vcpu', path), value, bytes);
  put('kvm', facts.kvm);
  put('run', run);
  put('requests', 0n);
  put('mmio_needed', 0n, 4);
  put('arch.regs_avail', ALL);
  put('arch.reserved_gpa_bits', ALL << BigInt(facts.gpaWidth));
  put('arch.emulate_ctxt', emulator);
  put('arch.mmu', facts.mmu);
  put('arch.pio.count', 0n);
  put('arch.pio_data', run + PIO_DATA);
  put('arch.complete_userspace_io', 0n);
  put('arch.last_vmentry_cpu', facts.index, 4);
  put('arch.guest_state_protected', 1n, 1);
  put('arch.mcg_cap', facts.localMachineCheck ? LOCAL_MACHINE_CHECK : 0n);
  put('arch.mcg_ext_ctl', 0n);
  memory.write(emulator + layout.at('x86_emulate_ctxt', 'vcpu'), address);
  memory.write(emulator + layout.at('x86_emulate_ctxt', 'ops'), facts.operations);
  return { address, registers: address + layout.at('vcpu_tdx', 'vp_enter_args'), run, emulator, msr };
}
