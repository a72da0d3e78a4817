/** The page of one finding: the rule, what was expected and found, the shrunken case, the trace. */
import type { PageData, PageFinding } from '../page-data.js';
import { type Child, code, count, counted, facts, h, link, say } from './dom.js';
import { storyView } from './story.js';
import { plainTable } from './table.js';
import { traceView } from './trace.js';

/**
 * @param step of the trace to begin with, counted from 1; 0 for the blamed one
 * @param shown told of every step that somebody goes to, counted from 1
 */
export function findingPage(
  data: PageData,
  index: number,
  step: number,
  shown: (step: number) => void,
): { content: Child; settle: () => void } {
  const finding = data.findings[index];
  const target = data.targets[finding.target];
  const { trace } = finding;
  const first = step > 0 ? step - 1 : Math.max(0, trace.blamed);
  const story = trace.story === undefined ? undefined : storyView(trace.story, (to) => view?.goTo(to));
  const view =
    trace.steps.length === 0
      ? undefined
      : traceView(finding, first, (to, asked) => {
          story?.show(to);
          if (asked) shown(to + 1);
        });
  const place = link(`#/target/${finding.target + 1}/${encodeURIComponent(finding.place)}`, code(finding.place));
  const content = [
    h('h1', {}, h('span', { class: 'bad', 'aria-hidden': 'true' }, '✗ '), `${finding.property}: `, code(finding.slot)),
    h('p', { class: 'lead' }, finding.rule),
    target.hint !== '' && h('p', { class: 'hint' }, target.hint),
    finding.accepted !== '' &&
      h(
        'p',
        { class: 'accepted' },
        h('strong', {}, finding.standing === 'known' ? 'Known defect: ' : 'Accepted: '),
        finding.accepted.replace(/^known: /, ''),
      ),
    h(
      'dl',
      { class: 'compare' },
      h('div', {}, h('dt', {}, 'Expected'), h('dd', {}, finding.expected)),
      h('div', { class: 'wrong' }, h('dt', {}, '✗ Found'), h('dd', {}, finding.actual)),
    ),
    facts([
      ['Place', [place, finding.source !== '' && [' ', h('span', { class: 'line-of' }, finding.source)]]],
      ['Target', [link(`#/target/${finding.target + 1}`, target.name), ' ', code(target.contract)]],
      ['Replay', replay(finding)],
      ['As well', finding.asWell.length === 0 ? '' : list(finding.asWell)],
      ['Also breaks', finding.alsoBreaks.length === 0 ? '' : list(finding.alsoBreaks)],
    ]),
    h('div', { class: story === undefined ? undefined : 'beside' }, story?.element, view?.element ?? noTrace(finding)),
    h('h2', {}, 'Shrunken case'),
    values(finding),
    h('h2', {}, 'Rule'),
    facts([
      ['Clause', code(finding.clause)],
      ['Source', finding.ruleSource],
      ['Usual fix', finding.fix],
      ['Hits', `${counted(finding.hits, 'case')} failed so, the first was ${finding.first}`],
    ]),
  ];
  return { content, settle: () => view?.settle() };
}

function list(texts: readonly string[]): Child {
  return h('ul', { class: 'also' }, ...texts.map((text) => h('li', {}, code(text))));
}

function noTrace({ trace }: PageFinding): Child {
  return h(
    'section',
    {},
    h('h2', {}, 'Trace'),
    h('p', {}, `There is none: ${trace.problem ?? 'the run has no step'}.`),
  );
}

function replay({ replay: command }: PageFinding): HTMLElement {
  const text = code(command);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(command);
      say('copied');
      button.textContent = '✓ Copied';
    } catch {
      // A file may not write to the clipboard everywhere: then the text is there to be copied by hand.
      getSelection()?.selectAllChildren(text);
      say('not copied: the command is selected');
      button.textContent = 'Selected';
    }
  };
  const button = h('button', { type: 'button', click: () => void copy() }, 'Copy');
  return h('span', { class: 'command' }, text, button);
}

function values({ values: rows }: PageFinding): Child {
  if (rows.length === 0) return h('p', {}, 'Neutral: no value needs to differ.');
  const differ = rows.filter(({ neutral }) => !neutral).length;
  const tried = rows.some(({ verdict }) => verdict !== '');
  return [
    h(
      'p',
      { class: 'note' },
      `${differ === 0 ? 'Neutral: no value needs to differ.' : 'Every other value is neutral.'} ${tried ? 'Which values matter was found by experiment: one value was changed at a time.' : `${count(rows.length)} ${rows.length === 1 ? 'value differs' : 'values differ'}.`}`,
    ),
    tried
      ? plainTable(
          'Values that matter',
          ['Input', 'Value', 'It', 'Evidence'],
          rows.map(({ name, value, neutral, verdict, evidence }) => [
            neutral ? `${name} (neutral)` : name,
            code(value),
            VERDICTS[verdict] ?? verdict,
            evidence,
          ]),
          ['', '', '', 'wide'],
        )
      : plainTable(
          'Values of the shrunken case',
          ['Input', 'Value'],
          rows.map(({ name, value }) => [name, code(value)]),
        ),
  ];
}

/** Verdicts of the experiment as the end of a sentence that begins with `It`. */
const VERDICTS: Readonly<Record<string, string>> = {
  anything: 'may be anything',
  'must differ': 'must differ from neutral',
  'must be this': 'must be this',
  'some values': 'must be one of some values',
};
