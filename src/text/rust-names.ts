/**
 * Names of Rust functions. Source of the present form (v0): RFC 2603, "Rust symbol name mangling", sections "Syntax of
 * mangled names" and "Unicode identifiers" (there also the decoding of RFC 3492 with `_` for `-`); of the form before: the
 * rustc book, "Symbol mangling", "Legacy mangling". Lifetimes are left out.
 */
import { NameReader, NotMangled, type ReadableName } from './name-reader.js';
import { fromPunycode } from './punycode.js';

/** `h` and 16 digits: what tells instances of the old form apart. */
const HASH = /^h[0-9a-f]{16}$/;
const ESCAPES: Readonly<Record<string, string>> = {
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
  C: ',',
};

/** @throws NotMangled */
export function readLegacyRust(text: string): ReadableName {
  const reader = new NameReader(text);
  reader.expect('_ZN');
  const parts: string[] = [];
  while (!reader.accept('E')) parts.push(reader.within(() => reader.take(reader.decimal())));
  if (!reader.done || parts.length < 2 || !HASH.test(parts.pop() ?? '')) throw new NotMangled();
  const shown = parts.map(unescaped);
  return { display: shown.join('::'), paths: [shown.flatMap((part) => splitPath(part))] };
}

/** `..` stands for `::`; what cannot stand in a symbol is `$LT$` or `$u20$`, behind a `_` where it comes first. */
function unescaped(part: string): string {
  return part
    .replace(/^_(?=\$)/, '')
    .replaceAll('..', '::')
    .replaceAll(/\$([^$]*)\$/g, (all, name: string) => {
      const code = /^u([0-9a-f]{1,6})$/.exec(name)?.[1];
      if (code === undefined) return ESCAPES[name] ?? all;
      const point = Number.parseInt(code, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : all;
    });
}

/** `<a::B as c::D>` is one part, and so is its type alone: what stands in brackets is not split. */
function splitPath(part: string): string[] {
  return /[<({]/.test(part) ? [part] : part.split('::');
}

const BASIC: Readonly<Record<string, string>> = {
  b: 'bool',
  c: 'char',
  e: 'str',
  u: '()',
  a: 'i8',
  s: 'i16',
  l: 'i32',
  x: 'i64',
  n: 'i128',
  i: 'isize',
  h: 'u8',
  t: 'u16',
  m: 'u32',
  y: 'u64',
  o: 'u128',
  j: 'usize',
  f: 'f32',
  d: 'f64',
  z: '!',
  p: '_',
  v: '...',
};

/** Ways to name one function by; types of types would bring ever more. */
const MOST_PATHS = 4;

/** What a path reads as, and its parts where it is plain; of an implementation, those of the type and of the trait. */
interface Path {
  display: string;
  paths: string[][];
}

/** @throws NotMangled */
export function readRust(text: string): ReadableName {
  const reader = new RustReader(text);
  return reader.symbol();
}

class RustReader {
  private readonly reader: NameReader;

  constructor(text: string) {
    this.reader = new NameReader(text.slice(2));
    // A version of the encoding, of which there is none yet.
    if (!text.startsWith('_R') || /\d/.test(this.reader.peek())) throw new NotMangled();
  }

  symbol(): ReadableName {
    const found = this.path(true);
    // The crate that made this instance.
    if (!this.reader.done) this.path(false);
    if (!this.reader.done) throw new NotMangled();
    return found;
  }

  /** @param isValue not a type: then arguments stand behind `::` */
  private path(isValue: boolean): Path {
    return this.reader.within(() => {
      const tag = this.reader.next();
      switch (tag) {
        case 'C': {
          const { name } = this.identifier();
          return { display: name, paths: [[name]] };
        }
        case 'M': {
          this.implementation();
          return implementedFor(this.type());
        }
        case 'X':
          this.implementation();
          return this.asTrait();
        case 'Y':
          return this.asTrait();
        case 'N':
          return this.nested(isValue);
        case 'I':
          return this.generic(isValue);
        case 'B':
          return this.back(() => this.path(isValue));
        default:
          throw new NotMangled();
      }
    });
  }

  /** Where an implementation stands says nothing of its name. */
  private implementation(): void {
    this.disambiguator();
    this.path(false);
  }

  private asTrait(): Path {
    const type = this.type();
    const trait = this.path(false);
    const paths = [...type.paths, ...trait.paths].slice(0, MOST_PATHS);
    return { display: `<${type.display} as ${trait.display}>`, paths };
  }

  private nested(isValue: boolean): Path {
    const space = this.reader.next();
    if (!/[a-zA-Z]/.test(space)) throw new NotMangled();
    const outer = this.path(isValue);
    const { name, number } = this.identifier();
    const part =
      space === 'C'
        ? `{closure${name === '' ? '' : `:${name}`}#${number}}`
        : /[A-Z]/.test(space)
          ? `{${space === 'S' ? 'shim' : space}${name === '' ? '' : `:${name}`}#${number}}`
          : name;
    return {
      display: part === '' ? outer.display : `${outer.display}::${part}`,
      paths: part === '' ? outer.paths : outer.paths.map((path) => [...path, part]),
    };
  }

  private generic(isValue: boolean): Path {
    const { display, paths } = this.path(isValue);
    const args: string[] = [];
    while (!this.reader.accept('E')) {
      if (this.reader.accept('L')) this.base62();
      else if (this.reader.accept('K')) args.push(this.constant());
      else args.push(this.type().display);
      this.bounded(args);
    }
    return { display: args.length === 0 ? display : `${display}${isValue ? '::' : ''}<${args.join(', ')}>`, paths };
  }

  /** Lists are counted by what they come to: a reference back takes three characters and brings thousands. */
  private bounded(list: readonly string[]): void {
    this.reader.within(() => list.join(', '));
  }

  /** A position behind `_R` at which the same stands. It lies before the reference, so that there is an end. */
  private back<T>(read: () => T): T {
    const { reader } = this;
    const from = reader.at - 1;
    const to = this.base62();
    if (to >= from) throw new NotMangled();
    const behind = reader.at;
    reader.at = to;
    const found = read();
    reader.at = behind;
    return found;
  }

  private type(): Path {
    return this.reader.within(() => {
      const { reader } = this;
      const plain = (display: string): Path => ({ display, paths: [] });
      const tag = reader.peek();
      const basic = BASIC[tag];
      if (basic !== undefined) {
        reader.next();
        return plain(basic);
      }
      if (/[CMXYNI]/.test(tag)) return this.path(false);
      reader.next();
      switch (tag) {
        case 'A':
          return plain(`[${this.type().display}; ${this.constant()}]`);
        case 'S':
          return plain(`[${this.type().display}]`);
        case 'T': {
          const types = this.types();
          return plain(types.length === 1 ? `(${types[0]},)` : `(${types.join(', ')})`);
        }
        case 'R':
        case 'Q':
          if (reader.accept('L')) this.base62();
          return plain(`&${tag === 'Q' ? 'mut ' : ''}${this.type().display}`);
        case 'P':
          return plain(`*const ${this.type().display}`);
        case 'O':
          return plain(`*mut ${this.type().display}`);
        case 'F':
          return plain(this.signature());
        case 'D':
          return plain(this.dynamic());
        case 'B':
          return this.back(() => this.type());
        default:
          throw new NotMangled();
      }
    });
  }

  private types(): string[] {
    const types: string[] = [];
    while (!this.reader.accept('E')) {
      types.push(this.type().display);
      this.bounded(types);
    }
    return types;
  }

  private signature(): string {
    const { reader } = this;
    this.binder();
    const unsafe = reader.accept('U') ? 'unsafe ' : '';
    let abi = '';
    if (reader.accept('K')) abi = `extern "${reader.accept('C') ? 'C' : this.plainName().replaceAll('_', '-')}" `;
    const args = this.types().join(', ');
    const result = this.type().display;
    return `${unsafe}${abi}fn(${args})${result === '()' ? '' : ` -> ${result}`}`;
  }

  private dynamic(): string {
    const { reader } = this;
    this.binder();
    const traits: string[] = [];
    while (!reader.accept('E')) {
      const trait = this.path(false).display;
      const types: string[] = [];
      while (reader.accept('p')) types.push(`${this.plainName()} = ${this.type().display}`);
      const open = trait.endsWith('>') ? `${trait.slice(0, -1)}, ` : `${trait}<`;
      traits.push(types.length === 0 ? trait : `${open}${types.join(', ')}>`);
      this.bounded(traits);
    }
    reader.expect('L');
    this.base62();
    return `dyn ${traits.join(' + ')}`;
  }

  private binder(): void {
    if (this.reader.accept('G')) this.base62();
  }

  private constant(): string {
    return this.reader.within(() => {
      const { reader } = this;
      if (reader.accept('p')) return '_';
      if (reader.accept('B')) return this.back(() => this.constant());
      const type = reader.next();
      // Texts and structures as arguments are of a later version than the RFC.
      if (!/[asliximnhtyojbc]/.test(type)) throw new NotMangled();
      const sign = reader.accept('n') ? '-' : '';
      const digits = /^([0-9a-f]{0,64})_/.exec(reader.text.slice(reader.at, reader.at + 65))?.[1];
      if (digits === undefined) throw new NotMangled();
      reader.at += digits.length + 1;
      const value = BigInt(`0x0${digits}`);
      if (type === 'b') return value === 0n ? 'false' : 'true';
      if (type === 'c') return value <= 0x10ffffn ? `'${String.fromCodePoint(Number(value))}'` : '_';
      return `${sign}${value}`;
    });
  }

  /** `_` is 0, `0_` is 1, and so on, with digits, small and capital letters. */
  private base62(): number {
    const { reader } = this;
    if (reader.accept('_')) return 0;
    const digits = /^([0-9a-zA-Z]{1,8})_/.exec(reader.text.slice(reader.at, reader.at + 9))?.[1];
    if (digits === undefined) throw new NotMangled();
    reader.at += digits.length + 1;
    return (
      digits
        .split('')
        .reduce(
          (value, digit) =>
            value * 62 + '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.indexOf(digit),
          0,
        ) + 1
    );
  }

  private disambiguator(): number {
    return this.longBase62('s');
  }

  /** Numbers of crates have eleven digits: what they are does not matter. */
  private longBase62(tag: string): number {
    const { reader } = this;
    if (!reader.accept(tag)) return 0;
    const digits = /^([0-9a-zA-Z]{0,12})_/.exec(reader.text.slice(reader.at, reader.at + 13))?.[1];
    if (digits === undefined) throw new NotMangled();
    if (digits.length <= 8) return this.base62() + 1;
    reader.at += digits.length + 1;
    return 0;
  }

  private identifier(): { name: string; number: number } {
    const number = this.disambiguator();
    return { name: this.plainName(), number };
  }

  private plainName(): string {
    const { reader } = this;
    const isPunycode = reader.accept('u');
    const length = reader.decimal();
    // Between a length and a name that begins with a digit or with `_`.
    reader.accept('_');
    const name = reader.take(length);
    return isPunycode ? fromPunycode(name) : name;
  }
}

/** `<a::B>`; `B::f` finds what stands in it. */
function implementedFor({ display, paths }: Path): Path {
  return { display: `<${display}>`, paths };
}
