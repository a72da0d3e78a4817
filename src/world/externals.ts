/**
 * Symbols from outside the image that the world knows. A thunk is given the code that it is, and so is a function that comes
 * back at once; a function that never returns ends the run; anything else is not modelled, and a run that reaches it has no
 * verdict.
 */
import { REGISTER_NAMES } from '../x86/registers.js';
import { dataBytes, type Surrounding, surroundingOf } from './surroundings.js';

/** `jumps`: the code goes on where a register says, and not back to its caller. `data`: memory of its own. */
export type ExternalModel =
  | { kind: 'code'; bytes: Uint8Array; jumps: boolean }
  | { kind: 'noreturn' }
  | { kind: 'data'; bytes: Uint8Array }
  | { kind: 'unmodelled' };

const RET = Uint8Array.of(0xc3);
/** UD2. */
const TRAP = Uint8Array.of(0x0f, 0x0b);

export function externalModel(name: string): ExternalModel {
  const surrounding = surroundingOf(name);
  if (surrounding !== undefined) return modelOf(surrounding);
  // RETHUNK kernels end functions in a jump to it (docs/abi/calling-conventions.md#kernel-code).
  if (name === '__x86_return_thunk') return { kind: 'code', bytes: RET, jumps: false };
  const thunk = /^__x86_indirect_thunk_(\w+)$/.exec(name);
  const register = REGISTER_NAMES.findIndex((candidate) => candidate === thunk?.[1]);
  if (register >= 0) return { kind: 'code', bytes: jumpThrough(register), jumps: true };
  const bytes = dataBytes(name);
  return bytes === undefined ? { kind: 'unmodelled' } : { kind: 'data', bytes: new Uint8Array(bytes) };
}

/** The code that a function of the image has instead of its own; undefined for one that runs, or never returns. */
export function replacementOf(name: string): Uint8Array | undefined {
  const surrounding = surroundingOf(name);
  const model = surrounding && modelOf(surrounding);
  return model?.kind === 'code' ? model.bytes : undefined;
}

function modelOf(surrounding: Surrounding): ExternalModel {
  const code = (bytes: Uint8Array): ExternalModel => ({ kind: 'code', bytes, jumps: false });
  switch (surrounding.does) {
    case 'stops':
      return { kind: 'noreturn' };
    case 'nothing':
      return code(RET);
    case 'fails':
      return code(TRAP);
    case 'returns':
      return code(returnWith(surrounding.value));
    case 'data':
      return { kind: 'data', bytes: littleEndian(surrounding.value, 8) };
  }
}

function littleEndian(value: bigint, width: number): Uint8Array {
  return Uint8Array.from({ length: width }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

/** `mov $value,%rax; ret`, in the shortest form: 31 C0, B8 imm32 or 48 B8 imm64 (Intel SDM volume 2, XOR, MOV). */
function returnWith(value: bigint): Uint8Array {
  if (value === 0n) return Uint8Array.of(0x31, 0xc0, ...RET);
  const [head, width] = value < 1n << 32n ? [[0xb8], 4] : [[0x48, 0xb8], 8];
  return Uint8Array.of(...head, ...littleEndian(value, width), ...RET);
}

/** `jmp *%register`: FF /4, with REX.B for R8-R15 (Intel SDM volume 2, JMP). */
function jumpThrough(register: number): Uint8Array {
  const modrm = 0xe0 | (register & 7);
  return register < 8 ? Uint8Array.of(0xff, modrm) : Uint8Array.of(0x41, 0xff, modrm);
}
