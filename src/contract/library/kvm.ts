import type { ContractSet } from '../contract.js';
import type { ProgramContract } from '../program-contract.js';

const SYMBOL = 'tdx_handle_exit';

function set(name: string, title: string, source: string, options: ProgramContract['options']): ContractSet {
  const common = { symbol: SYMBOL, source, options };
  return {
    name,
    title,
    contracts: {},
    programs: {
      'one-exit': { ...common, program: 'dispatcher-one-exit' },
      sequence: { ...common, program: 'dispatcher-sequence' },
    },
  };
}

const KVM_7_3_OPTIONS = {
  exitReasonBits: 'basic',
  upperHalves: 'ignored',
  mapGpaChunk: 2 * 1024 * 1024,
  mapGpaErrors: 'range-first',
  userspaceErrors: 'linux-7.2',
} as const;

/** From 7.3.2 on: modifier bits do not hide an exit. */
export const KVM_7_3 = set(
  'kvm-7.3',
  "KVM's TDVMCALL dispatcher, v7.3.2 and later",
  'docs/abi/kvm-dispatcher.md#exit-reason-map; docs/abi/linux-fixes.md#b5aafcb4efd2; docs/abi/linux-fixes.md#cf207eac06f6; docs/abi/linux-fixes.md#3e2dec1ede0a; docs/abi/linux-fixes.md#1f3e69af5f93; docs/abi/linux-fixes.md#bc335ce04408',
  KVM_7_3_OPTIONS,
);

/** The errors of userspace for MapGPA are told apart. */
export const KVM_7_2 = set(
  'kvm-7.2',
  "KVM's TDVMCALL dispatcher, v7.2",
  'docs/abi/kvm-dispatcher.md#exit-reason-map; docs/abi/linux-fixes.md#b5aafcb4efd2; docs/abi/linux-fixes.md#cf207eac06f6; docs/abi/linux-fixes.md#3e2dec1ede0a; docs/abi/linux-fixes.md#1f3e69af5f93',
  {
    ...KVM_7_3_OPTIONS,
    exitReasonBits: 'whole',
  },
);

/** The first release. */
export const KVM_6_16 = set(
  'kvm-6.16',
  "KVM's TDVMCALL dispatcher, v6.16 to v7.1",
  'docs/abi/kvm-dispatcher.md#exit-reason-map; docs/abi/linux-fixes.md#b5aafcb4efd2; docs/abi/linux-fixes.md#cf207eac06f6',
  {
    ...KVM_7_3_OPTIONS,
    exitReasonBits: 'whole',
    userspaceErrors: 'linux-7.1',
  },
);

/**
 * KVM's own object: an object of arch/x86/kvm/vmx/tdx.c, kvm-intel.ko, or a kernel with both. Where its structures lie is added
 * when it is bound to an image (docs/kvm-object.md).
 */
export const KVM_OBJECT_7_3 = set(
  'kvm-object-7.3',
  "KVM's own object (arch/x86/kvm/vmx/tdx.c), v7.3.2 and later",
  'docs/abi/kvm-dispatcher.md#exit-reason-map; docs/abi/kvm-dispatcher.md#exits-that-are-no-tdvmcall; docs/abi/kvm-dispatcher.md#kvms-own-object',
  {
    ...KVM_7_3_OPTIONS,
    host: 'kvm',
    refusedAnswers: 'dropped',
    machineCheckMsrs: 'dispatcher',
    mmioAddresses: 'shared',
    instructionExits: 'left-out',
  },
);
