import { agrees } from '../src/clause/exchange-clause.js';
import { asksHost, leavesSavedRegisters, returnsResult } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

const ABOUT = 'halt';

/**
 * Criteria: (1) at TDCALL interrupts are off, or come on with an STI whose shadow covers TDCALL, as the contract says;
 * (2) R12 says whether they are blocked; (3) HLT as #VE with interrupts on makes no call; (4) an idle halt returns with
 * interrupts on, whatever the host answers.
 */
export const haltWithoutLostWakeup: PropertyDefinition = {
  name: 'halt-without-lost-wakeup',
  group: 'guest helpers',
  rule: 'No interrupt can come between the decision to halt and the halt.',
  source:
    'docs/abi/tdvmcall.md#hlt-disciplines; docs/abi/linux-helpers.md#hlt; docs/abi/linux-fixes.md#e80a48bade61; docs/abi/linux-fixes.md#9f98a4f4e721; docs/abi/linux-fixes.md#e8f45927ee5d; docs/abi/tdvmcall.md#instructionhlt',
  program: {
    programs: ['helper-halt', 'helper-safe-halt', 'helper-handle-halt', 'helper-virt-exception'],
    clauses: () => [
      ...asksHost(ABOUT),
      agrees('TDVMCALL', 'if', ABOUT),
      agrees('TDVMCALL', 'sti', ABOUT),
      ...returnsResult(ABOUT),
      agrees('return', 'if', ABOUT),
      ...leavesSavedRegisters(ABOUT),
    ],
  },
  example: 'STI some instructions before TDCALL: the interrupt that should end the halt is taken before it.',
  fix: 'Enable interrupts after the call, or with STI as the instruction before TDCALL.',
};
