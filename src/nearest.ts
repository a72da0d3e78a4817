/** What to say when a name matched nothing. */
import { nearestNames } from './image/nearest.js';

/** `nearest: a, b`, or all names when none is near and there are few. */
export function nearest(wanted: string, names: readonly string[]): string {
  const near = nearestNames(wanted, names);
  if (near.length > 0) return `nearest: ${near.join(', ')}`;
  return names.length <= 12 ? `known: ${names.join(', ')}` : 'see tdxfuzz list';
}
