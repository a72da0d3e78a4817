/** Reads mangled names, which may be hostile: every step, every level and every character that comes out is counted. */

/** The name is none of this kind, or cannot be read within the limits. */
export class NotMangled extends Error {}

export interface ReadableName {
  /** `td_shim::asm_td_call`; without lifetimes and parameters, and with template arguments left out. */
  display: string;
  /** Parts from the outermost to the function itself, in each way that it may be named by. */
  paths: readonly (readonly string[])[];
}

/** Productions of the grammar that one name may take: the names of real programs take some hundred. */
const MOST_STEPS = 20_000;
const MOST_LEVELS = 128;
/** Characters of what is made of a name. */
const LONGEST = 4096;

export class NameReader {
  private stepsLeft = MOST_STEPS;
  private levels = 0;

  constructor(
    readonly text: string,
    public at = 0,
  ) {}

  get done(): boolean {
    return this.at >= this.text.length;
  }

  /** The next character; empty at the end. */
  peek(count = 1): string {
    return this.text.slice(this.at, this.at + count);
  }

  next(): string {
    if (this.done) throw new NotMangled();
    return this.text[this.at++];
  }

  /** Moves over a text if it comes next. */
  accept(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) throw new NotMangled();
  }

  /** A decimal number without leading zeros. */
  decimal(): number {
    const digits = /^(?:0|[1-9]\d{0,8})/.exec(this.text.slice(this.at, this.at + 9))?.[0];
    if (digits === undefined) throw new NotMangled();
    this.at += digits.length;
    return Number(digits);
  }

  take(count: number): string {
    if (count > this.text.length - this.at) throw new NotMangled();
    this.at += count;
    return this.text.slice(this.at - count, this.at);
  }

  /** One production: counted, and not too deep in others. */
  within<T>(read: () => T): T {
    if (--this.stepsLeft < 0 || ++this.levels > MOST_LEVELS) throw new NotMangled();
    const made = read();
    this.levels--;
    const text = typeof made === 'object' && made !== null && 'display' in made ? made.display : made;
    if (typeof text === 'string' && text.length > LONGEST) throw new NotMangled();
    return made;
  }
}
