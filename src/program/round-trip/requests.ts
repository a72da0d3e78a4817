/** What a guest asks for in a round trip: which helper is called, with what, and which device answers. */
import { ERRNO } from '../../../models/abi/errno.js';
import { PT_REGS_NAMES } from '../../../models/abi/linux-structs.js';
import { wordOf } from '../../../models/abi/words.js';
import { TDVMCALL } from '../../../models/abi/tdvmcall.js';
import type { Reference, Values } from '../../../models/exchange/exchange.js';
import { MMIO_INSTRUCTION } from '../../../models/predict/helper/mmio.js';
import * as reference from '../../../models/predict/round-trip/requests.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import { below, type Draw, either, mostly, narrow, oneOf, shifted, uniform } from '../../story/draws.js';
import { speaking, type StorySlot } from '../../story/story.js';
import type { Laid } from '../helper/helper.js';
import { sharedMaskExternal } from '../helper/memory-layout.js';
import { layRecord, laySavedRegisters } from '../helper/saved-state.js';
import { anything, graffitiSlot, slot, type Slots, statusSlot } from '../helper/slots.js';

/** The shared bit of a TD with GPAs of 52 bits. */
export const SHARED_BIT = 1n << 51n;

export interface Request {
  readonly name: string;
  readonly sentence: string;
  readonly slots: Slots;
  /** The guest's function. */
  readonly symbol: string;
  readonly isFair: (values: Values) => boolean;
  readonly lay: (guest: ProgramStage, values: Values) => Laid;
  /** What everybody finds where the story says nothing. */
  readonly constants?: Values;
  /** What follows from the values, for everybody. */
  readonly facts?: (values: Values) => Values;
  readonly reference: (values: Values) => Reference;
}

const LENGTH = 3n;
const KERNEL_CODE = 0x10n;
const GLA = 0xffff8880_00001230n;

/** Every saved register has a value of its own. */
const SAVED: Values = Object.fromEntries(
  PT_REGS_NAMES.map((name, index) => [`regs.${name}`, 0xace0_0000_0000_0000n + BigInt(index)]),
);

const flag = (meaning: string): StorySlot => slot(meaning, oneOf(0n, 1n));
const kernel = flag('1: the device is in the host’s kernel, 0: in userspace');
const status = { 'host.status': statusSlot };
const meddled = {
  'host.r10': speaking(
    { of: (value) => (value === 0n ? undefined : wordOf('tdvmcall-status', value)) },
    slot('what a hostile VMM puts into R10, if it is not 0', mostly(oneOf(0n), oneOf(...reference.REFUSALS), 6)),
  ),
};
const ax = anything('RAX of the guest', 0x1122_3344_5566_7788n);
const driven = anything('what the device drives', 0x8877_6655_4433_2211n);

/** The exit qualification of a port access (docs/abi/linux-helpers.md#handle_io). */
function qualification({ size, port }: Values, input: boolean): bigint {
  return (size - 1n) | (input ? 8n : 0n) | (port << 16n);
}

/** A #VE handler on saved registers and a record. */
function layHandler(guest: ProgramStage, values: Values, externals: Laid['externals'] = {}): Laid {
  const registers = laySavedRegisters(guest, values);
  const record = layRecord(guest, values);
  return { parameters: [registers.address, record.address], outputs: registers.outputs, externals };
}

/** Saved registers and a record for a reason, as far as a request does not say something else. */
function trapped(reason: number, more: Values = {}): Values {
  return {
    ...SAVED,
    'regs.cs': KERNEL_CODE,
    've.exit_reason': BigInt(reason),
    've.exit_qual': 0n,
    've.gla': 0n,
    've.gpa': 0n,
    've.instr_len': LENGTH,
    've.instr_info': 0n,
    ...more,
  };
}

const port = slot(
  'the port',
  either(narrow16, (dice) => uniform(dice) & 0xffffn),
  0x3f8n,
);
function narrow16(dice: Parameters<Draw>[0]): bigint {
  return narrow(dice) & 0xffffn;
}
const portSize = slot('bytes', oneOf(1n, 2n, 4n), 1n);
const isPort = ({ size, port: number }: Values): boolean => [1n, 2n, 4n].includes(size) && number <= 0xffffn;

const SIZES = [1n, 2n, 4n, 8n] as const;
/** A page of a device, shared as every device is. */
const gpa = slot('the GPA of the device, without its shared bit', shifted(below(1 << 30), 4), 0xfed0_0000n);
const isAccess = ({ size, gpa: address }: Values): boolean =>
  SIZES.some((known) => known === size) && address + size <= SHARED_BIT;

/** MOV at its own width; MOVZX and MOVSX of 1 and 2 bytes to a wider operand. */
const isLoad = (values: Values): boolean => {
  const { size, operand, extend } = values;
  if (!isAccess(values) || extend > 2n) return false;
  return extend === 0n ? operand === size : size <= 2n && [2n, 4n, 8n].includes(operand) && operand > size;
};

const LOAD_KIND = [MMIO_INSTRUCTION.read, MMIO_INSTRUCTION.readZeroExtend, MMIO_INSTRUCTION.readSignExtend] as const;

function layAccess(guest: ProgramStage, values: Values, kind: bigint): Laid {
  // In the order of the structure's fields (corpus/targets/helper/tdx.h).
  const decoded = [kind, values['size'], values['operand'] ?? values['size'], LENGTH, 0n, 0n, GLA];
  return layHandler(guest, values, {
    decode_mmio: {
      parameters: ['regs', 'instruction'],
      query: ({ instruction }) => {
        decoded.forEach((value, index) => guest.write(instruction + BigInt(8 * index), value));
        return 0n;
      },
    },
  });
}

const ACCESS = trapped(TDVMCALL.RequestMMIO, { 've.gla': GLA });
const access = (values: Values): Values => ({ 've.gpa': values['gpa'] | SHARED_BIT });

/** What userspace says to a chunk of MapGPA. */
const verdict: Draw = mostly(oneOf(0n), oneOf(ERRNO.EAGAIN, ERRNO.EINVAL), 3);
/** More chunks than a range that is drawn can have, asked again included: the rest is agreed to. */
export const VERDICTS = 6;

export const REQUESTS: readonly Request[] = [
  {
    name: 'port read',
    sentence: 'IN of {size} bytes from port {port}, where the device drives {driven}',
    slots: { size: portSize, port, 'regs.ax': ax, driven, kernel, ...status, ...meddled },
    symbol: 'handle_io',
    isFair: isPort,
    constants: trapped(TDVMCALL.IO),
    facts: (values) => ({ 've.exit_qual': qualification(values, true) }),
    lay: (guest, values) => layHandler(guest, values),
    reference: reference.portRead,
  },
  {
    name: 'port write',
    sentence: 'OUT of {size} bytes of {regs.ax} to port {port}',
    slots: { size: portSize, port, 'regs.ax': ax, kernel, ...status, ...meddled },
    symbol: 'handle_io',
    isFair: isPort,
    constants: trapped(TDVMCALL.IO),
    facts: (values) => ({ 've.exit_qual': qualification(values, false) }),
    lay: (guest, values) => layHandler(guest, values),
    reference: reference.portWrite,
  },
  {
    name: 'MMIO read',
    sentence: 'a load of {size} bytes from {gpa}, where the device drives {driven}',
    slots: {
      size: slot('bytes', oneOf(...SIZES), 4n),
      operand: slot('bytes of the register operand', oneOf(...SIZES), 4n),
      extend: speaking(
        ['MOV', 'MOVZX', 'MOVSX'],
        slot('0: MOV, 1: MOVZX, 2: MOVSX', mostly(oneOf(0n), oneOf(1n, 2n), 2)),
      ),
      gpa,
      'regs.ax': ax,
      driven,
      kernel,
      ...status,
      ...meddled,
    },
    symbol: 'handle_mmio',
    isFair: isLoad,
    constants: ACCESS,
    facts: access,
    lay: (guest, values) => layAccess(guest, values, LOAD_KIND[Number(values['extend'])]),
    reference: reference.mmioRead,
  },
  {
    name: 'MMIO write',
    sentence: 'a store of {size} bytes of {regs.ax} to {gpa}',
    slots: { size: slot('bytes', oneOf(...SIZES), 4n), gpa, 'regs.ax': ax, kernel, ...status, ...meddled },
    symbol: 'handle_mmio',
    isFair: isAccess,
    constants: ACCESS,
    facts: access,
    lay: (guest, values) => layAccess(guest, values, MMIO_INSTRUCTION.write),
    reference: reference.mmioWrite,
  },
  {
    name: 'CPUID',
    sentence: 'CPUID of leaf {regs.ax}',
    slots: {
      'regs.ax': slot('the leaf', (dice) => 0x4000_0000n + below(0x1000_0000)(dice), 0x4000_0000n),
      'regs.cx': slot(
        'the sub-leaf',
        either(oneOf(0n), (dice) => uniform(dice) & 0xffff_ffffn),
      ),
      ...Object.fromEntries(['eax', 'ebx', 'ecx', 'edx'].map((name) => [name, anything(`${name} of the host`)])),
      ...status,
      ...meddled,
    },
    symbol: 'handle_cpuid',
    isFair: ({ 'regs.ax': leaf, 'regs.cx': index }) => leaf >> 28n === 4n && index >> 32n === 0n,
    constants: trapped(TDVMCALL.CPUID, { size: 8n }),
    lay: (guest, values) => layHandler(guest, values),
    reference: reference.cpuid,
  },
  {
    name: 'KVM hypercall',
    sentence: 'KVM hypercall {nr}, to which the host says {driven}',
    slots: {
      nr: slot('the number', (dice) => 1n + (uniform(dice) & 0x3fn), 1n),
      ...Object.fromEntries(['p1', 'p2', 'p3', 'p4'].map((name) => [name, anything(`argument ${name}`)])),
      driven,
      ...status,
    },
    symbol: 'tdx_kvm_hypercall',
    // 12 is MapGPA’s, which userspace serves.
    isFair: ({ nr }) => nr > 0n && nr !== 12n && nr >> 32n === 0n,
    lay: (_, { nr, p1, p2, p3, p4 }) => ({ parameters: [nr, p1, p2, p3, p4] }),
    reference: reference.kvmHypercall,
  },
  {
    name: 'map GPA',
    sentence: '{pages} pages from {start} become {private}',
    slots: {
      start: slot('the first GPA', shifted(below(1 << 24), 12), 0x10_0000n),
      pages: slot('pages', either(below(4), below(1600)), 1n),
      private: speaking(['shared', 'private'], flag('1: they become private, 0: shared')),
      pending: flag('1: an event waits for the vCPU all the time'),
      ...Object.fromEntries(
        Array.from({ length: VERDICTS }, (_, index) => [
          `verdict${index + 1}`,
          speaking('errno', slot(`what userspace says to chunk ${index + 1}`, verdict)),
        ]),
      ),
      ...status,
    },
    symbol: 'tdx_map_gpa',
    isFair: ({ start, pages }) => start % 0x1000n === 0n && pages > 0n && pages < 0x10000n && start < 1n << 46n,
    lay: (_, { start, pages, private: encrypted }) => ({
      parameters: [start, start + (pages << 12n), encrypted],
      externals: sharedMaskExternal({ shared_mask: SHARED_BIT }),
    }),
    reference: reference.mapGpa,
  },
  {
    name: 'halt',
    sentence: 'HLT (interrupts blocked: {blocked})',
    slots: { blocked: flag('1: interrupts are blocked'), ...status },
    symbol: '__halt',
    isFair: ({ blocked }) => blocked <= 1n,
    lay: (_, { blocked }) => ({ parameters: [blocked] }),
    reference: reference.halt,
  },
];

export const GRAFFITI = {
  graffiti: graffitiSlot,
  'host.graffiti': { ...graffitiSlot, meaning: 'registers of the host' },
};
