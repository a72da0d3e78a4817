/** Memory that a pointer of the code under test means: it may have been made up. */
import type { ProgramStage } from '../../stage/program-stage.js';

const PAGE = 4096;

function liesInOnePage(address: bigint, bytes: number): boolean {
  return Number(BigInt.asUintN(12, address)) <= PAGE - bytes;
}

/** A pointer that cannot be written stays unwritten. */
export function writeBytes(stage: ProgramStage, address: bigint, value: bigint, bytes: number): void {
  // Told of byte by byte where somebody traces it.
  const isWhole = (bytes === 4 || bytes === 8) && liesInOnePage(address, bytes);
  if (isWhole && stage.observer === undefined) {
    if (stage.isMapped(address)) stage.write(address, value, bytes);
    return;
  }
  for (let index = 0; index < bytes; index++) {
    const at = BigInt.asUintN(64, address + BigInt(index));
    if (stage.isMapped(at)) stage.write(at, value >> BigInt(8 * index), 1);
  }
}

/** At most eight bytes, zero-extended; bytes that cannot be read are all ones, which no sound code asks for. */
export function readBytes(stage: ProgramStage, address: bigint, bytes: number): bigint {
  const isWhole = (bytes === 4 || bytes === 8) && liesInOnePage(address, bytes);
  if (isWhole && stage.isMapped(address)) return stage.read(address, bytes);
  let value = 0n;
  for (let index = 0; index < Math.min(bytes, 8); index++) {
    const at = BigInt.asUintN(64, address + BigInt(index));
    value |= (stage.isMapped(at) ? stage.read(at, 1) : 0xffn) << BigInt(8 * index);
  }
  return value;
}
