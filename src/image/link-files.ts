/** From objects that were read to one image, with its hash and its debug sections. */
import type { Image } from './image.js';
import { keepDebugSections } from './line-table.js';
import { linkObjects, type LinkOptions } from './link.js';
import { hashOf, type ObjectFile } from './object-file.js';

/**
 * Links objects in the order given. The hash of one object is that of its bytes; of several it is over their hashes, in
 * their order.
 * @param name for messages: escaped and bounded
 * @throws DuplicateSymbol for a name that two of them define
 * @throws ImageError for what cannot be laid out
 */
export function linkFiles(
  objects: readonly ObjectFile[],
  name: string,
  options: Pick<LinkOptions, 'givesWay' | 'isModelled'> = { givesWay: () => true },
): Image {
  const loaded = linkObjects(
    objects.map(({ input }) => input),
    { ...options, name, format: objects[0].format },
  );
  const image = { ...loaded, hash: hashOfAll(objects) };
  for (const { elf } of objects) if (elf !== undefined) keepDebugSections(image, elf);
  return image;
}

function hashOfAll(objects: readonly ObjectFile[]): string {
  if (objects.length === 1) return objects[0].hash;
  return hashOf(objects.map(({ hash }) => hash).join('\n'));
}
