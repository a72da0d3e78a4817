/** What the walk over many functions needs of their code: a tenth of the work of describing each instruction. */
import { Decoder, DecoderError, DecoderOptions, FlowControl, Instruction, OpKind, Register } from 'iced-x86';

export interface Outline {
  /** Instructions, each byte that is none counted as one, as `disassemble` has them. */
  readonly instructions: number;
  readonly conditionalBranches: number;
  /** Where direct branches and calls lead, in the code's order. */
  readonly targets: readonly bigint[];
}

/** Addresses that memory operands name as such, relative to RIP or by a displacement alone, in the code's order. */
export function operandAddresses(bytes: Uint8Array, address: bigint): bigint[] {
  const found: bigint[] = [];
  eachInstruction(bytes, address, (instruction) => {
    if (instruction.isIpRelMemoryOperand) found.push(instruction.ipRelMemoryAddress);
    else if (instruction.memoryDisplSize >= 4 && instruction.memoryBase === Register.None)
      found.push(BigInt.asUintN(64, instruction.memoryDisplacement));
  });
  return found;
}

/** @param address of the first byte */
export function outline(bytes: Uint8Array, address: bigint): Outline {
  let conditionalBranches = 0;
  const targets: bigint[] = [];
  const instructions = eachInstruction(bytes, address, (instruction) => {
    if (instruction.flowControl === FlowControl.Next) return;
    if (instruction.flowControl === FlowControl.ConditionalBranch) conditionalBranches++;
    if (instruction.opCount > 0 && instruction.opKind(0) === OpKind.NearBranch64)
      targets.push(instruction.nearBranchTarget);
  });
  return { instructions, conditionalBranches, targets };
}

/** @returns instructions, each byte that is none counted as one; those are not shown */
function eachInstruction(bytes: Uint8Array, address: bigint, visit: (instruction: Instruction) => void): number {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  const instruction = new Instruction();
  let count = 0;
  try {
    decoder.ip = address;
    for (let at = 0; at < bytes.length; count++) {
      decoder.decodeOut(instruction);
      if (instruction.isInvalid || decoder.lastError === DecoderError.NoMoreBytes) {
        at++;
        decoder.position = at;
        decoder.ip = address + BigInt(at);
        continue;
      }
      at += instruction.length;
      visit(instruction);
    }
  } finally {
    instruction.free();
    decoder.free();
  }
  return count;
}
