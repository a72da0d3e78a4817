/** What can be read off a function's bytes before any run: its instructions, what they can touch, their constants. */
import type { DecodeSummary } from '../clause/property.js';
import type { Image } from '../image/image.js';
import { type DecodedInstruction, disassemble } from '../x86/decode.js';
import { FLAG } from '../x86/flags.js';
import { externalModel } from '../world/externals.js';

/** The longest x86 instruction has 15 bytes. */
const LONGEST = 15;
/** IF, DF, TF, NT, AC, IOPL: what must survive a call. */
const SYSTEM_FLAGS = FLAG.IF | FLAG.DF | FLAG.TF | FLAG.NT | FLAG.AC | FLAG.IOPL;

export interface FunctionCode {
  instructions: readonly DecodedInstruction[];
  summary: DecodeSummary;
}

/** Decodes a function from its first byte to its last. */
export function functionCode(image: Image, entry: bigint, size: number): FunctionCode {
  const segment = image.segments.find(
    ({ address, bytes }) => entry >= address && entry < address + BigInt(bytes.length),
  );
  const instructions: DecodedInstruction[] = [];
  if (segment !== undefined) {
    const start = Number(entry - segment.address);
    const end = Math.min(start + size, segment.bytes.length);
    for (let offset = start; offset < end;) {
      const bytes = segment.bytes.subarray(offset, Math.min(offset + LONGEST, end));
      const instruction = disassemble(bytes, segment.address + BigInt(offset));
      instructions.push(instruction);
      offset += Math.max(1, instruction.length);
    }
  }
  return { instructions, summary: summarise(instructions, entry, size, image) };
}

function jumpsOn(name: string): boolean {
  const model = externalModel(name);
  return model.kind === 'code' && model.jumps;
}

/** Code that leaves the function for anywhere but a thunk that comes back might touch anything. */
function summarise(
  instructions: readonly DecodedInstruction[],
  entry: bigint,
  size: number,
  image: Image,
): DecodeSummary {
  const externals = new Set(image.externals.filter(({ name }) => !jumpsOn(name)).map(({ address }) => address));
  const leaves = instructions.some(({ flow, target }) => {
    if (flow !== 'call' && flow !== 'branch' && flow !== 'conditional') return false;
    if (target === undefined) return true;
    return !externals.has(target) && (target < entry || target >= entry + BigInt(size));
  });
  const goesOn = leaves || runsOn(instructions, image);
  return {
    vector: goesOn || instructions.some(({ touchesVector }) => touchesVector),
    systemFlags: goesOn || instructions.some(({ touchesFlags }) => (touchesFlags & SYSTEM_FLAGS) !== 0),
  };
}

/** Whether the last instruction, padding aside, goes on to what lies behind the function. */
function runsOn(instructions: readonly DecodedInstruction[], { externals }: Image): boolean {
  const last = instructions.findLast(({ text }) => !/^(nop|int3|xchg %ax,%ax)/.test(text));
  if (last === undefined) return true;
  const { flow, target } = last;
  if (flow !== 'call') return flow === 'next' || flow === 'conditional' || flow === 'environment';
  // No call of what is not modelled comes back, nor one of what never returns.
  return externals.some(({ name, address }) => address === target && externalModel(name).kind === 'code');
}
