/** What the kernel's decoder says of an instruction that touches a device. */
import { PT_REGS_BY_NUMBER } from '../../../models/abi/linux-structs.js';
import type { Values } from '../../../models/exchange/exchange.js';
import { MMIO_INSTRUCTION } from '../../../models/predict/helper/mmio.js';
import { KERNEL_FACT } from '../../../models/predict/helper/virt-exception.js';
import type { ExternalFunctions } from '../../play/call.js';
import type { Image } from '../../image/image.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import { below, type Draw, mostly, oneOf, uniform } from '../../story/draws.js';
import { speaking } from '../../story/story.js';
import { type AccessForm, encodeAccess, savedBase } from './real-instruction.js';
import { anything, slot, type Slots } from './slots.js';

const same = (kind: AccessForm['kind'], ...sizes: readonly number[]): AccessForm[] =>
  sizes.map((bytes) => ({ kind, bytes, operand: bytes }));

const wider = (kind: AccessForm['kind']): AccessForm[] =>
  [1, 2].flatMap((bytes) => [2, 4, 8].map((operand) => ({ kind, bytes, operand })));

/** Every instruction that the decoder can find, by its number in a story (Intel SDM volume 2: MOV, MOVZX, MOVSX, MOVS). */
const FORMS: readonly AccessForm[] = [
  ...same('read', 4, 1, 2, 8),
  ...same('write', 1, 2, 4, 8),
  ...same('writeImmediate', 1, 2, 4, 8),
  ...wider('readZeroExtend'),
  ...wider('readSignExtend'),
  ...same('undecodable', 1),
  ...same('string', 1, 4),
];

const MNEMONICS: Readonly<Record<AccessForm['kind'], string>> = {
  read: 'MOV from memory',
  write: 'MOV to memory',
  writeImmediate: 'MOV of an immediate to memory',
  readZeroExtend: 'MOVZX',
  readSignExtend: 'MOVSX',
  undecodable: 'no instruction',
  string: 'MOVS',
};

/** `MOVZX of 1 byte into 4`. */
function formText({ kind, bytes, operand }: AccessForm): string {
  if (kind === 'undecodable') return MNEMONICS[kind];
  const size = `${MNEMONICS[kind]} of ${bytes} byte${bytes === 1 ? '' : 's'}`;
  return operand === bytes ? size : `${size} into ${operand}`;
}

const PAGE = 0x1000n;
/** The kernel's half of the address space, and somewhere in it its direct map. */
const KERNEL_BASE = 0xffff8880_00000000n;

/** The last bytes of a page are where accesses begin that cross into the next. */
const inPage: Draw = mostly(below(Number(PAGE)), (dice) => PAGE - 1n - below(9)(dice), 3);
const userAddress: Draw = (dice) => BigInt(dice.word() >>> 0) * PAGE + inPage(dice);
const kernelAddress: Draw = (dice) => KERNEL_BASE + userAddress(dice);

export const MMIO_SLOTS: Slots = {
  'insn.form': speaking(FORMS.map(formText), slot('which instruction, by number', below(FORMS.length))),
  'insn.length': slot('its decoded length', (dice) => 1n + below(15)(dice), 3n),
  'insn.register': speaking(PT_REGS_BY_NUMBER, slot('its register operand, by number', below(16))),
  'insn.immediate': slot('its immediate', (dice) => BigInt.asUintN(64, BigInt.asIntN(32, uniform(dice)))),
  'insn.address': slot('the address that it accesses', mostly(kernelAddress, userAddress), KERNEL_BASE),
  'insn.second_page': slot('1: of an access across pages the second one is the device', oneOf(0n, 1n)),
  've.undefined_len': anything('the length that TDX reports, which is undefined here'),
};

/** Whether the values are those of an access that can be. */
export function isFairAccess(values: Values): boolean {
  const address = values['insn.address'];
  const canonical = BigInt.asUintN(64, BigInt.asIntN(48, address)) === address;
  const length = values['insn.length'];
  return (
    canonical && values['insn.form'] < FORMS.length && values['insn.register'] < 16n && length > 0n && length < 16n
  );
}

/** The form of a story's access. */
export function formOf(values: Values): AccessForm {
  return FORMS[Number(values['insn.form'])];
}

/** Whether the access of a story touches two pages. */
export function crossesPages(values: Values): boolean {
  const offset = values['insn.address'] % PAGE;
  return offset + BigInt(formOf(values).bytes) > PAGE;
}

/** The decoder's answer, and the record of #VE that goes with it. */
export function accessFacts(values: Values): Values {
  const { kind, bytes, operand } = formOf(values);
  const address = values['insn.address'];
  const secondPage = (address / PAGE + 1n) * PAGE;
  return {
    'insn.kind': MMIO_INSTRUCTION[kind],
    'insn.size': BigInt(bytes),
    'insn.opnd_bytes': BigInt(operand),
    've.gla': crossesPages(values) && values['insn.second_page'] === 1n ? BigInt.asUintN(64, secondPage) : address,
    've.instr_len': values['ve.undefined_len'] % (1n << 32n),
  };
}

/** Whether the image has the kernel's own decoder, and none that this tool answers for. */
export function decodesItself({ image }: ProgramStage): boolean {
  let known = DECODES_ITSELF.get(image);
  if (known === undefined) {
    const isAsked = ({ name }: { readonly name: string }): boolean => name === 'decode_mmio';
    known = !image.externals.some(isAsked) && !image.symbols.some(isAsked);
    DECODES_ITSELF.set(image, known);
  }
  return known;
}

/** A kernel has a hundred thousand symbols, and every story asks. */
const DECODES_ITSELF = new WeakMap<Image, boolean>();

/** Bytes that the kernel reads at RIP: the longest instruction. */
const READ_AT_RIP = 15;

/**
 * Puts the instruction of a story where RIP says, for a kernel that reads it there.
 *
 * @returns what follows from it: RIP, the address in its base register, the length and the immediate as they are encoded
 */
export function layInstruction(stage: ProgramStage, values: Values): Values {
  const address = stage.allocate(READ_AT_RIP + 1);
  const real = encodeAccess(formOf(values), Number(values['insn.register']), values['insn.immediate']);
  for (let index = 0; index <= READ_AT_RIP; index++)
    stage.write(address + BigInt(index), BigInt(real.bytes[index] ?? NOP), 1);
  return {
    [KERNEL_FACT]: 1n,
    'regs.ip': address,
    [savedBase(real)]: values['insn.address'],
    'insn.length': BigInt(real.bytes.length),
    'insn.immediate': real.immediate,
  };
}

const NOP = 0x90;

/** Fields of the structure that `decode_mmio` fills in, in their order. */
const DECODED = ['kind', 'size', 'opnd_bytes', 'length', 'register', 'immediate', 'address'] as const;

/** The kernel's decoder: `facts` are those of `accessFacts`. */
export function decoder(stage: ProgramStage, values: Values): ExternalFunctions {
  return {
    decode_mmio: {
      parameters: ['regs', 'instruction'],
      query: ({ instruction }) => {
        DECODED.forEach((name, index) => stage.write(instruction + BigInt(8 * index), values[`insn.${name}`]));
        return 0n;
      },
    },
  };
}
