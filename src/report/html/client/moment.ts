/** The machine at one step: registers, what was loaded and stored, and whose values they are. */
import type { MemoryAccess, PageFinding } from '../page-data.js';
import { type Child, code, h, scroller, unseen } from './dom.js';
import { momentOf } from './state.js';

/** As people read them. */
const ORDER = 'rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rflags'.split(' ');

export function momentPanel({ trace }: PageFinding, index: number): HTMLElement[] {
  const { steps, blamed, register, otherSide } = trace;
  const { place, text, loads = [], stores = [], world } = steps[index];
  const moment = momentOf(trace, index);
  const letter = otherSide === 'host' ? 'H' : 'T';
  const held = new Set(moment.memory);
  const mark = (is: boolean): Child =>
    is && h('span', { class: 'theirs' }, letter, h('span', { class: 'unseen' }, ` ${otherSide}-controlled`));
  const names = [...ORDER, ...[...moment.after.keys()].filter((name) => !ORDER.includes(name))];
  const words = new Map(steps[index].changed.map(([name, , word]) => [name, word]));
  const rows = names.map((name) => {
    const before = moment.before.get(name) ?? '';
    const after = moment.after.get(name) ?? '';
    const isChanged = before !== after;
    const isWrong = index === blamed && name === register;
    return h(
      'tr',
      { class: [isChanged ? 'changed' : '', isWrong ? 'wrong' : ''].join(' ').trim(), 'data-register': name },
      h('th', { scope: 'row' }, name),
      value(before, moment.theirsBefore.has(name), mark),
      value(after, moment.theirsAfter.has(name), mark, isChanged ? words.get(name) : undefined),
      h(
        'td',
        { class: 'mark' },
        isChanged && h('span', { class: 'delta' }, 'Δ', h('span', { class: 'unseen' }, ' changed')),
        isWrong && h('span', { class: 'bad' }, ' ✗', h('span', { class: 'unseen' }, ' wrong')),
      ),
    );
  });
  const isTheirs = ({ address, bytes }: MemoryAccess): boolean =>
    wordsOf(address, bytes).some((word) => held.has(word));
  const access = (verb: string, arrow: string) => (entry: MemoryAccess) =>
    h(
      'li',
      {},
      `${verb} ${entry.bytes} B `,
      entry.where !== undefined && h('span', { class: 'word' }, entry.where, ' '),
      code(`[${entry.address}] ${arrow} ${entry.value}`),
      entry.word !== undefined && h('span', { class: 'word' }, ' ', entry.word),
      ' ',
      mark(isTheirs(entry)),
    );
  return [
    h('h3', {}, code(place), ' ', code(text)),
    ...(world === undefined ? [] : [h('p', { class: 'world' }, world)]),
    scroller(
      'Registers',
      h(
        'table',
        { class: 'registers' },
        h('caption', { class: 'unseen' }, `Registers before and behind step ${index + 1}`),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            ['Register', 'Before', 'After'].map((head) => h('th', { scope: 'col' }, head)),
            h('th', { scope: 'col' }, unseen('Change')),
          ),
        ),
        h('tbody', {}, rows),
      ),
    ),
    ...(loads.length + stores.length === 0
      ? []
      : [h('ul', { class: 'accesses' }, loads.map(access('loads', '→')), stores.map(access('stores', '←')))]),
    ...(moment.memory.length === 0
      ? []
      : [
          h(
            'p',
            { class: 'note' },
            `Memory with ${otherSide}-controlled values: `,
            moment.memory.slice(0, MOST_WORDS).map((word): Child => [code(word), ' ']),
            moment.memory.length > MOST_WORDS && `and ${moment.memory.length - MOST_WORDS} more words`,
          ),
        ]),
  ];
}

/** Words of memory that are named at once. */
const MOST_WORDS = 24;

function value(text: string, isTheirs: boolean, mark: (is: boolean) => Child, word?: string): HTMLElement {
  return h(
    'td',
    { class: isTheirs ? 'value held' : 'value' },
    code(text),
    ' ',
    mark(isTheirs),
    word !== undefined && h('span', { class: 'word' }, word),
  );
}

/** The aligned 8-byte words that an access touches. */
function wordsOf(address: string, bytes: number): string[] {
  const first = BigInt(address);
  const words = new Set<string>();
  for (let byte = 0n; byte < BigInt(bytes); byte++) words.add(`0x${((first + byte) & ~7n).toString(16)}`);
  return [...words];
}
