/** An image made of the pages that a case file carries. */
import { regionAt } from '../stage/layout.js';
import type { External, Image, ImageSymbol, Segment } from '../image/image.js';
import { PERCPU_BASE } from '../image/per-cpu.js';
import { segmentAt } from '../image/segments.js';
import { UsageError } from '../errors.js';
import { hex } from '../text/hex.js';
import type { CaseFile } from './case-schema.js';

const PAGE = 0x1000;
/** First address behind the lower half and first of the upper half of 48-bit canonical addresses (Intel SDM volume 1, 3.3.7.1). */
const LOWER_END = 1n << 47n;
const UPPER_START = (1n << 64n) - LOWER_END;
/** Every external has a slot of so many bytes; they lie together, so that few pages hold all of them. */
const EXTERNAL_SLOT = 16n;
const MAX_EXTERNAL_PAGES = 32;

/** @throws UsageError for whatever the tool itself would not have written, in one line that names the file */
export function caseImage(file: CaseFile, origin: string): Image {
  const { code, image } = file;
  const refuse = (what: string): never => {
    throw new UsageError(`${origin}: ${what}; the file is damaged: take another copy of it`);
  };
  if (code.missing !== undefined)
    throw new UsageError(
      `${origin}: its runs touch ${code.missing} more pages than a case holds; replay it on the image (--image)`,
    );
  const { body } = file.contract;
  const writableCode = 'writableCode' in body && body.writableCode === true;
  const segments = joined(code.pages.map((page) => segmentOf(page, writableCode, refuse)).sort(byAddress), refuse);
  const holder = (address: bigint): Segment | undefined => segmentAt(segments, address);
  const symbols = code.symbols.map(({ name, address, size }): ImageSymbol => {
    const segment = holder(BigInt(address)) ?? refuse(`code.symbols: ${name} at ${address} is in no page`);
    return { name, address: BigInt(address), size, kind: 'function', global: true, segment: segment.name };
  });
  checkFunction(file, symbols, holder(BigInt(code.entry)), refuse);
  const externals = code.externals.map(({ name, address }) => ({ name, address: BigInt(address) }));
  checkExternals(externals, segments, refuse);
  const fixups = (code.fixups ?? []).map(({ from, to, type }) => ({ from: BigInt(from), to: BigInt(to), type }));
  const { gsBase } = code;
  return {
    name: image.name,
    format: 'elf-object',
    hash: image.hash,
    segments,
    symbols,
    externals,
    fixups,
    ...(gsBase !== undefined && { gsBase: BigInt(gsBase) }),
  };
}

type Refuse = (what: string) => never;

const byAddress = (a: Segment, b: Segment): number => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0);

function segmentOf(
  { address, permissions, base64 }: CaseFile['code']['pages'][number],
  writableCode: boolean,
  refuse: Refuse,
): Segment {
  const start = BigInt(address);
  const stored = Buffer.from(base64, 'base64');
  if (start % BigInt(PAGE) !== 0n || stored.length > PAGE) refuse(`code.pages: ${address} is not a page`);
  if (start >= LOWER_END && start < UPPER_START) refuse(`code.pages: no page can lie at ${address}`);
  const taken = regionAt(start, PAGE);
  if (taken !== undefined) refuse(`code.pages: ${address} lies over the caller's memory at ${hex(taken.address)}`);
  const read = permissions[0] === 'r';
  const write = permissions[1] === 'w';
  const execute = permissions[2] === 'x';
  if (write && execute && !writableCode) refuse(`code.pages: ${address} is writable and executable`);
  const bytes = new Uint8Array(PAGE);
  bytes.set(stored);
  return { name: `page ${address}`, address: start, size: PAGE, bytes, read, write, execute };
}

/** Pages that lie side by side with one set of permissions are one segment: functions reach across pages. */
function joined(pages: readonly Segment[], refuse: Refuse): Segment[] {
  const groups: Segment[][] = [];
  for (const page of pages) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (last?.address === page.address) refuse(`code.pages: ${hex(page.address)} is there twice`);
    const follows = last !== undefined && last.address + BigInt(PAGE) === page.address && samePermissions(last, page);
    if (group !== undefined && follows) group.push(page);
    else groups.push([page]);
  }
  return groups.map((group) => ({
    ...group[0],
    size: PAGE * group.length,
    bytes: new Uint8Array(Buffer.concat(group.map(({ bytes }) => bytes))),
  }));
}

function samePermissions(a: Segment, b: Segment): boolean {
  return a.read === b.read && a.write === b.write && a.execute === b.execute;
}

/** The function has its name, and lies in executable pages as a whole. */
function checkFunction(
  { code, symbol }: CaseFile,
  symbols: readonly ImageSymbol[],
  segment: Segment | undefined,
  refuse: Refuse,
): void {
  const entry = BigInt(code.entry);
  if (segment === undefined || !segment.execute) return refuse(`code.entry: ${code.entry} is in no executable page`);
  if (entry + BigInt(code.size) > segment.address + BigInt(segment.size))
    refuse(`code.size: ${code.size} bytes reach past the pages of the function`);
  const named = symbols.filter(({ name }) => name === symbol);
  if (named.length === 0 || named.some(({ address }) => address !== entry))
    refuse(`code.symbols does not name ${symbol} at ${code.entry}, or names it elsewhere`);
}

function checkExternals(externals: readonly External[], segments: readonly Segment[], refuse: Refuse): void {
  const slots = new Set<bigint>();
  const pages = new Set<bigint>();
  for (const { name, address } of externals) {
    const page = address - (address % BigInt(PAGE));
    if (address % EXTERNAL_SLOT !== 0n || slots.has(address))
      refuse(`code.externals: ${name} at ${hex(address)} has no slot of its own`);
    const taken = page === PERCPU_BASE || segmentAt(segments, page) !== undefined || regionAt(page, PAGE) !== undefined;
    if (address < UPPER_START || taken) refuse(`code.externals: ${name} cannot lie at ${hex(address)}`);
    slots.add(address);
    pages.add(page);
  }
  if (pages.size > MAX_EXTERNAL_PAGES) refuse(`code.externals: ${pages.size} pages of them`);
}
