/** #VE: each handler by itself, the record, and the whole. */
import { TDCALL_LEAF } from '../../../models/abi/tdcall-leaves.js';
import { PT_REGS_BY_NUMBER } from '../../../models/abi/linux-structs.js';
import { TDVMCALL } from '../../../models/abi/tdvmcall.js';
import type { Values } from '../../../models/exchange/exchange.js';
import { handleCpuid } from '../../../models/predict/helper/cpuid.js';
import { handleMmio, MMIO_INSTRUCTION } from '../../../models/predict/helper/mmio.js';
import { readMsr, writeMsr } from '../../../models/predict/helper/msr.js';
import { handleIo } from '../../../models/predict/helper/port-io.js';
import { KERNEL_FACT } from '../../../models/predict/helper/virt-exception.js';
import { getVeInfo, handleVirtException } from '../../../models/predict/helper/ve-dispatch.js';
import type { StoryClass } from '../../play/program.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import {
  anyValue,
  below,
  type Draw,
  either,
  mostly,
  oneOf,
  shifted,
  uniform,
  upperHalfAdded,
} from '../../story/draws.js';
import { speaking } from '../../story/story.js';
import { withFacts } from '../../story/step-values.js';
import { answerOf, has, type Helper, HOST_CLASSES, type Laid, valueIs } from './helper.js';
import {
  accessFacts,
  crossesPages,
  decoder,
  decodesItself,
  formOf,
  isFairAccess,
  layInstruction,
  MMIO_SLOTS,
} from './mmio-access.js';
import { EXCEPTION_SLOTS, isFairException, layRecord, laySavedRegisters } from './saved-state.js';
import { anything, hostSlots, leafStatusSlot, slot, type Slots } from './slots.js';
import { isSharedMask, laySharedMask, SHARED_MASK_SLOT, sharedMaskExternal } from './memory-layout.js';

/** Calls a handler with the saved registers and the record. */
function layHandler(stage: ProgramStage, values: Values, more: Omit<Laid, 'parameters' | 'outputs'> = {}): Laid {
  const all = withFacts(values, more.facts);
  const registers = laySavedRegisters(stage, all);
  const record = layRecord(stage, all);
  const number = values['insn.register'];
  const outputs = number === undefined ? registers.outputs : withOperand(registers.outputs, Number(number));
  return { parameters: [registers.address, record.address], outputs, ...more };
}

type Outputs = NonNullable<Laid['outputs']>;

const WITH_OPERAND = new WeakMap<Outputs, Outputs[]>();

/** The register operand under a name of its own; made once for a structure. */
function withOperand(outputs: Outputs, number: number): Outputs {
  let known = WITH_OPERAND.get(outputs);
  if (known === undefined) WITH_OPERAND.set(outputs, (known = []));
  return (known[number] ??= { ...outputs, operand: outputs[`regs.${PT_REGS_BY_NUMBER[number]}`] });
}

/** Bits 2:0: bytes less one; bit 3: IN; bit 4: string; bit 5: REP; bit 6: immediate port; bits 31:16: the port. */
const QUALIFICATION_BYTES = 0x7n;
const PORT_SIZES = [0n, 1n, 3n] as const;
export const PORT_QUALIFICATION: Draw = (dice) =>
  (mostly(uniform, below(0x100))(dice) & ~QUALIFICATION_BYTES & ~(dice.once(4) ? 0n : 0x10n)) |
  oneOf(...PORT_SIZES)(dice);
/** Whether a qualification is that of an access which there is. */
export const isPortAccess = (qualification: bigint): boolean =>
  PORT_SIZES.some((size) => size === (qualification & QUALIFICATION_BYTES));

/** The hypervisor's leaves, their neighbours, and 64-bit values that end in one. */
const hypervisorLeaf = either(
  (dice) => 0x40000000n + below(0x10000000)(dice),
  oneOf(0x3fffffffn, 0x40000000n, 0x40000001n, 0x4fffffffn, 0x50000000n, 0n, 1n, 0x80000000n),
);
const cpuidLeaf: Draw = mostly(either(hypervisorLeaf, upperHalfAdded(hypervisorLeaf)), anyValue);

/** An index of an MSR, mostly with something in the upper half of RCX. */
const msrIndex: Draw = either(
  oneOf(0x10n, 0x1bn, 0x174n, 0x830n, 0xc0000080n, 0xc0000103n),
  upperHalfAdded(oneOf(0x10n, 0xc0000080n)),
  anyValue,
);

const record: Slots = { ...EXCEPTION_SLOTS, 've.exit_qual': slot('the exit qualification', PORT_QUALIFICATION) };

/** A handler that needs nothing but the saved registers and the record. */
function plain({
  slots,
  isFair = () => true,
  classes = [],
  reason,
  ...handler
}: Omit<Helper, 'lay' | 'answer'> & { readonly reason: number }): Helper {
  const facts = { 've.exit_reason': BigInt(reason) };
  return {
    returns: 'negative-errno',
    ...handler,
    slots: { ...EXCEPTION_SLOTS, ...hostSlots('r11', 'r12', 'r13', 'r14', 'r15'), ...slots },
    lay: (stage, values) => layHandler(stage, values, { facts }),
    isFair: (values) => isFairException(values) && isFair(values),
    classes: [...HOST_CLASSES, ...classes],
  };
}

const HANDLERS: readonly Helper[] = [
  plain({
    name: 'helper-handle-io',
    reason: TDVMCALL.IO,
    title: 'handle_io: IN and OUT as #VE',
    sentence: 'a port access traps, with qualification {ve.exit_qual} and RAX {regs.ax}',
    slots: { ...record, 've.exit_qual': speaking('port-access', record['ve.exit_qual']) },
    reference: handleIo,
    isFair: (values) => isPortAccess(values['ve.exit_qual']),
    classes: [{ name: 'refused without a call', holds: (play) => !has('TDVMCALL')(play) }],
  }),
  plain({
    name: 'helper-read-msr',
    reason: TDVMCALL.RDMSR,
    title: 'read_msr: RDMSR as #VE',
    sentence: 'RDMSR of {regs.cx} traps',
    slots: { 'regs.cx': speaking('msr', slot('the saved cx', msrIndex, 0x10n)) },
    reference: readMsr,
  }),
  plain({
    name: 'helper-write-msr',
    reason: TDVMCALL.WRMSR,
    title: 'write_msr: WRMSR as #VE',
    sentence: 'WRMSR of {regs.cx} with {regs.dx}:{regs.ax} traps',
    slots: { 'regs.cx': speaking('msr', slot('the saved cx', msrIndex, 0x10n)) },
    reference: writeMsr,
  }),
  plain({
    name: 'helper-handle-cpuid',
    reason: TDVMCALL.CPUID,
    title: 'handle_cpuid: CPUID as #VE',
    sentence: 'CPUID of {regs.ax} and {regs.cx} traps',
    slots: { 'regs.ax': slot('the saved ax', cpuidLeaf, 0x40000000n) },
    reference: handleCpuid,
    classes: [{ name: 'a leaf that is not the host’s', holds: (play) => !has('TDVMCALL')(play) }],
  }),
  {
    name: 'helper-handle-mmio',
    title: 'handle_mmio: an access to a device as #VE',
    sentence: 'instruction {insn.form} accesses {insn.address}, GPA {ve.gpa}',
    slots: { ...withoutDerived(EXCEPTION_SLOTS), ...MMIO_SLOTS, ...hostSlots('r11') },
    returns: 'negative-errno',
    reference: handleMmio,
    lay: layMmio,
    isFair: isFairAccess,
    classes: [
      ...HOST_CLASSES,
      { name: 'an access across pages', holds: ({ story }) => story.every(({ values }) => crossesPages(values)) },
      { name: 'a user address', holds: valueIs('insn.address', (address) => address >> 63n === 0n) },
      { name: 'user mode', holds: valueIs('regs.cs', (cs) => (cs & 3n) !== 0n) },
      ...Object.keys(MMIO_INSTRUCTION).map((kind): StoryClass => ({
        name: `instruction: ${kind}`,
        holds: ({ story }) => story.every(({ values }) => formOf(values).kind === kind),
      })),
    ],
  },
];

/** The GLA and the length of the record follow from the access. */
function withoutDerived(slots: Slots): Slots {
  return Object.fromEntries(Object.entries(slots).filter(([name]) => name !== 've.gla' && name !== 've.instr_len'));
}

/** The instruction itself for a kernel that decodes it, or what follows from the story's alone. */
function layAccess(stage: ProgramStage, values: Values): Values {
  const access = accessFacts(values);
  return decodesItself(stage) ? { ...access, ...layInstruction(stage, values) } : access;
}

function layMmio(stage: ProgramStage, values: Values): Laid {
  const facts = { ...layAccess(stage, values), 've.exit_reason': MMIO_REASON };
  return layHandler(stage, values, { facts, externals: decoder(stage, withFacts(values, facts)) });
}

const EXIT_REASONS = [
  TDVMCALL.RequestMMIO,
  TDVMCALL.CPUID,
  TDVMCALL.HLT,
  TDVMCALL.IO,
  TDVMCALL.RDMSR,
  TDVMCALL.WRMSR,
  TDVMCALL.WBINVD,
] as const;
const MMIO_REASON = BigInt(TDVMCALL.RequestMMIO);
const exitReason: Draw = mostly(
  oneOf(...EXIT_REASONS.map(BigInt)),
  either(anyValue, upperHalfAdded(oneOf(MMIO_REASON))),
  12,
);

const DISPATCH: Helper = {
  name: 'helper-virt-exception',
  title: 'tdx_handle_virt_exception: #VE as a whole',
  sentence: '#VE with exit reason {ve.exit_reason} at {regs.ip}',
  slots: {
    ...EXCEPTION_SLOTS,
    ...record,
    'regs.ax': slot('the saved ax', either(cpuidLeaf, anyValue)),
    've.exit_reason': speaking('exception-reason', slot('the exit reason', exitReason, MMIO_REASON)),
    've.gpa': slot('the GPA without its shared bit', shifted(below(1 << 30), 8)),
    've.private': slot('1: the page is private', mostly(oneOf(0n), oneOf(1n))),
    ...MMIO_SLOTS,
    shared_mask: SHARED_MASK_SLOT,
    ...hostSlots('r11', 'r12', 'r13', 'r14', 'r15'),
  },
  returns: 'boolean',
  reference: handleVirtException,
  lay: (stage, values) => {
    const shared = values['ve.private'] === 0n ? values['shared_mask'] : 0n;
    laySharedMask(stage, values);
    const own = decodesItself(stage) ? { [KERNEL_FACT]: 1n } : {};
    const access = values['ve.exit_reason'] === MMIO_REASON ? layAccess(stage, values) : {};
    const facts = { ...own, ...access, 've.gpa': values['ve.gpa'] | shared };
    const externals = { ...decoder(stage, withFacts(values, facts)), ...sharedMaskExternal(values) };
    return layHandler(stage, values, { facts, externals });
  },
  isFair: (values) =>
    isFairException(values) &&
    isFairAccess(values) &&
    isSharedMask(values['shared_mask']) &&
    isPortAccess(values['ve.exit_qual']) &&
    (values['ve.gpa'] & values['shared_mask']) === 0n,
  classes: [
    ...HOST_CLASSES,
    ...EXIT_REASONS.map((reason): StoryClass => ({
      name: `exit reason ${reason}`,
      holds: valueIs('ve.exit_reason', (value) => value === BigInt(reason)),
    })),
    { name: 'the guest stops', holds: has('stop') },
  ],
};

const LEAF_OUTPUTS = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;

const RECORD: Helper = {
  name: 'helper-get-ve-info',
  title: 'tdx_get_ve_info: the record of #VE',
  sentence: 'the module is asked why #VE came',
  slots: {
    ...Object.fromEntries(
      LEAF_OUTPUTS.map((name) => [`module.${name}`, anything(`${name.toUpperCase()} that the module gives`)]),
    ),
    'module.status': leafStatusSlot(TDCALL_LEAF.VP_VEINFO_GET),
    if: EXCEPTION_SLOTS['if'],
  },
  reference: getVeInfo,
  lay: (stage, values) => {
    const { address, outputs } = layRecord(stage, values);
    return { parameters: [address], outputs };
  },
  answer: (_, values) => answerOf(values, 'module'),
  classes: [
    { name: 'TDCALL fails', holds: has('stop') },
    { name: 'there is a record', holds: has('return') },
  ],
};

export const EXCEPTIONS: readonly Helper[] = [...HANDLERS, DISPATCH, RECORD];
