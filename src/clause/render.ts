/** A clause as a person reads it: `equal(final.rbx, initial.rbx)`. The text is also the clause's stable name. */
import type { Clause, Condition, Term } from './clause.js';

export function renderTerm(term: Term): string {
  switch (term.kind) {
    case 'register':
      return `${term.moment}.${term.register}`;
    case 'field':
      return `${term.moment}.block.${term.field}`;
    case 'vector':
      return `${term.moment}.${term.part}`;
    case 'fact':
      return term.fact;
    case 'constant':
      return term.value < 10n ? term.value.toString() : `0x${term.value.toString(16)}`;
    case 'predicted':
      return `predicted.${renderTerm(term.term)}`;
  }
}

function renderCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'ended':
      return `ended ${condition.as.join('|')}`;
    case 'outcome':
      return `call ${condition.is.join('|')}`;
    case 'flag':
      return `${condition.flag}${condition.set ? '' : ' clear'}`;
    case 'parameter':
      return `${condition.parameter} ${condition.zero ? 'zero' : 'nonzero'}`;
    case 'exposed':
      return `${condition.register} exposed`;
    case 'null':
      return `${condition.parameter} NULL`;
    case 'unpredicted':
      return `${renderTerm(condition.term)} open`;
    case 'not':
      return `not ${renderCondition(condition.condition)}`;
    default:
      return condition.kind;
  }
}

export function renderClause(clause: Clause): string {
  switch (clause.kind) {
    case 'equal': {
      const mask = clause.mask === undefined ? '' : `, mask 0x${clause.mask.toString(16)}`;
      return `equal(${renderTerm(clause.left)}, ${renderTerm(clause.right)}${mask})`;
    }
    case 'zero':
      return `zero(${renderTerm(clause.term)})`;
    case 'oneOf':
      return `oneOf(${[clause.term, ...clause.values].map(renderTerm).join(', ')})`;
    case 'within':
      return `within(${[clause.term, clause.low, clause.high].map(renderTerm).join(', ')})`;
    case 'endedAs':
      return `endedAs(${clause.ends.join(', ')})`;
    case 'endedAsOrBlockFault':
      return `endedAs(${clause.ends.join(', ')}, fault on the block)`;
    case 'noWriteOutside':
      return 'noWriteOutside(stack, block)';
    case 'noAccessBelowStackPointer':
      return 'noAccessBelowStackPointer()';
    case 'before':
      return `before(${clause.first}, ${clause.second}, immediately)`;
    case 'independent':
      return `independent(${renderTerm(clause.term)}, ${clause.of})`;
    case 'when':
      return `when(${clause.conditions.map(renderCondition).join(' and ')}, ${renderClause(clause.clause)})`;
  }
}

/** The register, field or fact that a clause is about: part of a finding's signature. */
export function clauseSlot(clause: Clause): string {
  switch (clause.kind) {
    case 'equal':
      return renderTerm(clause.left);
    case 'zero':
    case 'oneOf':
    case 'within':
    case 'independent':
      return renderTerm(clause.term);
    case 'endedAs':
    case 'endedAsOrBlockFault':
      return 'end';
    case 'noWriteOutside':
    case 'noAccessBelowStackPointer':
      return 'memory';
    case 'before':
      return clause.first;
    case 'when':
      return clauseSlot(clause.clause);
  }
}
