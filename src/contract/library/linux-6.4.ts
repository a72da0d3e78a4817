import type { ContractSet } from '../contract.js';
import { WIDE_HYPERCALL } from './linux-6.3.js';
import { MODULE_CALL } from './linux-shapes.js';

const SOURCE =
  'docs/abi/linux-stubs.md#register-flow-of-v64; docs/abi/linux-stubs.md#structures; docs/abi/linux-stubs.md#fair-scenarios (kernel v6.4 to v6.6, arch/x86/coco/tdx/tdcall.S, blobs b193c0a1d8db and 2eca5f43734f)';

/** Kernel v6.4 to v6.6: no flags; `_ret` stores the outputs, the plain form does not (docs/abi/linux-stubs.md#register-flow-of-v64). */
export const LINUX_6_4: ContractSet = {
  name: 'linux-6.4',
  title: 'Linux guest stubs, v6.4 to v6.6 (__tdx_hypercall and __tdx_hypercall_ret)',
  contracts: {
    __tdx_module_call: MODULE_CALL,
    /** `u64 __tdx_hypercall(struct tdx_hypercall_args *args)` */
    __tdx_hypercall: {
      ...WIDE_HYPERCALL,
      symbol: '__tdx_hypercall',
      source: SOURCE,
      outputs: { fields: {}, when: [] },
    },
    /** `u64 __tdx_hypercall_ret(struct tdx_hypercall_args *args)` */
    __tdx_hypercall_ret: { ...WIDE_HYPERCALL, symbol: '__tdx_hypercall_ret', source: SOURCE },
  },
};
