/** What the relocations of a link ask for before anything is laid out: one look at all of them. */
import type { LinkInput, LinkRelocation } from './link-input.js';
import type { Definitions } from './link-symbols.js';

/** What code calls the table of addresses. */
export const GOT_SYMBOL = '_GLOBAL_OFFSET_TABLE_';

/** A symbol that an object reaches through the table of addresses, and where it does so first. */
export interface TableUser {
  input: number;
  symbol: number;
  section: number;
  /** In the section. */
  offset: number;
}

export interface LinkNeeds {
  /** The code holds addresses in 32 bits, zero-extended: those of the kernel's range do not fit. */
  lowAddresses: boolean;
  /** The table of addresses is there, be it empty. */
  table: boolean;
  /** Each symbol of each input once, in the order in which they are met. */
  tableUsers: TableUser[];
}

/** @param isKept false of a section in place of which another object's is kept */
export function needsOf(
  inputs: readonly LinkInput[],
  definitions: Definitions,
  isKept: (input: number, section: number) => boolean,
): LinkNeeds {
  const needs: LinkNeeds = { lowAddresses: false, table: false, tableUsers: [] };
  inputs.forEach((from, input) => {
    const users = new Set<number>();
    from.eachRelocation((relocation) => {
      const { rule, section, offset, symbol } = relocation;
      if (rule === undefined || !isKept(input, section)) return;
      if (rule.from === 'G' && !users.has(symbol)) {
        users.add(symbol);
        needs.tableUsers.push({ input, symbol, section, offset });
      }
      needs.table ||= rule.from === 'T' || rule.inTable === true || from.symbols[symbol]?.name === GOT_SYMBOL;
      needs.lowAddresses ||= isLow(relocation, input, definitions);
    });
  });
  needs.table ||= needs.tableUsers.length > 0;
  return needs;
}

function isLow({ rule, symbol }: LinkRelocation, input: number, definitions: Definitions): boolean {
  if (rule === undefined || rule.from !== 'S' || rule.relative || rule.range !== 'unsigned' || symbol === 0)
    return false;
  const { at, binding } = definitions.of(input, symbol).symbol;
  return at === 'section' || at === 'common' || (at === 'undefined' && binding !== 'weak');
}
