/**
 * What has to stand around a function for a program to be able to judge it. A program's reference speaks of calls and data by
 * name; code that knows none of these names is another function of the same name, and would be accused of all it does not do.
 */
import type { ProgramContract } from '../../contract/program-contract.js';
import type { Image } from '../../image/image.js';
import { CALLED_BACK, KVM_HOST } from '../../program/dispatcher/kvm/members.js';
import { shorten } from '../../text/escape.js';

interface Needed {
  /** Functions that the image itself must have. */
  readonly defines?: readonly string[];
  /** External functions or data, of which at least one must be referred to; `host_*` stands for any that begins so. */
  readonly refersTo?: readonly string[];
  /** Of which each must be. */
  readonly refersToAll?: readonly string[];
}

/** The dispatcher is entered and completed by name, and asks the host by name (corpus/targets/dispatcher/tdx-host.h). */
const DISPATCHER: Needed = { defines: ['tdx_complete_userspace'], refersTo: ['host_*'] };

/** KVM's own is entered by its name, calls back into itself, and asks KVM by name (docs/abi/kvm-dispatcher.md#kvms-own-object). */
const KVM_DISPATCHER: Needed = {
  defines: ['tdx_vcpu_enter_exit', ...CALLED_BACK],
  refersToAll: ['tdh_vp_enter', '____kvm_emulate_hypercall', 'kvm_io_bus_read', 'kvm_mmu_page_fault'],
};

/** Without these nothing can be said at all. */
const ALWAYS: Readonly<Record<string, Needed>> = {
  'dispatcher-one-exit': DISPATCHER,
  'dispatcher-sequence': DISPATCHER,
  'round-trip': DISPATCHER,
};

/** Without these what is said is not to be defended: kernels as shipped have the same work inlined. */
const FOR_JUDGEMENT: Readonly<Record<string, Needed>> = {
  'helper-handle-mmio': { refersTo: ['decode_mmio', 'insn_decode_mmio'] },
  'helper-virt-exception': { refersTo: ['decode_mmio', 'insn_decode_mmio'] },
  'helper-map-gpa': { refersTo: ['tdx_shared_mask', 'cc_mask'] },
  'helper-get-report0': { refersTo: ['virt_to_phys', 'page_offset_base'] },
  'helper-get-quote': { refersTo: ['virt_to_phys', 'page_offset_base'] },
  'helper-extend-rtmr': { refersTo: ['virt_to_phys', 'page_offset_base'] },
  'seamcall-errno': { refersTo: ['print_failure'] },
  'seamcall-retry': { refersTo: ['print_failure'] },
};

/** Why the image is not what the program means, on one line; undefined if it is. */
export function unlike(image: Image, contract: ProgramContract): string | undefined {
  const missing = missingOf(image, alwaysNeeded(contract));
  const { symbol } = contract;
  return missing && `${shorten(symbol)} is not the function that the contract means: the image ${missing}`;
}

/** As {@link unlike}, also for what is only wanted where nobody chose the contract. */
export function unlikeByItself(image: Image, contract: ProgramContract): string | undefined {
  const missing = missingOf(image, alwaysNeeded(contract)) ?? missingOf(image, FOR_JUDGEMENT[contract.program]);
  return missing && `the image ${missing}`;
}

function alwaysNeeded({ program, options }: ProgramContract): Needed | undefined {
  return options['host'] === KVM_HOST ? KVM_DISPATCHER : ALWAYS[program];
}

function missingOf(image: Image, needed: Needed = {}): string | undefined {
  const { defines = [], refersTo = [], refersToAll = [] } = needed;
  const notReferred = refersToAll.filter((name) => !refers(image, name));
  const undefinedHere = defines.filter((name) => !image.symbols.some((symbol) => symbol.name === name));
  const isReferred = refersTo.length === 0 || refersTo.some((name) => refers(image, name));
  const parts = [
    ...(undefinedHere.length > 0 ? [`has no ${undefinedHere.join(', ')}`] : []),
    ...(notReferred.length > 0 ? [`calls no ${notReferred.join(', ')}`] : []),
    ...(isReferred ? [] : [`calls no ${refersTo.join(', ')}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(' and ');
}

/** An external name, or one that was linked in. */
function refers({ externals, symbols }: Image, name: string): boolean {
  const matches = name.endsWith('*')
    ? (candidate: string): boolean => candidate.startsWith(name.slice(0, -1))
    : (candidate: string): boolean => candidate === name;
  return externals.some((external) => matches(external.name)) || symbols.some((symbol) => matches(symbol.name));
}
