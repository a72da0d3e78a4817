import { atCall, callsOnce, equal, predictedRegister, when } from '../src/clause/clause.js';
import { keepsFlagsAtCall } from '../src/clause/flags-at-call.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: (1) the wrapped instruction is executed exactly once a call, or as often as the contract of a retry and the
 * answers say; (2) RAX holds the leaf; (3) where the exposure
 * mask is the function's own, RCX holds exactly it; (4) IF, DF, TF, NT, AC and IOPL are as at the entry, but that IF is 1 where
 * STI is asked for.
 * Not checked here: a mask that the caller passes (marshals-arguments).
 */
export const vmcallFrame: PropertyDefinition = {
  name: 'vmcall-frame',
  group: 'guest stubs',
  rule: 'TDCALL is executed exactly once a call, with the leaf in RAX, the contract’s exposure mask in RCX and the flags of the caller.',
  source:
    'docs/abi/tdcall.md#rax-layout; docs/abi/tdvmcall.md#exposure-mask; docs/abi/linux-stubs.md#generations; docs/abi/linux-stubs.md#fair-scenarios',
  stub: {
    underBreach: false,
    appliesTo: ({ contract }) =>
      contract.instruction === 'tdcall' || 'wraps SEAMCALL: its frame is judged by seamcall-frame',
    clauses: (compiled) => [
      ...callsOnce(compiled),
      when({ kind: 'called' }, equal(atCall('rax'), predictedRegister('call', 'rax'))),
      ...(compiled.contract.inputs.rcx !== undefined && 'constant' in compiled.contract.inputs.rcx
        ? [when({ kind: 'called' }, equal(atCall('rcx'), predictedRegister('call', 'rcx')))]
        : []),
      ...keepsFlagsAtCall(compiled),
    ],
  },
  example: 'The mask names a register too many, RAX keeps stale upper bits, or TDCALL sits in a retry loop.',
  fix: 'Clear RAX with a 32-bit xor, load the mask as a 32-bit immediate, execute TDCALL once.',
};
