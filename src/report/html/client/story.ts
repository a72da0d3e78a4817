/** The story of a program's finding: what happened, what the code asked each time, and what it was answered. */
import type { PageTrace } from '../page-data.js';
import { type Child, count, h, worded } from './dom.js';

type Story = NonNullable<PageTrace['story']>;
type Exchange = Story['steps'][number]['exchanges'][number];

export interface StoryView {
  element: HTMLElement;
  /** Marks the last exchange that was made by then. */
  show(step: number): void;
}

/** @param goTo shows the instruction that made an exchange */
export function storyView(story: Story, goTo: (step: number) => void): StoryView {
  const made: { step: number; element: HTMLElement }[] = [];
  const exchange = (told: Exchange): HTMLElement => {
    const wrong = isWrong(told);
    const element = h(
      'li',
      { class: wrong ? 'exchange wrong' : 'exchange' },
      wrong && h('p', { class: 'bad here' }, '✗ The violation'),
      exchangeText(told, goTo),
    );
    if (told.step !== undefined) made.push({ step: told.step, element });
    return element;
  };
  const element = h(
    'section',
    { class: 'story', 'aria-labelledby': 'story' },
    h('h2', { id: 'story' }, 'Story'),
    h(
      'ol',
      {},
      story.steps.map(({ text, impossible, exchanges }) =>
        h(
          'li',
          {},
          h('p', {}, text),
          impossible && h('p', { class: 'open' }, 'It could not take place then, and was left out.'),
          exchanges.length > 0 && h('ul', {}, exchanges.map(exchange)),
        ),
      ),
    ),
    story.leftOut > 0 &&
      h('p', { class: 'note' }, `${count(story.leftOut)} more exchanges are left out; the replay prints all.`),
  );
  return {
    element,
    show(step) {
      const last = made.findLast((candidate) => candidate.step <= step);
      for (const candidate of made) {
        if (candidate === last) candidate.element.setAttribute('aria-current', 'true');
        else candidate.element.removeAttribute('aria-current');
      }
    },
  };
}

function isWrong({ instead, values }: Exchange): boolean {
  return instead !== undefined || values.some(({ expected }) => expected !== undefined);
}

function exchangeText({ moment, instead, values, answered, step }: Exchange, goTo: (step: number) => void): Child[] {
  const name = moment ?? 'nothing more';
  return [
    h(
      'p',
      { class: 'moment' },
      step === undefined
        ? h('strong', {}, name)
        : h('button', { type: 'button', click: () => goTo(step), title: `Show step ${step + 1} of the trace` }, name),
      instead !== undefined && h('span', { class: 'bad' }, ` ✗ must be ${instead} instead`),
    ),
    values.length > 0 &&
      h(
        'dl',
        { class: 'values' },
        values.map(({ name: key, value, word, expected }) =>
          h(
            'div',
            { class: expected === undefined ? undefined : 'wrong' },
            h('dt', {}, key),
            h(
              'dd',
              {},
              worded(value, word),
              expected !== undefined && h('span', { class: 'bad' }, ` ✗ must be ${expected}`),
            ),
          ),
        ),
      ),
    answered.length > 0 && [
      h('p', { class: 'quiet' }, 'answered'),
      h(
        'dl',
        { class: 'values' },
        answered.map(([key, value, word]) => h('div', {}, h('dt', {}, key), h('dd', {}, worded(value, word)))),
      ),
    ],
  ];
}
