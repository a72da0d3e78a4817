import type { ContractSet } from '../contract.js';
import type { ProgramContract } from '../program-contract.js';

function wrapper(symbol: string, outputs: string): ProgramContract {
  const options = { errorMap: 'linux-6.8', outputs };
  return {
    symbol,
    source:
      'docs/abi/linux-stubs.md#host-stubs; docs/abi/linux-seamcall.md#sc_retry; docs/abi/linux-seamcall.md#sc_retry_prerr',
    program: 'seamcall-retry',
    options,
  };
}

/** The wrappers around the host stubs of linux-6.7: `int seamcall_prerr*(u64 fn, struct tdx_module_args *args)`. */
export const LINUX_6_8: ContractSet = {
  name: 'linux-6.8',
  title: 'Linux wrappers around SEAMCALL, v6.8 and later (seamcall_prerr and its forms with outputs)',
  evidence: { stubs: 'linux-6.7' },
  contracts: {},
  programs: {
    seamcall_prerr: wrapper('seamcall_prerr', 'none'),
    seamcall_prerr_ret: wrapper('seamcall_prerr_ret', 'few'),
    /** Not among the facts of any release: the form with outputs, on the stub that saves all registers. */
    seamcall_prerr_saved_ret: wrapper('seamcall_prerr_saved_ret', 'all'),
  },
};
