/** Stubs of other projects: their conventions are known, and none of them is a built-in target. */
import type { Requirement } from './requirement.js';

const NO_TARGET = 'no built-in target has this convention; a contract set of your own can bind it to a symbol';

function uncovered(id: string, statement: string, ...source: string[]): Requirement {
  return { id: `project.${id}`, statement, source, standing: 'read in source', checks: [], gap: NO_TARGET };
}

export const OTHER_PROJECT_REQUIREMENTS: readonly Requirement[] = [
  uncovered(
    'td-shim-td-call',
    'td-shim’s asm_td_call takes all registers from one block, stores all of them back, and returns RAX.',
    'docs/abi/other-projects.md#td-shim-asm_td_call',
  ),
  uncovered(
    'td-shim-td-vmcall',
    'td-shim’s asm_td_vmcall exposes R10 to R15, issues STI when asked to, stores them back, returns R10, and ends in UD2 on failure.',
    'docs/abi/other-projects.md#td-shim-asm_td_vmcall',
  ),
  uncovered(
    'td-shim-td-vmcall-ex',
    'td-shim’s asm_td_vmcall_ex does the same with the mask 0xFFCC.',
    'docs/abi/other-projects.md#td-shim-asm_td_vmcall_ex',
  ),
  uncovered(
    'asterinas-td-call',
    'The asm_td_call of Asterinas stores the outputs on success alone, and returns RAX.',
    'docs/abi/other-projects.md#asterinas-asm_td_call',
  ),
  uncovered(
    'asterinas-td-vmcall',
    'The asm_td_vmcall of Asterinas exposes R10 to R15 under System V, returns R10, and ends in UD2 on failure.',
    'docs/abi/other-projects.md#asterinas-asm_td_vmcall',
  ),
  uncovered(
    'edk2-td-call',
    'EDK2’s TdCall passes three operands, stores the results on success where there is a place for them, and returns RAX.',
    'docs/abi/other-projects.md#edk2-tdcall',
  ),
  uncovered(
    'edk2-td-vmcall',
    'EDK2’s TdVmCall exposes 0xFFCC with zeros in RDX, R8, R9, RBX, RSI and RDI, and returns RAX if it is not 0, else R10.',
    'docs/abi/other-projects.md#edk2-tdvmcall',
  ),
  uncovered(
    'edk2-td-vmcall-cpuid',
    'EDK2’s TdVmCallCpuid asks with leaf and sub-leaf in R12 and R13 and stores R12 to R15 on success.',
    'docs/abi/other-projects.md#edk2-tdvmcallcpuid',
  ),
  uncovered(
    'rust-inline-masks',
    'The inline assembly of coconut-svsm, Oak and OpenVMM exposes a mask of its own for each call, and stops on failure.',
    'docs/abi/other-projects.md#rust-with-inline-assembly',
  ),
];
