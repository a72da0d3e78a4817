/** Names of functions in an object that is linked from several parts. */
import { UsageError } from '../errors.js';
import { BINDING, SYMBOL_TYPE } from '../image/elf-constants.js';
import { readElfFile } from '../image/elf-file.js';
import { isListed, readSymbols, symbolTable } from '../image/elf-symbols.js';

/** Names that may stand once in an object: those of functions, which name places, and all that a linker resolves. */
function ownNames(part: string, bytes: Uint8Array): string[] {
  const file = readElfFile(bytes, part);
  const table = symbolTable(file);
  if (table === undefined) return [];
  return readSymbols(file, table)
    .filter((symbol) => isListed(symbol))
    .filter(({ binding, type }) => binding !== BINDING.local || type === SYMBOL_TYPE.function)
    .map(({ name }) => name);
}

/**
 * Checks that no two parts have a name in common.
 * @param object that is linked, for messages
 * @param parts source -> bytes of its object
 * @throws UsageError naming both sources
 */
export function checkNames(object: string, parts: ReadonlyMap<string, Uint8Array>): void {
  const owners = new Map<string, string>();
  for (const [part, bytes] of parts) {
    for (const name of ownNames(part, bytes)) {
      const owner = owners.get(name);
      if (owner !== undefined && owner !== part)
        throw new UsageError(
          `${object}: ${owner} and ${part} both have ${name}; rename one (or inline it always): places are told by it`,
        );
      owners.set(name, part);
    }
  }
}
