/** COMDAT groups of an ELF object: sections of which a linker keeps those of one file alone. */
import { GROUP_COMDAT, SECTION } from './elf-constants.js';
import { contents, describe, fail, type ElfFile, type ElfSection } from './elf-file.js';
import type { ElfSymbol } from './elf-symbols.js';

/**
 * The signature of the group that each section is in, by its number (System V gABI, chapter 4, "Section Groups"). Groups
 * that are not COMDAT say nothing to a linker.
 * @throws ImageError for a group that refers outside its file
 */
export function comdatGroups(
  file: ElfFile,
  table: ElfSection | undefined,
  symbols: readonly ElfSymbol[],
): ReadonlyMap<number, string> {
  const groups = new Map<number, string>();
  let left = file.bytes.length;
  for (const group of file.sections) {
    if (group.type !== SECTION.group || group.size < 4) continue;
    // Groups that share bytes would make the work larger than the file.
    left -= group.size;
    if (left < 0) fail(file, 'groups of sections overlap; the file is damaged: build it again');
    const bytes = contents(file, group);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if ((view.getUint32(0, true) & GROUP_COMDAT) === 0) continue;
    const symbol = group.link === table?.index ? symbols[group.info] : undefined;
    if (symbol === undefined)
      fail(
        file,
        `${describe(group)}: its signature is no symbol of the symbol table; the file is damaged: build it again`,
      );
    // A section symbol has no name of its own: its section's counts.
    const signature = symbol.name === '' && !symbol.special ? file.sections[symbol.section].name : symbol.name;
    for (let at = 4; at + 4 <= bytes.length; at += 4) {
      const member = view.getUint32(at, true);
      if (member >= file.sections.length)
        fail(
          file,
          `${describe(group)} has section ${member} of ${file.sections.length}; the file is damaged: build it again`,
        );
      groups.set(member, signature);
    }
  }
  return groups;
}
