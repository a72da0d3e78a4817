import type { ContractSet } from '../contract.js';
import { HOST_STUB, NARROW_HOST_LEAVES } from './linux-host-shapes.js';
import { MODULE_CALL } from './linux-shapes.js';

/**
 * The host stub of the patch series of 2022 and 2023, never merged in this form: the old macro with #GP and #UD. It stored
 * the outputs on CF = 1 as well, which was mended as 03a423d40cb3 (docs/abi/linux-fixes.md#03a423d40cb3); the contract is the mended form.
 */
export const LINUX_SEAMCALL_2023: ContractSet = {
  name: 'linux-seamcall-2023',
  title: 'Linux host stub and wrapper of the patch series of 2023 (__seamcall with six arguments, seamcall)',
  evidence: { stubs: 'linux-seamcall-2023' },
  contracts: {
    /** `u64 __seamcall(u64 fn, u64 rcx, u64 rdx, u64 r8, u64 r9, struct tdx_module_output *out)`, out may be NULL. */
    __seamcall: {
      ...MODULE_CALL,
      ...HOST_STUB,
      symbol: '__seamcall',
      source:
        'docs/abi/mailing-lists.md#seamcall-infrastructure-2023 (arch/x86/virt/vmx/tdx/seamcall.S of the series); docs/abi/linux-stubs.md#structures; docs/abi/linux-stubs.md#host-stubs; docs/abi/linux-stubs.md#fair-scenarios; docs/abi/linux-fixes.md#03a423d40cb3; docs/abi/linux-fixes.md#7b804135d4d1',
      leaves: NARROW_HOST_LEAVES,
    },
  },
  programs: {
    /** `int seamcall(fn, rcx, rdx, r8, r9, u64 *seamcall_ret, struct tdx_module_output *out)`, both pointers may be NULL. */
    seamcall: {
      symbol: 'seamcall',
      source: 'docs/abi/mailing-lists.md#seamcall-infrastructure-2023; docs/abi/linux-seamcall.md#seamcall-of-2023',
      program: 'seamcall-errno',
      options: { errorMap: 'seed-002' },
    },
  },
};
