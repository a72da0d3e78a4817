import type { ContractSet } from '../contract.js';

/** Guest helpers of v7.3 on the dispatcher of v7.3. */
export const ROUND_TRIP_7_3: ContractSet = {
  name: 'roundtrip-7.3',
  title: 'Guest helpers, stubs, module and dispatcher together, v7.3',
  contracts: {},
  programs: {
    devices: {
      symbol: 'tdx_vcpu_run',
      source:
        'docs/abi/linux-helpers.md#frame-of-a-helper; docs/abi/kvm-dispatcher.md#registers; docs/abi/tdvmcall.md#sub-functions',
      program: 'round-trip',
      options: {},
    },
  },
};
