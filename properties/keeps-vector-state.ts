import { type Clause, equal, vector, when } from '../src/clause/clause.js';
import { atEveryReturn } from '../src/clause/every-return.js';
import { mayReturn, type PropertyDefinition } from '../src/clause/property.js';

/** MXCSR: bits 15:6 are control, 5:0 sticky status (Intel SDM volume 1, 10.2.3). */
const MXCSR_CONTROL = 0xffc0n;

/**
 * Judged on the function's own instructions: what the wrapped instruction does to XMM is not charged to it. Criteria:
 * kernel code (`untouched`) changes no XMM, MXCSR or x87 control; elsewhere the convention decides: MXCSR control bits
 * and the x87 control word, and XMM6-15 for Microsoft x64.
 */
export const keepsVectorState: PropertyDefinition = {
  name: 'keeps-vector-state',
  group: 'stubs',
  rule: 'XMM registers, MXCSR and the x87 control word are left as kernel code or the calling convention demands.',
  source:
    'docs/abi/calling-conventions.md#vector-state; docs/abi/linux-stubs.md#fair-scenarios; docs/abi/hardening.md#background (poisoning of MXCSR and x87)',
  stub: {
    underBreach: false,
    appliesTo: mayReturn,
    holdsByDecode: (summary) => !summary.vector,
    clauses: ({ contract }) => {
      const kept: Clause[] = [
        equal(vector('final', 'mxcsr'), vector('initial', 'mxcsr'), MXCSR_CONTROL),
        equal(vector('final', 'x87cw'), vector('initial', 'x87cw')),
      ];
      const first = contract.vectorState === 'untouched' ? 0 : contract.convention === 'ms-x64' ? 6 : 16;
      for (let index = first; index < 16; index++) {
        for (const half of ['low', 'high']) {
          kept.push(equal(vector('final', `xmm${index}.${half}`), vector('initial', `xmm${index}.${half}`)));
        }
      }
      return kept.map((clause) => when({ kind: 'ended', as: ['returned'] }, clause));
    },
  },
  // Programs are kernel code: none of it is changed.
  program: atEveryReturn('vector-state'),
  example: 'An XMM register is used as scratch in kernel code, where it still belongs to a user process.',
  fix: 'Use general registers, or save and restore the vector state.',
};
