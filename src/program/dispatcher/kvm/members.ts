/**
 * What of KVM's structures the adapter lays out or reads. Where they lie depends on the kernel's configuration: the image's
 * debug information or a file of offsets says it, and a bound contract carries it as options (docs/abi/kvm-dispatcher.md#kvms-own-object).
 */
import type { StructureLayouts, WantedLayouts } from '../../../image/structure-layouts.js';

/** Option `host` of a contract of KVM's own dispatcher. */
export const KVM_HOST = 'kvm';

/** Functions of the image that others of KVM call back, by name. */
export const CALLED_BACK = [
  'tdx_get_msr',
  'tdx_set_msr',
  'tdx_complete_emulated_msr',
  'tdx_interrupt_allowed',
] as const;

/** Structure -> members by path. Of each structure its size counts, too. */
export const KVM_MEMBERS = {
  vcpu_tdx: [
    'vt.exit_reason',
    'vt.exit_qualification',
    'vt.exit_intr_info',
    'ext_exit_qualification',
    'exit_gpa',
    'vp_enter_args',
    'vp_enter_ret',
  ],
  kvm_vcpu: [
    'kvm',
    'run',
    'requests',
    'mmio_needed',
    'arch.regs',
    'arch.regs_avail',
    'arch.reserved_gpa_bits',
    'arch.emulate_ctxt',
    'arch.mmu',
    'arch.pio.count',
    'arch.pio.port',
    'arch.pio.size',
    'arch.pio.in',
    'arch.pio_data',
    'arch.complete_userspace_io',
    'arch.last_vmentry_cpu',
    'arch.guest_state_protected',
    'arch.mcg_cap',
    'arch.mcg_ext_ctl',
  ],
  kvm_tdx: [],
  kvm: [
    'arch.vm_type',
    'arch.hypercall_exit_enabled',
    'arch.gfn_direct_bits',
    'arch.notify_vmexit_flags',
    'vm_bugged',
    'vm_dead',
  ],
  kvm_mmu: [],
  x86_emulate_ctxt: ['vcpu', 'ops'],
  x86_emulate_ops: ['pio_in_emulated', 'pio_out_emulated'],
  msr_data: ['host_initiated', 'index', 'data'],
} as const satisfies WantedLayouts;

type Structure = keyof typeof KVM_MEMBERS;
type Member<Name extends Structure> = (typeof KVM_MEMBERS)[Name][number];

/** `kvm_vcpu`, `arch.pio.count`: `kvmVcpuArchPioCount` */
export function memberOption(structure: string, path: string): string {
  const [first, ...others] = `${structure}_${path}`.split(/[._]/);
  return first + others.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
}

const SIZE = 'sizeof';

/** Each offset that a contract has to have, by the name of its option. */
export const KVM_OFFSETS: readonly { readonly option: string; readonly structure: string; readonly path: string }[] =
  Object.entries(KVM_MEMBERS).flatMap(([structure, paths]) =>
    [SIZE, ...paths].map((path) => ({ option: memberOption(structure, path), structure, path })),
  );

export interface Resolved {
  readonly options: Readonly<Record<string, number>>;
  /** `kvm_vcpu.run`: what the layouts do not have. */
  readonly missing: readonly string[];
}

/** Layouts as options of a contract. */
export function optionsFrom(layouts: StructureLayouts): Resolved {
  const options: Record<string, number> = {};
  const missing: string[] = [];
  for (const { option, structure, path } of KVM_OFFSETS) {
    const layout = layouts[structure];
    const offset = path === SIZE ? layout?.size : layout?.members[path]?.offset;
    if (offset === undefined) missing.push(path === SIZE ? structure : `${structure}.${path}`);
    else options[option] = offset;
  }
  return { options, missing };
}

/** The offsets of a contract. */
export class KvmLayout {
  /** Structure -> path -> bytes from its start. A story asks for some of them hundreds of times. */
  private readonly offsets = new Map<string, Map<string, bigint>>();

  constructor(options: Readonly<Record<string, number>>) {
    for (const { option, structure, path } of KVM_OFFSETS) {
      const members = this.offsets.get(structure) ?? new Map<string, bigint>();
      this.offsets.set(structure, members.set(path, BigInt(options[option])));
    }
  }

  /** Bytes from the start of the structure. */
  at<Name extends Structure>(structure: Name, path: Member<Name>): bigint {
    return this.offset(structure, path);
  }

  /** Bytes. */
  size(structure: Structure): number {
    return Number(this.offset(structure, SIZE));
  }

  private offset(structure: string, path: string): bigint {
    const offset = this.offsets.get(structure)?.get(path);
    if (offset === undefined) throw new RangeError(`no offset of ${structure}.${path}`);
    return offset;
  }
}
