import { equal, final, predictedRegister, when } from '../src/clause/clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: when SEAMCALL comes back with CF = 1, RAX at the return is the software error code for it. The instruction
 * itself leaves RAX as it was, so that the leaf number would be taken for a status, and leaf 0 for success.
 */
export const mapsVmfailinvalid: PropertyDefinition = {
  name: 'maps-vmfailinvalid',
  group: 'host stubs',
  rule: 'When SEAMCALL fails with CF = 1 (VMfailInvalid), RAX returns the error code for it, all 64 bits.',
  source:
    'docs/abi/seamcall.md#vmfailinvalid; docs/abi/linux-stubs.md#host-stubs; docs/abi/linux-stubs.md#constants; docs/abi/mailing-lists.md#seamcall-infrastructure-2023',
  stub: {
    underBreach: false,
    appliesTo: ({ contract }) => contract.notEntered !== undefined || 'wraps TDCALL, which always reaches the module',
    clauses: () => [
      when(
        [
          { kind: 'outcome', is: ['vmFailInvalid'] },
          { kind: 'ended', as: ['returned'] },
        ],
        equal(final('rax'), predictedRegister('final', 'rax')),
      ),
    ],
  },
  example: 'CF is tested behind an instruction that changed it, so that the leaf number is returned as a status.',
  fix: 'Branch on CF in the instruction right behind SEAMCALL, and load the whole error code there.',
};
