/** The trace viewer: one instruction at a time, with the machine before and behind it. */
import type { PageFinding, PageTrace } from '../page-data.js';
import { code, count, h, say, scroller, unseen } from './dom.js';
import { momentPanel } from './moment.js';
import { summaryOf } from './state.js';

export interface TraceView {
  element: HTMLElement;
  goTo(step: number): void;
  /** Once it is in the document: brings the first step into view. */
  settle(): void;
}

/**
 * @param first step to begin with
 * @param shown told of every step that is shown, and whether somebody asked for it
 */
export function traceView(
  finding: PageFinding,
  first: number,
  shown: (step: number, asked: boolean) => void,
): TraceView {
  const { trace } = finding;
  const { steps, blamed } = trace;
  const last = steps.length - 1;
  let current = -1;

  const rows = steps.map((step, index) =>
    h(
      'tr',
      { class: index === blamed ? 'blamed' : undefined, click: () => goTo(index) },
      h(
        'td',
        { class: 'mark' },
        index === blamed ? h('span', { class: 'bad' }, '✗', h('span', { class: 'unseen' }, ' blamed')) : '',
      ),
      h('td', { class: 'number' }, index + 1 + trace.leftOut.before),
      h('th', { scope: 'row' }, code(step.place)),
      h(
        'td',
        {},
        step.source !== undefined && h('span', { class: 'line-of' }, `${step.source.file}:${step.source.line}`),
        code(step.text),
        step.world !== undefined && h('span', { class: 'world' }, step.world),
        index === blamed && verdict(finding),
      ),
    ),
  );
  const slider = h('input', {
    type: 'range',
    min: 1,
    max: steps.length,
    'aria-label': 'Step',
    input: () => goTo(Number(slider.value) - 1),
  });
  const position = h('output', {});
  const panel = h('div', { class: 'moment-panel' });
  const button = (label: string, sign: string, target: () => number): HTMLElement =>
    h(
      'button',
      { type: 'button', click: () => goTo(target()) },
      h('span', { 'aria-hidden': 'true' }, sign),
      ` ${label}`,
    );
  const list = scroller(
    'Steps',
    h(
      'table',
      { class: 'steps' },
      h('caption', { class: 'unseen' }, 'Steps of the trace; the current one is marked'),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, unseen('Blamed')),
          ['Step', 'Place', 'Instruction'].map((head) =>
            h('th', { scope: 'col', class: head === 'Step' ? 'number' : undefined }, head),
          ),
        ),
      ),
      h('tbody', {}, rows),
    ),
  );
  list.classList.add('steps-scroll');
  const element = h(
    'section',
    { class: 'trace', 'aria-labelledby': 'trace', keydown: onKey },
    h('h2', { id: 'trace' }, 'Trace'),
    h(
      'div',
      { class: 'controls', role: 'group', 'aria-label': 'Steps', 'aria-describedby': 'keys' },
      button('First', '|◀', () => 0),
      button('Back', '◀', () => current - 1),
      blamed >= 0 && button('Blamed', '✗', () => blamed),
      button('Next', '▶', () => current + 1),
      button('Last', '▶|', () => last),
      slider,
      position,
    ),
    h(
      'p',
      { class: 'note', id: 'keys' },
      'Keys in here: ← → or k j step, Home and End, b for the blamed step. ',
      leftOutText(trace),
    ),
    h('div', { class: 'machine' }, list, panel),
    h('p', { class: 'note' }, `How the run ended: ${trace.end}.`),
    legend(trace),
  );

  function goTo(step: number): void {
    const index = Math.max(0, Math.min(last, step));
    if (index === current) return;
    const asked = current >= 0;
    rows[current]?.removeAttribute('aria-current');
    rows[index].setAttribute('aria-current', 'step');
    current = index;
    slider.value = String(index + 1);
    const number = `Step ${count(index + 1)} of ${count(steps.length)}`;
    position.textContent = number;
    slider.setAttribute('aria-valuetext', `${number}, ${steps[index].place}`);
    panel.replaceChildren(...momentPanel(finding, index));
    keepInView(list, rows[index]);
    if (asked)
      say(
        `${number}${index === blamed ? ', blamed' : ''}: ${steps[index].place}: ${steps[index].text}. ${summaryOf(steps[index])}`,
      );
    shown(index, asked);
  }

  function onKey(event: Event): void {
    if (!(event instanceof KeyboardEvent) || event.ctrlKey || event.altKey || event.metaKey) return;
    const inSlider = event.target === slider;
    const to = KEYS[event.key]?.(current, last, blamed);
    // The slider has its own meaning for the arrows, and the same one.
    if (to === undefined || (inSlider && event.key.length > 1)) return;
    event.preventDefault();
    goTo(to);
  }

  goTo(first);
  return { element, goTo, settle: () => center(list, rows[current]) };
}

/** Beside the blamed instruction. */
function verdict({ expected, actual }: PageFinding): HTMLElement {
  return h(
    'span',
    { class: 'verdict' },
    h('span', {}, h('strong', {}, 'expected '), expected),
    h('span', { class: 'bad' }, h('strong', {}, 'found '), actual),
  );
}

type Move = (current: number, last: number, blamed: number) => number | undefined;

const back: Move = (current) => current - 1;
const next: Move = (current) => current + 1;

const KEYS: Readonly<Record<string, Move>> = {
  ArrowLeft: back,
  ArrowUp: back,
  k: back,
  ArrowRight: next,
  ArrowDown: next,
  j: next,
  Home: () => 0,
  End: (_, last) => last,
  b: (_, __, blamed) => (blamed < 0 ? undefined : blamed),
};

/** With as much of what comes before it as of what follows. */
function center(list: HTMLElement, row: HTMLElement): void {
  list.scrollTop = row.offsetTop - (list.clientHeight - row.offsetHeight) / 2;
}

/** Scrolls the list alone, never the page. */
function keepInView(list: HTMLElement, row: HTMLElement): void {
  const head = list.querySelector('thead')?.offsetHeight ?? 0;
  const top = row.offsetTop - head;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (row.offsetTop + row.offsetHeight > list.scrollTop + list.clientHeight)
    list.scrollTop = row.offsetTop + row.offsetHeight - list.clientHeight;
}

function leftOutText({ leftOut: { before, behind }, steps }: PageTrace): string {
  if (before + behind === 0) return '';
  return `${count(before)} steps before and ${count(behind)} behind are left out: a report shows ${count(steps.length)} of one trace. The replay prints all.`;
}

/** What the marks mean, and how it was found out. */
function legend({ otherSide, method }: PageTrace): HTMLElement {
  const theirs = `${otherSide}-controlled`;
  const compared =
    `What was computed from such a value is so too: as long as companion H (the same case with other values of the ${otherSide}) takes the same way, where the value differs from companion H at the same step; ` +
    'behind the step where the ways part, where an instruction read such an operand.';
  const followed =
    'What an instruction computed from such an operand is so too. No companion run was compared here: a value that does not depend on its operand is marked all the same.';
  return h(
    'div',
    { class: 'legend' },
    h('p', {}, h('span', { class: 'changed' }, 'Δ'), ' changed by this step.'),
    h(
      'p',
      {},
      h('span', { class: 'theirs' }, otherSide === 'host' ? 'H' : 'T'),
      ` ${theirs}: an answer of the ${otherSide} put the value there (to TDG.VP.VMCALL: every register of the exposure mask; to a call out of the code: RAX and the memory that it wrote), or MOV, PUSH or POP carried it there. `,
      method === 'compared' ? compared : followed,
      ' An address that such a value chose, and what a branch on it decided, are not marked.',
    ),
  );
}
