/** Lines of a trace document: address, disassembly and what each instruction changed, with the blamed one marked. */
import type { NamedValue, TraceDocument, TraceStep } from '../run/trace-document.js';
import { colours as pc } from '../text/colours.js';
import { readablePlace } from '../text/demangle.js';
import { shorten } from '../text/escape.js';
import { plainTable } from './plain-table.js';

/** Changes shown in one line. */
const CHANGES = 4;

/** The steps around the blamed one; all of them if `context` is Infinity. */
export function traceText({ initial, steps, blamed, leftOut }: TraceDocument, context = Infinity): string {
  const first = Math.max(0, blamed - context);
  const last = Math.min(steps.length - 1, blamed + context);
  const state = new Map(initial);
  const rows: string[][] = [];
  if (first === 0 && leftOut.before > 0) rows.push(['', '', pc.dim(`(${leftOut.before} steps before)`), '', '']);
  for (const [index, step] of steps.entries()) {
    if (index > last) break;
    const changes = changesOf(step, state);
    if (index < first) continue;
    const mark = index === blamed ? pc.red('>') : ' ';
    const number = `${leftOut.before + index}`;
    rows.push([
      mark,
      number,
      shorten(readablePlace(step.place)),
      step.text,
      pc.dim(changes.slice(0, CHANGES).join('  ')),
    ]);
    for (let more = CHANGES; more < changes.length; more += CHANGES)
      rows.push(['', '', '', '', pc.dim(changes.slice(more, more + CHANGES).join('  '))]);
  }
  if (last === steps.length - 1 && leftOut.behind > 0)
    rows.push(['', '', pc.dim(`(${leftOut.behind} steps behind)`), '', '']);
  return plainTable(rows, '    ');
}

/** `the host answers in r10`, `r10: 0x0 -> 0x1`, `[0xffff...] <- 0x1 (8)`. @param state before the step; behind it afterwards */
function changesOf({ between = [], changed, stores = [], world }: TraceStep, state: Map<string, string>): string[] {
  for (const [name, value] of between) state.set(name, value);
  const values = changed.map(([name, now]: NamedValue) => {
    const old = state.get(name) ?? '0x0';
    state.set(name, now);
    return `${name}: ${old} -> ${now}`;
  });
  const stored = stores.map(({ address, value, bytes }) => `[${address}] <- ${value} (${bytes})`);
  return [...(world === undefined ? [] : [world]), ...values, ...stored];
}
