import { equal, final, predictedRegister, when } from '../src/clause/clause.js';
import { atEveryReturn } from '../src/clause/every-return.js';
import { SYSTEM_FLAGS } from '../src/clause/flags-at-call.js';
import { mayReturn, type PropertyDefinition } from '../src/clause/property.js';

/** Criteria: of RFLAGS only IF, DF, TF, NT, AC and IOPL must survive (at the call: vmcall-frame, seamcall-frame); IF is 1 after ISSUE_STI. The arithmetic flags are volatile. */
export const keepsFlags: PropertyDefinition = {
  name: 'keeps-flags',
  group: 'stubs',
  rule: 'IF, DF, TF, NT, AC and IOPL are at the return what they were at the entry; IF is 1 where the caller asked for STI.',
  source:
    'docs/abi/calling-conventions.md#flags; docs/abi/tdcall.md#registers-and-flags; docs/abi/tdvmcall.md#what-comes-back',
  stub: {
    underBreach: false,
    appliesTo: mayReturn,
    holdsByDecode: (summary, { sti }) => !summary.systemFlags && sti === undefined,
    clauses: () => [
      when(
        { kind: 'ended', as: ['returned'] },
        equal(final('rflags'), predictedRegister('final', 'rflags'), SYSTEM_FLAGS),
      ),
    ],
  },
  // IF is as the reference says where it says something.
  program: atEveryReturn('if', 'flags'),
  example: 'STD without CLD, or CLI that nothing undoes.',
  fix: 'Leave these flags alone, or restore them on every path.',
};
