/** Which kernel an image is of, as it says itself. */
import type { Image, Segment } from '../../image/image.js';
import { segmentAt } from '../../image/segments.js';
import { symbolsNamed } from '../../image/symbols.js';

/** The longest line that is looked at, in bytes. */
const LONGEST = 256;

/** `6.12`: major and minor number. */
export type KernelVersion = readonly [major: number, minor: number];

/**
 * The version in `linux_banner` of a kernel, or in `vermagic` of a module.
 *
 * @returns undefined for an image that says none
 */
export function kernelVersion(image: Image): KernelVersion | undefined {
  const release = kernelRelease(image);
  return release && [release[0], release[1]];
}

/** `6.12.100`: with the number of the stable update, 0 where there is none. */
export type KernelRelease = readonly [major: number, minor: number, update: number];

const RELEASE = String.raw`(\d{1,3})\.(\d{1,3})(?:\.(\d{1,4}))?`;
const BANNER = new RegExp(`^Linux version ${RELEASE}`);
const VERMAGIC = new RegExp(String.raw`(?:^|\0)vermagic=${RELEASE}`);

/** As {@link kernelVersion}, with the stable update. */
export function kernelRelease(image: Image): KernelRelease | undefined {
  const { segments } = image;
  const banner = symbolsNamed(image, 'linux_banner').at(0);
  const segment = banner && segmentAt(segments, banner.address);
  if (banner !== undefined && segment !== undefined) {
    const found = BANNER.exec(textAt(segment, Number(banner.address - segment.address)));
    if (found !== null) return numbersOf(found);
  }
  return moduleVersion(segments.find(({ name }) => name === '.modinfo'));
}

function moduleVersion(segment: Segment | undefined): KernelRelease | undefined {
  if (segment === undefined) return undefined;
  const text = Buffer.from(segment.bytes).toString('latin1');
  const found = VERMAGIC.exec(text);
  return found === null ? undefined : numbersOf(found);
}

function numbersOf([, major, minor, update = '0']: RegExpExecArray): KernelRelease {
  return [Number(major), Number(minor), Number(update)];
}

function textAt({ bytes }: Segment, at: number): string {
  return Buffer.from(bytes.subarray(at, at + LONGEST)).toString('latin1');
}

export function isBefore([major, minor]: KernelVersion, [otherMajor, otherMinor]: KernelVersion): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

export const versionText = (version: KernelVersion): string => version.join('.');
