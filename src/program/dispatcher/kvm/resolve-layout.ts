/** Adds to a contract of KVM's own dispatcher where the structures of one image lie. */
import type { ProgramContract } from '../../../contract/program-contract.js';
import { type Image, ImageError } from '../../../image/image.js';
import { structureLayouts, type StructureLayouts } from '../../../image/structure-layouts.js';
import { shorten } from '../../../text/escape.js';
import { KVM_HOST, KVM_MEMBERS, KVM_OFFSETS, optionsFrom } from './members.js';

/** As many as one line has room for. */
const MOST_NAMED = 4;

/**
 * @param given layouts that somebody names, in place of the image's own
 * @returns the contract as it is if it is another's, or says itself where all lies
 * @throws ImageError if nothing says where something lies
 */
export function withLayout(image: Image, program: ProgramContract, given?: StructureLayouts): ProgramContract {
  if (program.options['host'] !== KVM_HOST) return program;
  if (given === undefined && KVM_OFFSETS.every(({ option }) => program.options[option] !== undefined)) return program;
  return resolved(image, program, given ?? structureLayouts(image, KVM_MEMBERS));
}

/** A contract that says where all lies in one build, for another: as its debug information says, if it has any. */
export function forNewBuild(image: Image, program: ProgramContract): ProgramContract {
  if (program.options['host'] !== KVM_HOST) return program;
  const layouts = structureLayouts(image, KVM_MEMBERS);
  return Object.keys(layouts).length === 0 ? program : resolved(image, program, layouts);
}

function resolved(image: Image, program: ProgramContract, layouts: StructureLayouts): ProgramContract {
  const { options, missing } = optionsFrom(layouts);
  if (missing.length > 0)
    throw new ImageError(
      `${image.name}: ${shorten(program.symbol)} works on structures whose layout depends on the kernel's configuration, and nothing says where ${someOf(missing)} lies; build it with CONFIG_DEBUG_INFO_DWARF5, or give --offsets FILE (tdxfuzz offsets writes one from a build that has it)`,
    );
  return { ...program, options: { ...program.options, ...options } };
}

function someOf(missing: readonly string[]): string {
  const named = missing.slice(0, MOST_NAMED).map((name) => shorten(name, 60));
  const more = missing.length - named.length;
  return more === 0 ? named.join(', ') : `${named.join(', ')} and ${more} more`;
}
