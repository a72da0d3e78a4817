/** Two results on one page: when and of what each was, what is new, what still stands, what is gone, and the targets of both. */
import { causesOfTarget, gapOf, noVerdict, type RunResult, type TargetResult } from '../campaign/records/result.js';
import { escapeName, shorten } from '../text/escape.js';
import { type ComparedRuns, comparisonRows } from './comparison-rows.js';
import { minute } from './night-lines.js';
import { type Cell, smallPage, smallTable } from './small-page.js';
import { xmlText } from './xml.js';

const TONES = { new: 'bad', still: 'open', gone: 'good' } as const;

export function comparisonPage(compared: ComparedRuns): string {
  const { now, base, names, comparison } = compared;
  const rows = comparisonRows(comparison);
  const { fresh, known, gone, notes } = comparison;
  return smallPage(
    'Two results compared',
    [
      `<p class="lead"><span class="bad">${fresh.length} new</span>, <span class="open">${known.length} still</span>, <span class="good">${gone.length} gone</span>.</p>`,
      ...notes.map((note) => `<p class="note">${xmlText(note)}</p>`),
      '<h2>The runs</h2>',
      smallTable('The runs', [{ text: '' }, { text: 'this' }, { text: 'beside' }], runRows(now, base, names)),
      '<h2>Findings</h2>',
      rows.length === 0
        ? '<p class="good">None in either.</p>'
        : smallTable(
            'Findings',
            [{ text: 'state' }, { text: 'finding' }],
            rows.map(({ state, text }): Cell[] => [
              { text: state, tone: TONES[state] },
              { text, kind: 'wide' },
            ]),
          ),
      '<h2>Targets</h2>',
      smallTable(
        'Targets',
        [{ text: 'target' }, { text: 'this' }, { text: 'beside' }, { text: 'code' }],
        targetRows(now, base),
      ),
    ].join('\n'),
  );
}

function runRows(now: RunResult, base: RunResult, names: ComparedRuns['names']): Cell[][] {
  const row = (name: string, of: (run: RunResult) => string): Cell[] => [
    { text: name },
    { text: of(now), kind: 'wide' },
    { text: of(base), kind: 'wide' },
  ];
  const date = (text: string | undefined): string => (text === undefined ? '-' : `${minute(text)} UTC`);
  return [
    [{ text: 'folder' }, { text: shorten(names.now), kind: 'wide' }, { text: shorten(names.base), kind: 'wide' }],
    row('began', ({ run }) => date(run.start)),
    row('ended', ({ run }) => date(run.end)),
    row('host', ({ run }) => run.host ?? '-'),
    row('commit', ({ run }) => run.commit ?? '-'),
    row('command', ({ run }) => run.command ?? '-'),
    row('tdxfuzz', ({ result }) => result.tool),
    row('cases', ({ result }) => result.targets.reduce((sum, { cases }) => sum + cases, 0).toLocaleString('en-US')),
    row('whole', (run) => gapOf(run) ?? 'yes'),
  ];
}

function targetRows(now: RunResult, base: RunResult): Cell[][] {
  const before = new Map(base.result.targets.map((target) => [escapeName(target.target), target]));
  const here = new Set(now.result.targets.map(({ target }) => escapeName(target)));
  return [
    ...now.result.targets.map((target) => targetRow(target, before.get(escapeName(target.target)))),
    ...base.result.targets
      .filter(({ target }) => !here.has(escapeName(target)))
      .map((target) => targetRow(undefined, target)),
  ];
}

function targetRow(now: TargetResult | undefined, base: TargetResult | undefined): Cell[] {
  const code =
    now === undefined || base === undefined ? '-' : now.fingerprint === base.fingerprint ? 'the same' : 'changed';
  return [{ text: shorten((now ?? base)?.target ?? '') }, verdict(now), verdict(base), { text: code }];
}

function verdict(target: TargetResult | undefined): Cell {
  if (target === undefined) return { text: 'not run', tone: 'quiet' };
  const why = noVerdict(target);
  if (why !== undefined) return { text: `no verdict: ${shorten(why)}`, tone: 'bad', kind: 'wide' };
  const causes = causesOfTarget(target);
  const open = causes.filter(({ isAccepted }) => !isAccepted).length;
  const accepted = causes.length - open;
  const text = open === 0 ? 'nothing found' : `${open} finding${open === 1 ? '' : 's'}`;
  return { text: accepted === 0 ? text : `${text}, ${accepted} accepted`, tone: open === 0 ? 'good' : 'bad' };
}
