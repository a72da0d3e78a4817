/** Packed bytes that do not come to what they should. */
export class DamagedPacking extends Error {}

/** Whether somebody who unpacks says that the bytes are damaged: one of ours, or zlib. */
export function isDamagedPacking(error: unknown): boolean {
  return error instanceof DamagedPacking || isOfZlib(error);
}

/** zlib's own errors have a code that begins with Z_; the other is of an output that is too long. */
function isOfZlib(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE';
}

/** Copies what the output has already, `distance` bytes back, to its end; the two may overlap. @throws DamagedPacking */
export function copyBack(output: Uint8Array, to: number, distance: number, count: number): void {
  const from = to - distance;
  if (distance < 1 || from < 0 || count > output.length - to) throw new DamagedPacking();
  if (count > 32 && distance >= count) output.copyWithin(to, from, from + count);
  else for (let index = 0; index < count; index++) output[to + index] = output[from + index];
}
