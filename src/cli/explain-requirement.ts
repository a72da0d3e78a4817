/** One clause of the ABI in full: who checks it, where, in how many cases, and what shows that the check can fail. */
import type { RequirementCheck } from '../../models/abi/requirements/requirement.js';
import { UNCHECKED } from '../report/requirements.js';
import { type AreaRequirement, rowOf } from '../requirements/rows.js';
import type { TracedCheck } from '../requirements/trace.js';
import { colours as pc } from '../text/colours.js';
import { hex } from '../text/hex.js';
import { openablePlaces, propertyPage } from './citations.js';

export function explainRequirement(traced: AreaRequirement): string {
  const row = rowOf(traced);
  // Of a clause that nobody checks the page is that of the facts.
  const pages = row.checkedBy.length > 0 ? row.checkedBy.flatMap(propertyPage) : openablePlaces(row.source).slice(0, 1);
  const lines = [
    `${pc.bold(row.id)}${row.checkedBy.length === 0 ? `  ${pc.red(UNCHECKED)}` : ''}`,
    `  says      ${row.statement}`,
    `  area      ${row.area}`,
    ...openablePlaces(row.source).map((place, index) => `  ${index === 0 ? 'source ' : '       '}   ${place}`),
    `  standing  ${row.standing}`,
    ...(row.gap === '' ? [] : [`  gap       ${row.gap}`]),
    ...traced.checks.flatMap(checkLines),
    ...pages.map((place, index) => `  ${index === 0 ? 'page' : '    '}      ${place}`),
  ];
  return `${lines.join('\n')}\n`;
}

function checkLines({ check, cases, twins, mutants }: TracedCheck): string[] {
  const proofs = [...[...twins].sort(), ...(mutants > 0 ? [`at least ${mutants} mutants`] : [])];
  return [
    `  check     ${check.property}${scopeOf(check)}`,
    ...[...cases].map(([target, count]) => `    in force  ${target}, ${count} case${count === 1 ? '' : 's'}`),
    `    proved    ${proofs.length === 0 ? pc.yellow('by nothing') : proofs.join(', ')}`,
  ];
}

/** `: call.rcx, in cases of MapGPA, with step.r13 = 0x0` */
function scopeOf({ slots, about, cases, having }: RequirementCheck): string {
  const values = Object.entries(having ?? {}).map(([key, value]) => (value === true ? key : `${key} = ${hex(value)}`));
  const parts = [
    ...(slots === undefined ? [] : [slots.join(' ')]),
    ...(about === undefined ? [] : [`about ${about}`]),
    ...(cases === undefined ? [] : [`in cases of "${cases}"`]),
    ...(values.length === 0 ? [] : [`with ${values.join(', ')}`]),
  ];
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}
