/**
 * Names of C++ functions: the qualified name, without parameters, and `<>` for template arguments. Source: the Itanium C++
 * ABI, section 5.1 (External Names). Types are read to find where a name goes on; an expression in one is not understood.
 */
import { NameReader, NotMangled, type ReadableName } from './name-reader.js';

/** Section 5.1.3, "Operator Encodings". */
const OPERATORS: Readonly<Record<string, string>> = {
  nw: ' new',
  na: ' new[]',
  dl: ' delete',
  da: ' delete[]',
  aw: ' co_await',
  ps: '+',
  ng: '-',
  ad: '&',
  de: '*',
  co: '~',
  pl: '+',
  mi: '-',
  ml: '*',
  dv: '/',
  rm: '%',
  an: '&',
  or: '|',
  eo: '^',
  aS: '=',
  pL: '+=',
  mI: '-=',
  mL: '*=',
  dV: '/=',
  rM: '%=',
  aN: '&=',
  oR: '|=',
  eO: '^=',
  ls: '<<',
  rs: '>>',
  lS: '<<=',
  rS: '>>=',
  eq: '==',
  ne: '!=',
  lt: '<',
  gt: '>',
  le: '<=',
  ge: '>=',
  ss: '<=>',
  nt: '!',
  aa: '&&',
  oo: '||',
  pp: '++',
  mm: '--',
  cm: ',',
  pm: '->*',
  pt: '->',
  cl: '()',
  ix: '[]',
};
/** Section 5.1.10, "Compression": those that are names. */
const ABBREVIATED: Readonly<Record<string, readonly string[]>> = {
  t: ['std'],
  a: ['std', 'allocator'],
  b: ['std', 'basic_string'],
  s: ['std', 'string'],
  i: ['std', 'istream'],
  o: ['std', 'ostream'],
  d: ['std', 'iostream'],
};
const ANONYMOUS = '(anonymous namespace)';

/** @throws NotMangled */
export function readCpp(text: string): ReadableName {
  const reader = new CppReader(text);
  return reader.symbol();
}

interface Part {
  name: string;
  /** Behind the name: template arguments, tags. */
  behind: string;
}

class CppReader {
  private readonly reader: NameReader;

  constructor(text: string) {
    this.reader = new NameReader(text);
    this.reader.expect('_Z');
    // Tables, guards and thunks are no functions that anybody wrote.
    if (/^(?:T|G)/.test(this.reader.peek())) throw new NotMangled();
  }

  symbol(): ReadableName {
    const parts = this.name();
    // Types of parameters, which nobody needs to tell a function by.
    while (!this.reader.done) this.type();
    return {
      display: parts.map(({ name, behind }) => name + behind).join('::'),
      paths: [parts.map(({ name }) => name)],
    };
  }

  private name(): Part[] {
    return this.reader.within(() => {
      const { reader } = this;
      if (reader.accept('N')) return this.nested();
      if (reader.accept('Z')) return this.local();
      let parts: Part[] = [];
      if (reader.accept('St')) parts = [plain('std')];
      else if (reader.peek() === 'S') return this.withArguments(this.substitution());
      parts.push(this.part([]));
      return this.withArguments(parts);
    });
  }

  private withArguments(parts: Part[]): Part[] {
    const last = parts.at(-1);
    if (last !== undefined && this.reader.accept('I')) {
      this.args();
      last.behind = `<>${last.behind}`;
    }
    return parts;
  }

  private nested(): Part[] {
    const { reader } = this;
    while (/[rVK]/.test(reader.peek())) reader.next();
    if (/[RO]/.test(reader.peek())) reader.next();
    let parts: Part[] = [];
    while (!reader.accept('E')) {
      if (reader.peek() === 'S' && parts.length === 0) parts = this.substitution();
      else if (reader.peek() === 'T' && parts.length === 0) parts = [this.parameter()];
      else parts.push(this.part(parts));
      this.withArguments(parts);
    }
    if (parts.length === 0) throw new NotMangled();
    return parts;
  }

  /** Something in a function: what the function is called, and what that is. */
  private local(): Part[] {
    const { reader } = this;
    const outer = this.name();
    while (!reader.accept('E')) this.type();
    if (reader.accept('s')) {
      this.discriminator();
      return [...outer, plain('string literal')];
    }
    if (reader.accept('d')) {
      if (reader.peek() !== '_') reader.decimal();
      reader.expect('_');
    }
    const inner = this.name();
    this.discriminator();
    return [...outer, ...inner];
  }

  private discriminator(): void {
    const { reader } = this;
    if (!reader.accept('_')) return;
    if (reader.accept('_')) {
      reader.decimal();
      reader.expect('_');
    } else reader.next();
  }

  private part(outer: readonly Part[]): Part {
    return this.reader.within(() => {
      const { reader } = this;
      // Internal linkage.
      reader.accept('L');
      const part = plain(this.unqualified(outer));
      while (reader.accept('B')) part.behind += `[abi:${reader.take(reader.decimal())}]`;
      return part;
    });
  }

  private unqualified(outer: readonly Part[]): string {
    const { reader } = this;
    if (/\d/.test(reader.peek())) {
      const name = reader.take(reader.decimal());
      return name.startsWith('_GLOBAL__N') ? ANONYMOUS : name;
    }
    const last = outer.at(-1)?.name;
    const two = reader.peek(2);
    if (/^(?:C[1-5]|D[0-5])$/.test(two) && last !== undefined) {
      reader.take(2);
      return two.startsWith('D') ? `~${last}` : last;
    }
    if (reader.accept('Ut')) return `{unnamed type#${this.ordinal()}}`;
    if (reader.accept('Ul')) {
      while (!reader.accept('E')) this.type();
      return `{lambda#${this.ordinal()}}`;
    }
    if (reader.accept('li')) return `operator"" ${reader.take(reader.decimal())}`;
    if (reader.accept('cv')) {
      this.type();
      return 'operator type';
    }
    const operator = OPERATORS[two];
    if (operator === undefined) throw new NotMangled();
    reader.take(2);
    return `operator${operator}`;
  }

  /** `_` is the first, `0_` the second. */
  private ordinal(): number {
    const { reader } = this;
    const number = reader.peek() === '_' ? 1 : reader.decimal() + 2;
    reader.expect('_');
    return number;
  }

  private substitution(): Part[] {
    const { reader } = this;
    reader.expect('S');
    const tag = reader.next();
    const names = ABBREVIATED[tag];
    if (names !== undefined) return names.map(plain);
    reader.at--;
    this.sequence();
    // What it stands for comes before, and is no part of the name of the function itself.
    return [plain('?')];
  }

  private sequence(): void {
    const { reader } = this;
    const digits = /^[0-9A-Z]{0,9}_/.exec(reader.text.slice(reader.at, reader.at + 10))?.[0];
    if (digits === undefined) throw new NotMangled();
    reader.at += digits.length;
  }

  private parameter(): Part {
    this.reader.expect('T');
    this.sequence();
    return plain('?');
  }

  /** Template arguments, behind their `I`. */
  private args(): void {
    while (!this.reader.accept('E')) this.argument();
  }

  private argument(): void {
    this.reader.within(() => {
      const { reader } = this;
      if (reader.accept('J')) return this.args();
      if (reader.accept('L')) return this.literal();
      if (reader.peek() === 'X') throw new NotMangled();
      return this.type();
    });
  }

  private literal(): void {
    const { reader } = this;
    if (reader.accept('_Z')) {
      this.name();
      while (!reader.accept('E')) this.type();
      return;
    }
    this.type();
    const value = /^n?[0-9a-f]{0,32}E/.exec(reader.text.slice(reader.at, reader.at + 34))?.[0];
    if (value === undefined) throw new NotMangled();
    reader.at += value.length;
  }

  private type(): void {
    this.reader.within(() => {
      const { reader } = this;
      const tag = reader.peek();
      if (/[\dNZ]/.test(tag)) this.name();
      else if (tag === 'S') {
        if (/^St[\dUL]/.test(reader.peek(3))) this.name();
        else this.withArguments(this.substitution());
      } else if (tag === 'T') {
        reader.next();
        // An elaborated type: struct, union, enum.
        if (/[sue]/.test(reader.peek())) {
          reader.next();
          this.name();
        } else {
          this.sequence();
          this.withArguments([plain('?')]);
        }
      } else this.builtType(reader.next());
    });
  }

  private builtType(tag: string): void {
    const { reader } = this;
    // Plain types.
    if (/[vwbcahstijlmxynofdegz]/.test(tag)) return;
    // Qualifiers, pointers, references, complex numbers.
    if (/[rVKPROCG]/.test(tag)) return this.type();
    switch (tag) {
      case 'D':
        return this.otherType(reader.next());
      case 'F':
        reader.accept('Y');
        // Behind the parameters may stand for which objects it is.
        while (!reader.accept('E'))
          if (/^[RO]E/.test(reader.peek(2))) reader.next();
          else this.type();
        return;
      case 'A':
        if (reader.peek() !== '_') reader.decimal();
        reader.expect('_');
        return this.type();
      case 'M':
        this.type();
        return this.type();
      case 'U':
        reader.take(reader.decimal());
        if (reader.accept('I')) this.args();
        return this.type();
      case 'u':
        reader.take(reader.decimal());
        return;
      default:
        throw new NotMangled();
    }
  }

  private otherType(tag: string): void {
    const { reader } = this;
    // Decimal and half floats, characters, auto, nullptr.
    if (/[defhisuacn]/.test(tag)) return;
    if (tag === 'p' || tag === 'o') return this.type();
    if (tag === 'F') {
      reader.decimal();
      if (!reader.accept('_') && !reader.accept('b')) reader.expect('x');
      return;
    }
    if (tag === 'v') {
      reader.decimal();
      reader.expect('_');
      return this.type();
    }
    throw new NotMangled();
  }
}

function plain(name: string): Part {
  return { name, behind: '' };
}
