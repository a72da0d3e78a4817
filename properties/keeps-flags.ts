import { equal, final, predictedRegister, when } from '../src/clause/clause.js';
import { agrees } from '../src/clause/exchange-clause.js';
import { inPrograms, RETURNS } from '../src/clause/program-property.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/** IF 9, DF 10, TF 8, NT 14, AC 18, IOPL 13:12 (Intel SDM volume 1, 3.4.3). */
const SYSTEM_FLAGS = 0x47700n;

/** Criteria: of RFLAGS only IF, DF, TF, NT, AC and IOPL must survive; IF is 1 after ISSUE_STI. The arithmetic flags are volatile. */
export const keepsFlags: PropertyDefinition = {
  name: 'keeps-flags',
  group: 'stubs',
  rule: 'IF, DF, TF, NT, AC and IOPL are at the return what they were at the entry; IF is 1 where the caller asked for STI.',
  source: 'facts/linux.md 1.6 (flags); facts/module.md 1 and 4 (TDCALL leaves RFLAGS unchanged)',
  underBreach: false,
  appliesTo: () => true,
  holdsByDecode: (summary, { contract }) => !summary.systemFlags && contract.stiFlag === undefined,
  clauses: () => [
    when(
      { kind: 'ended', as: ['returned'] },
      equal(final('rflags'), predictedRegister('final', 'rflags'), SYSTEM_FLAGS),
    ),
  ],
  example: 'STD without CLD, or CLI that nothing undoes.',
  fix: 'Leave these flags alone, or restore them on every path.',
};

/** The same of a program; IF is as the reference says where it says something. */
export const keepsFlagsInPrograms = inPrograms(keepsFlags, () =>
  RETURNS.flatMap((moment) => [agrees(moment, 'if'), agrees(moment, 'flags')]),
);
