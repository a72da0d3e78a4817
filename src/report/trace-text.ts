/** Lines of a trace document: address, disassembly and what each instruction changed, with the blamed one marked. */
import type { TraceDocument, TraceStep, WordedValue } from '../run/trace-document.js';
import { colours as pc } from '../text/colours.js';
import { readablePlace } from '../text/demangle.js';
import { shorten } from '../text/escape.js';
import { shownPath } from '../text/path-in-folder.js';
import { worded } from '../text/worded.js';
import { plainTable } from './plain-table.js';

/** Changes shown in one line. */
const CHANGES = 4;
const INDENT = '    ';

/** The steps around the blamed one; all of them if `context` is Infinity. */
export function traceText({ initial, steps, blamed, leftOut }: TraceDocument, context = Infinity): string {
  const first = Math.max(0, blamed - context);
  const last = Math.min(steps.length - 1, blamed + context);
  const state = new Map(initial);
  const rows: string[][] = [];
  // Lines of source stand above the row of their number: as cells they would make a column wide.
  const sources = new Map<number, string>();
  let source: TraceStep['source'];
  if (first === 0 && leftOut.before > 0) rows.push(['', '', pc.dim(`(${leftOut.before} steps before)`), '', '']);
  for (const [index, step] of steps.entries()) {
    if (index > last) break;
    const changes = changesOf(step, state);
    source = step.source ?? source;
    if (index < first) continue;
    if (source !== undefined && (step.source !== undefined || index === first))
      sources.set(rows.length, `${shorten(shownPath(source.file))}:${source.line}`);
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
  return withSources(plainTable(rows, INDENT), sources);
}

function withSources(table: string, sources: ReadonlyMap<number, string>): string {
  if (sources.size === 0) return table;
  return table
    .split('\n')
    .flatMap((line, row) => {
      const source = sources.get(row);
      return source === undefined ? [line] : [pc.dim(`${INDENT}  ${source}`), line];
    })
    .join('\n');
}

/** `the host answers in r10`, `r10: 0x0 -> 0x1`, `[args.r10 (0xffff...)] <- 0x1 (8)`. @param state before the step; behind it afterwards */
function changesOf(
  { text, between = [], changed, stores = [], world }: TraceStep,
  state: Map<string, string>,
): string[] {
  for (const [name, value] of between) state.set(name, value);
  const told = changed.map((value): [name: string, text: string] => {
    const [name, now] = value;
    const old = state.get(name) ?? '0x0';
    state.set(name, now);
    return [name, changeText(value, old)];
  });
  const values = text.startsWith('call ') ? withoutScratch(told) : told.map(([, one]) => one);
  const stored = stores.map(
    ({ address, where, value, word, bytes }) =>
      `[${worded(address, safe(where))}] <- ${worded(value, safe(word))} (${bytes})`,
  );
  return [...(world === undefined ? [] : [world]), ...values, ...stored];
}

/** A call outside of the image leaves other values in every register that a call may change: only its result is told. */
function withoutScratch(told: readonly (readonly [name: string, text: string])[]): string[] {
  const results = told.filter(([name]) => name === 'rax' || name === 'rsp');
  const others = told.length - results.length;
  if (others < 3) return told.map(([, text]) => text);
  return [...results.map(([, text]) => text), `and ${others} registers that a call may change`];
}

function changeText([name, now, word]: WordedValue, old: string): string {
  if (name === 'rflags' && word !== undefined) return `rflags ${word} (${old} -> ${now})`;
  // Where RSP was is said by the step before.
  if (name === 'rsp' && word !== undefined) return `rsp: ${worded(now, word)}`;
  return `${name}: ${old} -> ${worded(now, safe(word))}`;
}

/** Words for addresses are symbols, which are somebody else's text. */
function safe(word: string | undefined): string | undefined {
  return word === undefined ? undefined : shorten(readablePlace(word));
}
