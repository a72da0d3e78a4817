/** Elements made of names, attributes and texts: nothing here reads HTML, so no text of a result can become any. */

export type Child = Node | string | number | false | null | undefined | readonly Child[];

type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>;

/** An attribute that is a function is what to do at the event of that name; `true` is an attribute without a value. */
export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== undefined && value !== false) element.setAttribute(key, String(value));
  }
  append(element, children);
  return element;
}

export function append(parent: Node, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (child instanceof Node) parent.appendChild(child);
    else if (typeof child === 'object') append(parent, child);
    else parent.appendChild(document.createTextNode(String(child)));
  }
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found;
}

/** What is too wide for a small screen scrolls by itself; the keyboard can reach it. */
export function scroller(label: string, ...children: Child[]): HTMLElement {
  const element = h('div', { class: 'scroll', role: 'region', 'aria-label': label, tabindex: 0 }, children);
  const cue = (): void => {
    const left = element.scrollWidth - element.clientWidth - element.scrollLeft;
    element.classList.toggle('more-right', left > 2);
    element.classList.toggle('more-left', element.scrollLeft > 2);
  };
  element.addEventListener('scroll', cue, { passive: true });
  new ResizeObserver(cue).observe(element);
  return element;
}

/** A value, and what it is called beneath it. */
export function worded(value: string, word: string | undefined): Child {
  return word === undefined || word === '' ? code(value) : [h('span', { class: 'word' }, word), ' ', code(value)];
}

/** Text for those who do not see the page. */
export function unseen(text: string): HTMLElement {
  return h('span', { class: 'unseen' }, text);
}

export function code(text: string): HTMLElement {
  return h('code', {}, text);
}

export function link(hash: string, ...children: Child[]): HTMLElement {
  return h('a', { href: hash }, children);
}

/** Says something to those who do not see the page. */
export function say(text: string): void {
  byId('said').textContent = text;
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 case`, `2 cases`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A list of terms; rows without a text are left out. */
export function facts(rows: readonly (readonly [term: string, description: Child])[]): HTMLElement {
  const shown = rows.filter(([, description]) => description !== '' && description !== null);
  return h(
    'dl',
    { class: 'facts' },
    shown.map(([term, description]) => h('div', {}, h('dt', {}, term), h('dd', {}, description))),
  );
}
