import { Command } from 'commander';
import { shorten } from '../text/escape.js';
import { ImageError } from '../image/image.js';
import { loadImage } from '../image/open-images.js';
import { structureLayouts } from '../image/structure-layouts.js';
import { KVM_MEMBERS, optionsFrom } from '../program/dispatcher/kvm/members.js';
import { offsetsText } from '../contract/offsets-file.js';
import { isModelled } from '../stage/outside.js';

export function offsetsCommand(): Command {
  return new Command('offsets')
    .description(
      "print where the structures of KVM's dispatcher lie, as a file for --offsets: from the debug information (DWARF or BTF) of a build with the same configuration",
    )
    .argument('FILE', 'an object, a module or a kernel with debug information')
    .action((path: string) => {
      const image = loadImage(path, { isModelled });
      const layouts = structureLayouts(image, KVM_MEMBERS);
      const { missing } = optionsFrom(layouts);
      if (missing.length > 0) {
        const rest = missing.length > 4 ? ` and ${missing.length - 4} more` : '';
        throw new ImageError(
          `${shorten(path)}: no debug information says where ${missing.slice(0, 4).join(', ')}${rest} lies; give a build of KVM with CONFIG_DEBUG_INFO_DWARF5, or a kernel with BTF that has KVM built in`,
        );
      }
      process.stdout.write(offsetsText(layouts, image));
    });
}
