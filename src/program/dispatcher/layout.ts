/**
 * The structures of the dispatcher under test, as corpus/targets/dispatcher/tdx-host.h declares them: the vCPU (its
 * registers as docs/abi/linux-stubs.md#structures lays them out; the rest is our own) and the TD.
 */
import type { ExposedRegister } from '../../../models/abi/linux-constants.js';
import { KVM_RUN_PIO_DATA_OFFSET } from '../../../models/abi/kvm.js';

/** Offsets in `struct tdx_module_args`, with which `struct tdx_vcpu` begins. */
export const ARGUMENT_OFFSET: Readonly<Record<ExposedRegister | 'rcx', bigint>> = {
  rcx: 0n,
  rdx: 8n,
  r8: 16n,
  r9: 24n,
  r10: 32n,
  r11: 40n,
  r12: 48n,
  r13: 56n,
  r14: 64n,
  r15: 72n,
  rbx: 80n,
  rdi: 88n,
  rsi: 96n,
};

/** The other members of `struct tdx_vcpu`. */
export const VCPU = { status: 104n, run: 112n, td: 120n, tdvpr: 128n, completion: 136n, cpu: 140n, size: 160 } as const;

/** Members of `struct tdx_td`. */
export const TD = { sharedBit: 0n, userspaceHypercalls: 8n, size: 16 } as const;

/** Bytes of `struct kvm_run` and of the data of a port access behind it. */
export const RUN_SIZE = KVM_RUN_PIO_DATA_OFFSET + 8;
