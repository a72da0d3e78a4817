/**
 * The filter of xz for x86 code: the 32-bit distances of CALL and JMP were made addresses, which pack better. Facts: liblzma's
 * simple/x86.c and the LZMA SDK's Bra86.c, both in the public domain.
 */
const CALL = 0xe8;
const MASK_OF_OPCODE = 0xfe;
const SIZE = 5;

/** Which of the three bytes before look like an opcode, one bit each, says how many bytes of a distance may be one's own. */
const MAY_FOLLOW = [true, true, true, false, true, false, false, false];
const BYTES_OF = [0, 1, 2, 2, 3, 3, 3, 3];

/** The highest byte of a distance within 16 MiB, forwards or backwards. */
function isNear(byte: number): boolean {
  return byte === 0 || byte === 0xff;
}

/** Undoes it in place, for a block that begins at address 0. */
export function undoX86Filter(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let last = -1;
  let mask = 0;
  for (let at = 0; at + SIZE <= bytes.length;) {
    if ((bytes[at] & MASK_OF_OPCODE) !== CALL) {
      at++;
      continue;
    }
    const gap = at - last;
    mask = gap > 3 ? 0 : (mask << (gap - 1)) & 7;
    last = at;
    const isOther = mask !== 0 && (!MAY_FOLLOW[mask] || isNear(bytes[at + 4 - BYTES_OF[mask]]));
    if (isOther || !isNear(bytes[at + 4])) {
      mask = ((mask << 1) & 7) | 1;
      at++;
      continue;
    }
    view.setUint32(at + 1, distanceFor(view.getUint32(at + 1, true), at + SIZE, mask), true);
    at += SIZE;
    // The bytes of a distance are none that an opcode could be among.
    mask = 0;
  }
}

/** The distance, its highest byte made the sign of its 25 bits. */
function distanceFor(stored: number, next: number, mask: number): number {
  let address = stored;
  let distance = (address - next) >>> 0;
  const shift = BYTES_OF[mask] * 8;
  while (mask !== 0 && isNear((distance >>> (24 - shift)) & 0xff)) {
    address = (distance ^ (2 ** (32 - shift) - 1)) >>> 0;
    distance = (address - next) >>> 0;
  }
  return (distance & 0x1000000) === 0 ? distance & 0xffffff : (distance | 0xff000000) >>> 0;
}
