/** What the walk over many functions needs of their code: a tenth of the work of describing each instruction. */
import { Decoder, DecoderError, DecoderOptions, FlowControl, Instruction, OpKind } from 'iced-x86';

export interface Outline {
  /** Instructions, each byte that is none counted as one, as `disassemble` has them. */
  readonly instructions: number;
  readonly conditionalBranches: number;
  /** Where direct branches and calls lead, in the code's order. */
  readonly targets: readonly bigint[];
}

/** @param address of the first byte */
export function outline(bytes: Uint8Array, address: bigint): Outline {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  const instruction = new Instruction();
  let [instructions, conditionalBranches] = [0, 0];
  const targets: bigint[] = [];
  try {
    decoder.ip = address;
    for (let at = 0; at < bytes.length; instructions++) {
      decoder.decodeOut(instruction);
      if (instruction.isInvalid || decoder.lastError === DecoderError.NoMoreBytes) {
        at++;
        decoder.position = at;
        decoder.ip = address + BigInt(at);
        continue;
      }
      at += instruction.length;
      if (instruction.flowControl === FlowControl.Next) continue;
      if (instruction.flowControl === FlowControl.ConditionalBranch) conditionalBranches++;
      if (instruction.opCount > 0 && instruction.opKind(0) === OpKind.NearBranch64)
        targets.push(instruction.nearBranchTarget);
    }
  } finally {
    instruction.free();
    decoder.free();
  }
  return { instructions, conditionalBranches, targets };
}
