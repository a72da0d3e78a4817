/**
 * Where a kernel keeps its names (CONFIG_KALLSYMS), found by how the tables look: nothing in a stripped image points to them.
 * Facts: scripts/kallsyms.c of Linux (commit 010a0aad39fc), and Debian's 6.1, 6.12, 6.16, 6.18 and 7.3 beside their System.map. Names are stored compressed: a name is a length
 * and that many numbers of tokens; a token is a text, the first character of the whole name is the letter of its type as
 * nm writes it. The number of names, the names, where every 256th begins ("markers"), the tokens and where each token
 * begins ("index") stand in this order in every version; from 6.2 on up to 6.3 a table of 3 or 4 bytes a name lies between
 * markers and tokens, and the addresses lie in front of all until 6.3 and behind all from 6.4 on.
 */

/** Tables begin at multiples of it: 8, and 4 from the version on in which addresses are relative to their place. */
type Alignment = 4 | 8;

/** Offsets are of the bytes that were searched. */
export interface KallsymsTables {
  count: number;
  countAt: number;
  /** First byte of the names, and where each name begins. */
  starts: Uint32Array;
  tokens: readonly string[];
  /** First byte behind the token index. */
  end: number;
  alignment: Alignment;
}

interface Tokens {
  /** First byte of the first token, and of the table that tells where each begins. */
  at: number;
  indexAt: number;
  texts: readonly string[];
}

const TOKENS = 256;
const INDEX_SIZE = TOKENS * 2;
const NAMES_OF_MARKER = 256;
/** Bytes of an entry that orders a name among all names, where there is one: 4 in its first form. */
const ORDER_SIZES = [3, 4] as const;
/** More than the largest kernels have. */
const MOST_NAMES = 1 << 22;
/** Fewer tokens than that are no compression of anything. */
const FEWEST_TOKENS = 16;
const LONGEST_TOKEN = 512;
/** Places that look like an index of tokens, in front of which names are looked for. */
const MOST_TRIALS = 64;
/** Names that may be read on trial, at places that look like the begin of the tables; and what a place costs beside. */
const MOST_WORK = 2 ** 26;
const WORK_OF_PLACE = 16;

/** @returns undefined where there are none */
export function findKallsyms(bytes: Uint8Array): KallsymsTables | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const work = { left: MOST_WORK };
  let trials = MOST_TRIALS;
  for (let at = 0; at + INDEX_SIZE <= bytes.length; at += 4) {
    // The first token begins at 0, the second soon after: most places are none at a glance.
    if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 3] !== 0 || bytes[at + 2] === 0) continue;
    const tokens = tokensBefore(bytes, view, at);
    if (tokens === undefined) continue;
    const found = namesBefore(bytes, view, tokens, work);
    if (found !== undefined) return found;
    if (--trials === 0) return undefined;
  }
  return undefined;
}

/** The tokens whose index lies at an offset: each ends with a zero, where the next begins. */
function tokensBefore(bytes: Uint8Array, view: DataView, indexAt: number): Tokens | undefined {
  const begins = new Uint16Array(TOKENS);
  for (let token = 1; token < TOKENS; token++) {
    begins[token] = view.getUint16(indexAt + token * 2, true);
    if (begins[token] <= begins[token - 1]) return undefined;
  }
  const last = begins[TOKENS - 1];
  for (let at = indexAt - roundUp(last + 1, 4); at >= 0 && at >= indexAt - last - LONGEST_TOKEN; at -= 4) {
    const texts = readTokens(bytes, at, begins, indexAt);
    if (texts !== undefined) return { at, indexAt, texts };
  }
  return undefined;
}

function readTokens(bytes: Uint8Array, at: number, begins: Uint16Array, indexAt: number): string[] | undefined {
  const texts: string[] = [];
  for (let token = 0; token < TOKENS; token++) {
    const from = at + begins[token];
    let to = token + 1 < TOKENS ? at + begins[token + 1] - 1 : bytes.subarray(from, indexAt).indexOf(0) + from;
    if (to < from || bytes[to] !== 0) return undefined;
    for (let place = from; place < to; place++) if (bytes[place] <= 0x20 || bytes[place] > 0x7e) return undefined;
    texts.push(String.fromCharCode(...bytes.subarray(from, to)));
    for (to++; token + 1 === TOKENS && to < indexAt; to++) if (bytes[to] !== 0) return undefined;
  }
  return texts.filter((text) => text !== '').length < FEWEST_TOKENS ? undefined : texts;
}

/** The names that lie in front of the tokens; how many there are tells where their markers must be. */
function namesBefore(
  bytes: Uint8Array,
  view: DataView,
  { at, indexAt, texts }: Tokens,
  work: { left: number },
): KallsymsTables | undefined {
  for (let countAt = at - 8; countAt >= 0 && work.left > 0; countAt -= 4, work.left--) {
    const count = view.getUint32(countAt, true);
    if (count === 0 || count > MOST_NAMES) continue;
    for (const alignment of [8, 4] as const) {
      for (const markersAt of markerPlaces(count, at, alignment)) {
        const namesAt = roundUp(countAt + 4, alignment);
        if (!mayBeMarkers(view, markersAt, namesAt, count)) continue;
        work.left -= count + WORK_OF_PLACE;
        const starts = readStarts(bytes, view, namesAt, markersAt, count);
        if (starts === undefined || roundUp(starts[count], alignment) !== markersAt) continue;
        return { count, countAt, starts, tokens: texts, end: indexAt + INDEX_SIZE, alignment };
      }
    }
  }
  return undefined;
}

function markerPlaces(count: number, tokensAt: number, alignment: Alignment): number[] {
  const plain = tokensAt - roundUp(Math.ceil(count / NAMES_OF_MARKER) * 4, alignment);
  return [plain, ...ORDER_SIZES.map((size) => plain - roundUp(count * size, alignment))];
}

/** A name takes two bytes or more, and the markers ascend. */
function mayBeMarkers(view: DataView, markersAt: number, namesAt: number, count: number): boolean {
  if (markersAt < namesAt + count * 2 || view.getUint32(markersAt, true) !== 0) return false;
  const last = Math.ceil(count / NAMES_OF_MARKER) - 1;
  return (
    last === 0 ||
    (view.getUint32(markersAt + 4, true) >= NAMES_OF_MARKER * 2 &&
      view.getUint32(markersAt + last * 4, true) < markersAt - namesAt)
  );
}

/** Where each name begins, and where the last one ends; undefined if the markers say otherwise. */
function readStarts(
  bytes: Uint8Array,
  view: DataView,
  namesAt: number,
  markersAt: number,
  count: number,
): Uint32Array | undefined {
  const starts = new Uint32Array(count + 1);
  let at = namesAt;
  for (let index = 0; index < count; index++) {
    const isMarked = index % NAMES_OF_MARKER === 0;
    if (isMarked && view.getUint32(markersAt + (index / NAMES_OF_MARKER) * 4, true) !== at - namesAt) return undefined;
    starts[index] = at;
    at += nameSize(bytes, at);
    if (at > markersAt) return undefined;
  }
  starts[count] = at;
  return starts;
}

/** Bytes of a name with its length, which takes two bytes where the first has its highest bit set (Linux 6.1). */
function nameSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  const isLong = (first & 0x80) !== 0;
  const length = isLong ? (first & 0x7f) | (bytes[at + 1] << 7) : first;
  return length === 0 ? Infinity : length + (isLong ? 2 : 1);
}

/**
 * The text of a name, the letter of its type in front.
 * @param limit characters; undefined for a longer one
 */
export function nameAt(bytes: Uint8Array, tables: KallsymsTables, index: number, limit: number): string | undefined {
  const { starts, tokens } = tables;
  const from = starts[index] + ((bytes[starts[index]] & 0x80) !== 0 ? 2 : 1);
  let text = '';
  for (let at = from; at < starts[index + 1]; at++) {
    text += tokens[bytes[at]];
    if (text.length > limit) return undefined;
  }
  return text;
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
