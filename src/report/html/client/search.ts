/** What of the whole report has some words in it: findings, targets, places of the code, requirements. */
import type { PageData } from '../page-data.js';
import { type Child, code, count, counted, h, link, say } from './dom.js';
import { findingHash } from './state.js';

/** Hits of each kind that are shown. */
const MOST = 50;

type Has = (...texts: readonly string[]) => boolean;

interface Hit {
  readonly hash: string;
  readonly text: string;
  readonly about: string;
}

export function searchPage(data: PageData, wanted: string): Child[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const has: Has = (...texts) => {
    const text = texts.join(' ').toLowerCase();
    return words.length > 0 && words.every((word) => text.includes(word));
  };
  const groups: [name: string, hits: Hit[]][] = [
    [
      'Findings',
      data.findings.flatMap((finding, index) => {
        const { property, slot, place, source, expected, actual, standing, values, trace } = finding;
        const told = trace.story?.steps.map(({ text }) => text) ?? [];
        const target = data.targets[finding.target].name;
        const texts = [property, slot, place, source, expected, actual, standing, target, finding.rule, ...told];
        const cases = values.map(({ name, value }) => `${name} ${value}`);
        if (!has(...texts, ...cases)) return [];
        return [{ hash: findingHash(data, index), text: `${property}: ${slot}`, about: `${place} in ${target}` }];
      }),
    ],
    [
      'Targets',
      data.targets.flatMap(({ name, contract, image, problem }, index) =>
        has(name, contract, image, problem) ? [{ hash: `#/target/${index + 1}`, text: name, about: contract }] : [],
      ),
    ],
    ['Functions', functions(data, has)],
    ['Instructions', instructions(data, has, wanted.trim())],
    [
      'Requirements',
      (data.requirements ?? []).flatMap(({ id, statement, checkedBy }) =>
        has(id, statement, ...checkedBy) ? [{ hash: '#/requirements', text: id, about: statement }] : [],
      ),
    ],
  ];
  const total = groups.reduce((sum, [, hits]) => sum + hits.length, 0);
  say(`${counted(total, 'hit')}`);
  return [
    h('h1', {}, 'Search: ', code(wanted)),
    h('p', { class: 'lead' }, total === 0 ? 'Nothing in this report has these words.' : counted(total, 'hit')),
    groups
      .filter(([, hits]) => hits.length > 0)
      .map(([name, hits]) => [
        h('h2', {}, `${name} (${count(hits.length)})`),
        h(
          'ul',
          { class: 'hits' },
          hits
            .slice(0, MOST)
            .map(({ hash, text, about }) => h('li', {}, link(hash, text), ' ', h('span', { class: 'quiet' }, about))),
        ),
        hits.length > MOST && h('p', { class: 'note' }, `and ${count(hits.length - MOST)} more: add a word`),
      ]),
  ];
}

/** Functions by their names. */
function functions(data: PageData, has: Has): Hit[] {
  const seen = new Set<string>();
  return data.targets.flatMap(({ coverage, name }, index) =>
    coverage.flatMap(({ symbol }) => {
      if (!has(symbol) || seen.has(symbol)) return [];
      seen.add(symbol);
      return [{ hash: `#/target/${index + 1}/${encodeURIComponent(`${symbol}+0x0`)}`, text: symbol, about: name }];
    }),
  );
}

/** Lines of listings by what they do, or by their place, through the first target that has their function. */
function instructions(data: PageData, has: Has, place: string): Hit[] {
  const seen = new Set<number>();
  return data.targets.flatMap(({ coverage }, index) =>
    coverage.flatMap(({ listing, symbol }) => {
      if (listing < 0 || seen.has(listing)) return [];
      seen.add(listing);
      return data.functions[listing].lines.flatMap(({ o, t, s }) => {
        const own = `${symbol}+0x${o.toString(16)}`;
        const source = s === undefined ? '' : `${data.files[s[0]]}:${s[1]}`;
        if (!has(t, source) && own !== place) return [];
        return [{ hash: `#/target/${index + 1}/${encodeURIComponent(own)}`, text: own, about: `${t} ${source}` }];
      });
    }),
  );
}
