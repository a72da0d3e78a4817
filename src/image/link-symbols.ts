/** Which definition a symbol means, over all objects of a link: global, weak and common as `ld -r` has them. */
import { shorten } from '../text/escape.js';
import { ImageError } from './image.js';
import type { LinkInput, LinkSymbol } from './link-input.js';

/** A symbol of an input, by their numbers. */
export interface Definition {
  input: number;
  index: number;
  symbol: LinkSymbol;
}

/** Two objects of a link define one name. */
export class DuplicateSymbol extends ImageError {}

/** What wins over what: a definition over a common symbol, that over a weak definition. Of equals the first. */
const RANK = { strong: 3, common: 2, weak: 1 } as const;

function rankOf({ at, binding }: LinkSymbol): number {
  if (at === 'undefined' || at === 'unknown') return 0;
  if (at === 'common') return RANK.common;
  return binding === 'weak' ? RANK.weak : RANK.strong;
}

export class Definitions {
  private readonly byName = new Map<string, Definition>();
  /** Of common symbols that several objects have: the largest size and alignment. */
  private readonly largest = new Map<string, { size: number; align: bigint }>();

  /**
   * @param isKept false of a section that another object's replaces
   * @param firstWins as in an archive: of two definitions the first counts, and nobody complains
   * @throws DuplicateSymbol for a name that two objects define
   */
  constructor(
    private readonly inputs: readonly LinkInput[],
    private readonly isKept: (input: number, section: number) => boolean,
    private readonly firstWins: (input: number) => boolean,
  ) {
    // One object means what it says, and its names need not be looked up.
    if (inputs.length < 2) return;
    inputs.forEach(({ symbols }, input) => {
      symbols.forEach((symbol, index) => {
        if (symbol.binding === 'local' || symbol.name === '' || rankOf(symbol) === 0) return;
        if (this.isDropped(input, symbol)) return;
        this.enter({ input, index, symbol });
      });
    });
  }

  private isDropped(input: number, symbol: LinkSymbol): boolean {
    return symbol.at === 'section' && !this.isKept(input, symbol.section);
  }

  private enter(definition: Definition): void {
    const { input, symbol } = definition;
    const { name } = symbol;
    const known = this.byName.get(name);
    if (known === undefined) {
      this.byName.set(name, definition);
      return;
    }
    const rank = rankOf(symbol);
    const knownRank = rankOf(known.symbol);
    if (symbol.at === 'common' && known.symbol.at === 'common') this.enlarge(name, known.symbol, symbol);
    const isTwice = rank === RANK.strong && knownRank === RANK.strong && known.input !== input;
    if (rank > knownRank || (isTwice && this.firstWins(known.input) && !this.firstWins(input)))
      this.byName.set(name, definition);
    else if (isTwice && !this.firstWins(input)) {
      const [first, second] = [this.inputs[known.input].name, this.inputs[input].name];
      throw new DuplicateSymbol(`${second}: defines ${shorten(name)}, and so does ${first}; give one of the two`);
    }
  }

  private enlarge(name: string, ...symbols: LinkSymbol[]): void {
    let { size, align } = this.largest.get(name) ?? { size: 0, align: 1n };
    for (const symbol of symbols) {
      if (symbol.size > size) size = symbol.size;
      if (symbol.value > align) align = symbol.value;
    }
    this.largest.set(name, { size, align });
  }

  /** The definition that a symbol means; itself if it is local, or nobody defines it. */
  of(input: number, index: number): Definition {
    const symbol = this.inputs[input].symbols[index];
    const own = { input, index, symbol };
    if (symbol.binding === 'local' || symbol.name === '') return own;
    // What an object of an archive defines it means itself, whoever else has the name.
    if (this.firstWins(input) && rankOf(symbol) === RANK.strong && !this.isDropped(input, symbol)) return own;
    return this.byName.get(symbol.name) ?? own;
  }

  /** Whether it is the definition that its name means in objects that do not define it. */
  isFirst(input: number, index: number): boolean {
    const first = this.byName.get(this.inputs[input].symbols[index].name);
    return first === undefined || (first.input === input && first.index === index);
  }

  /** Bytes of a common symbol, and its alignment. */
  common({ symbol }: Definition): { size: number; align: number } {
    const { size, align } = this.largest.get(symbol.name) ?? { size: symbol.size, align: symbol.value };
    return { size, align: Number(align) };
  }
}
