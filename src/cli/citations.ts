/** Citations of the package's own pages, as paths that a user can open from where the command runs. */
import { isAbsolute, join, relative, resolve } from 'node:path';
import { packageRoot } from '../package-info.js';

/** The places that a `source` names, each as a path: relative below the working folder, else absolute. */
export function openablePlaces(source: string): string[] {
  return source.split('; ').map(openable);
}

/** Where the reference tells a property. */
export function propertyPage(property: string): string[] {
  return openablePlaces(`docs/reference/properties.md#${property}`);
}

/** @param place `docs/abi/<page>.md#<anchor>`, perhaps with a remark behind it; anything else stays as it is */
function openable(place: string): string {
  if (!place.startsWith('docs/')) return place;
  const path = join(packageRoot(), place);
  const fromHere = relative(resolve('.'), path);
  return fromHere.startsWith('..') || isAbsolute(fromHere) ? path : fromHere;
}
