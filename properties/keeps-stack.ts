import { type Clause, equal, final, predictedRegister, when } from '../src/clause/clause.js';
import { atEveryReturn } from '../src/clause/every-return.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: (1) RSP at the return is 8 above its value at the entry; (2) no store hits anything but the stack below
 * the return address, the parameters on the stack with the shadow space of Microsoft x64 (both are the callee's to write),
 * the argument blocks, and data that the contract calls the function's own; (3) no explicit access below RSP
 * where the contract has no red zone. What a pop leaves below RSP is no defect (facts/linux.md 1.6).
 */
export const keepsStack: PropertyDefinition = {
  name: 'keeps-stack',
  group: 'stubs',
  rule: 'The stack is balanced at the return, nothing above it is written, and nothing below RSP is used where interrupts overwrite it.',
  source: 'facts/module.md 7 (property 4); facts/linux.md 1.6 (no red zone in kernel code)',
  stub: {
    underBreach: true,
    appliesTo: () => true,
    clauses: ({ contract }) => [
      when(
        [{ kind: 'ended', as: ['returned'] }, { kind: 'caller-kept' }],
        equal(final('rsp'), predictedRegister('final', 'rsp')),
      ),
      when({ kind: 'not', condition: { kind: 'block-overlaps-stack' } }, { kind: 'noWriteOutside' }),
      ...(contract.redZone
        ? []
        : [when({ kind: 'caller-kept' }, { kind: 'noAccessBelowStackPointer' } satisfies Clause)]),
    ],
  },
  // Its structures and the data of the image are a program's to write as well.
  program: atEveryReturn('rsp', 'stray', 'below'),
  example:
    'RET pops a count of its own, a store lands in the caller’s frame, or a value is kept below RSP across an interrupt.',
  fix: 'Pair every push with a pop on every path, and move RSP before storing below it.',
};
