/** Which page is shown: the part of the address behind `#` says it, so that every page has an address. */
import { append, byId, type Child, code, h, link } from './dom.js';
import { findingPage } from './finding.js';
import { overviewPage } from './overview.js';
import { requirementsPage } from './requirements.js';
import { searchPage } from './search.js';
import { findingAt, findingHash, readData } from './state.js';
import { showPlace, targetPage } from './target.js';

const DATA = readData();

interface Route {
  title: string;
  content: Child;
  /** Line of code to show. */
  place?: string;
  /** What must wait until the page is in the document. */
  settle?: () => void;
}

/** `#/target/3/symbol+0x1c`, `#/finding/PROPERTY-0123456789/step/14` or by its number, `#/search/WORDS`. */
function routeOf(hash: string): Route {
  const [, page = '', number = '', rest, step] = hash.split('/');
  const index = page === 'finding' ? findingAt(DATA, decoded(number)) : Number(number) - 1;
  if (page === 'target' && index in DATA.targets) {
    const place = decoded(rest);
    return { title: DATA.targets[index].name, content: targetPage(DATA, index, place), place };
  }
  if (page === 'finding' && index in DATA.findings) {
    const { property, place, trace } = DATA.findings[index];
    const wanted = rest === 'step' && Number(step) in [0, ...trace.steps] ? Number(step) : 0;
    const shown = (at: number): void => remember(`${findingHash(DATA, index)}/step/${at}`);
    return { title: `${property} at ${place}`, ...findingPage(DATA, index, wanted, shown) };
  }
  if (page === 'requirements' && DATA.requirements !== null)
    return { title: 'Requirements', content: requirementsPage(DATA) };
  if (page === 'search') return { title: 'Search', content: searchPage(DATA, decoded(number)) };
  if (page === '') return { title: 'Overview', content: overviewPage(DATA) };
  return { title: 'No such page', content: unknownPage(hash) };
}

/** A link of another report, or of one whose finding is gone. */
function unknownPage(hash: string): Child {
  const isFinding = hash.startsWith('#/finding/');
  return [
    h('h1', { class: 'open' }, isFinding ? 'This run has no such finding' : 'No such page'),
    h(
      'p',
      { class: 'lead' },
      isFinding
        ? 'The link names a finding that this run did not make: it was mended, its target was not run, or the link is of another report. '
        : 'The link names nothing that is in this report. ',
      code(hash),
    ),
    h('p', {}, link('#/', `Overview: ${DATA.verdict.text}`)),
  ];
}

function decoded(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '');
  } catch {
    return '';
  }
}

let pending = 0;

/** The address follows the step when stepping rests: browsers refuse hundreds of changes in a row. */
function remember(hash: string): void {
  clearTimeout(pending);
  pending = window.setTimeout(() => history.replaceState(null, '', hash), 300);
}

function show(moveFocus: boolean): void {
  clearTimeout(pending);
  const page = byId('page');
  const { title, content, place = '', settle } = routeOf(location.hash);
  document.title = `${title} · tdxfuzz`;
  page.replaceChildren();
  append(page, [content]);
  for (const item of byId('pages').querySelectorAll('a')) {
    if (item.getAttribute('href') === (location.hash || '#/')) item.setAttribute('aria-current', 'page');
    else item.removeAttribute('aria-current');
  }
  settle?.();
  if (place !== '' && showPlace(page, place)) return;
  scrollTo(0, 0);
  const head = page.querySelector('h1');
  if (!moveFocus || head === null) return;
  head.tabIndex = -1;
  head.focus({ preventScroll: true });
}

const THEMES = ['system', 'light', 'dark'];

function setTheme(theme: string): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  byId('theme').textContent = `Theme: ${theme}`;
}

/** A browser may refuse to store anything for a file. */
function stored(theme?: string): string {
  try {
    if (theme !== undefined) localStorage.setItem('tdxfuzz-theme', theme);
    return localStorage.getItem('tdxfuzz-theme') ?? 'system';
  } catch {
    return theme ?? 'system';
  }
}

let theme = THEMES.includes(stored()) ? stored() : 'system';
setTheme(theme);
byId('theme').addEventListener('click', () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  setTheme(theme);
  stored(theme);
});
append(byId('pages'), [
  h('li', {}, link('#/', 'Overview')),
  DATA.requirements !== null && h('li', { class: 'apart' }, link('#/requirements', 'Requirements')),
]);
const search = byId('search') as HTMLInputElement;
search.addEventListener('input', () => {
  const words = search.value.trim();
  history.replaceState(null, '', words === '' ? '#/' : `#/search/${encodeURIComponent(words)}`);
  show(false);
});
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  byId('page').focus();
});
addEventListener('hashchange', () => show(true));
show(false);
