/** Which kernel an image is of, as it says itself. */
import type { Image, Segment } from '../../image/image.js';
import { segmentAt } from '../../image/segments.js';

/** The longest line that is looked at, in bytes. */
const LONGEST = 256;

/** `6.12`: major and minor number. */
export type KernelVersion = readonly [major: number, minor: number];

/**
 * The version in `linux_banner` of a kernel, or in `vermagic` of a module.
 *
 * @returns undefined for an image that says none
 */
export function kernelVersion({ symbols, segments }: Image): KernelVersion | undefined {
  const banner = symbols.find(({ name }) => name === 'linux_banner');
  const segment = banner && segmentAt(segments, banner.address);
  if (banner !== undefined && segment !== undefined) {
    const found = /^Linux version (\d{1,3})\.(\d{1,3})/.exec(textAt(segment, Number(banner.address - segment.address)));
    if (found !== null) return [Number(found[1]), Number(found[2])];
  }
  return moduleVersion(segments.find(({ name }) => name === '.modinfo'));
}

function moduleVersion(segment: Segment | undefined): KernelVersion | undefined {
  if (segment === undefined) return undefined;
  const text = Buffer.from(segment.bytes).toString('latin1');
  const found = /(?:^|\0)vermagic=(\d{1,3})\.(\d{1,3})/.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

function textAt({ bytes }: Segment, at: number): string {
  return Buffer.from(bytes.subarray(at, at + LONGEST)).toString('latin1');
}

export function isBefore([major, minor]: KernelVersion, [otherMajor, otherMinor]: KernelVersion): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

export const versionText = (version: KernelVersion): string => version.join('.');
