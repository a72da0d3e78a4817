import { agrees, happens } from '../src/clause/exchange-clause.js';
import {
  allAgree,
  allHappen,
  DISPATCHER_PROGRAMS,
  FAILS,
  REACTIONS,
  TO_GUEST,
} from '../src/clause/dispatcher-words.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: for every status word that is not simply "exit reason TDCALL" the dispatcher does what the word asks for:
 * an error of software or an EPT misconfiguration gives the TD up, OPERAND_BUSY enters again, a triple fault is a
 * shutdown, a failed VM entry, an exception that is not the host's and a status without an exit reason or with an unknown
 * one go to userspace, an NMI, a machine check, an interrupt and an SMI go back to the guest, modifier bits are no reason,
 * and of a bus lock userspace is told before the guest goes on. An EPT violation on private memory is a write, one on a
 * page that the guest has not accepted and a fetch from shared memory end the TD. Not checked: how often a private fault
 * is tried again, and what a TDVMCALL with modifier bits does beside being one.
 */
export const decodesExitReason: PropertyDefinition = {
  name: 'decodes-exit-reason',
  group: 'dispatcher',
  rule: 'The status word behind TDH.VP.ENTER decides what is done: its class, its basic exit reason, and not the modifier bits.',
  source:
    'docs/abi/kvm-dispatcher.md#exit-reason-map; docs/abi/kvm-dispatcher.md#exits-that-are-no-tdvmcall; docs/abi/kvm-dispatcher.md#ept-violations; docs/abi/linux-fixes.md#bc335ce04408; docs/abi/status-codes.md#layout',
  program: {
    programs: DISPATCHER_PROGRAMS,
    clauses: () => [
      ...allHappen('decode'),
      ...Object.keys(REACTIONS)
        // That is said of a bus lock beside whatever else is wrong.
        .filter((moment) => moment !== 'KVM_EXIT_X86_BUS_LOCK')
        .map((moment) => happens(moment, 'modifiers')),
      happens(TO_GUEST, 'bus-lock'),
      ...allAgree(REACTIONS),
      agrees(FAILS, 'rax', 'decode'),
    ],
  },
  example: 'The whole lower half is compared with 77, so that a TDVMCALL with a bus lock detected is an unknown exit.',
  fix: 'Look at the upper half first, then at bits 15:0 alone.',
};
