/** What can happen to a TD in a story: an action for each sub-function, one for each other exit, and userspace's turn. */
import { EXIT_REASON } from '../../../models/abi/exit-reasons.js';
import { TDVMCALL } from '../../../models/abi/tdvmcall.js';
import { wordOf, type Words } from '../../../models/abi/words.js';
import { EXPOSED_REGISTERS, type ExposedRegister } from '../../../models/abi/linux-constants.js';
import { anyValue, below, type Draw, mostly, oneOf, uniform, upperHalfAdded } from '../../story/draws.js';
import { disturbed } from '../../play/disturbance.js';
import { speaking, type StoryAction, type StorySlot } from '../../story/story.js';
import * as draws from './draws.js';

/** vCPUs of a TD. */
export const VCPUS = 3;

export const COMPLETE = 'complete';
export const WAKE = 'wake';

function slot(meaning: string, draw: Draw, neutral = 0n): StorySlot {
  return { meaning, draw, neutral };
}

function fixed(meaning: string, value: bigint): StorySlot {
  return slot(meaning, () => value, value);
}

type Slots = Readonly<Record<string, StorySlot>>;

const VCPU: Slots = { vcpu: slot('the vCPU', mostly(below(2), below(VCPUS), 4)) };
const GRAFFITI: Slots = { graffiti: slot('decides what the registers hold that nobody sets', uniform) };

/** What userspace writes before it calls KVM_RUN again. */
const USERSPACE: Slots = {
  // An error number behind KVM_EXIT_HYPERCALL, a status behind KVM_EXIT_TDX.
  ret: speaking(
    { of: (value) => wordOf('errno', value) ?? (value === 0n ? undefined : wordOf('tdvmcall-status', value)) },
    slot('what userspace writes to `ret`', draws.userspaceResult),
  ),
  data: slot('what userspace writes to `data`', uniform),
  r11Out: slot('what userspace writes to `r11`', uniform),
  r12Out: slot('what userspace writes to `r12`', uniform),
  r13Out: slot('what userspace writes to `r13`', uniform),
  r14Out: slot('what userspace writes to `r14`', uniform),
  meddled: slot(
    'what userspace writes to fields that it is not asked for (0: nothing)',
    mostly(oneOf(0n), oneOf(draws.WORD)),
  ),
  pendingEvents: slot('1: an event waits for the vCPU', below(2)),
};

const SENT: Slots = Object.fromEntries(
  EXPOSED_REGISTERS.map((name) => [name, slot(`the guest's ${name.toUpperCase()}`, uniform)]),
);

/** Of every exit. */
const EXIT: Slots = {
  created: slot(
    'the TD, if this is its first exit: 1 with 48 address bits, 2 without ranges for userspace, 4 with a local machine check',
    mostly(oneOf(0n), below(8), 4),
  ),
  rax: speaking('exit-status', slot('RAX behind TDH.VP.ENTER', draws.tdvmcallStatus, BigInt(EXIT_REASON.TDCALL))),
  rcx: slot('RCX behind TDH.VP.ENTER', uniform),
  ...SENT,
  r10: fixed("the guest's R10", 0n),
  leftover: slot('what stood in the data of the run structure', uniform),
};

const RESULT: Slots = {
  result: speaking('negative-errno', slot('what the host function returns (0: done)', draws.result)),
};
const VALUE: Slots = { ...RESULT, value: slot('what the host function reads', uniform) };

interface Exit {
  readonly name: string;
  readonly sentence: string;
  readonly slots: Slots;
  readonly weight?: number;
}

/** How a register is drawn, and what it is when nothing is said about it: a call that is served. */
type Registers = Partial<Record<ExposedRegister, Register>>;

interface Register {
  readonly draw: Draw;
  readonly neutral: bigint;
  readonly words?: Words | undefined;
}

function drawn(draw: Draw, neutral = 0n, words?: Words): Register {
  return { draw, neutral, words };
}

/** In an address of 52 bits. */
const SHARED_BIT = 1n << 51n;

/** A call of one sub-function: its registers as they are drawn, and what the host says. */
function call(
  name: keyof typeof TDVMCALL,
  sentence: string,
  registers: Registers,
  answers: Slots = {},
  weight = 2,
): Exit {
  const own = Object.entries(registers).map(([register, { draw, neutral, words }]) => [
    register,
    { ...slot(SENT[register].meaning, draw, neutral), ...(words !== undefined && { words }) },
  ]);
  const number = speaking('sub-function', fixed("the guest's R11: the sub-function", BigInt(TDVMCALL[name])));
  return { name, sentence, slots: { ...(Object.fromEntries(own) as Slots), r11: number, ...answers }, weight };
}

const EPT_VIOLATION = BigInt(EXIT_REASON.EPT_VIOLATION);
const NOTIFY = BigInt(EXIT_REASON.NOTIFY);
const EXCEPTION = BigInt(EXIT_REASON.EXCEPTION_OR_NMI);

const word: Draw = mostly(below(0x7fff_ffff), upperHalfAdded(uniform), 4);

const EXITS: readonly Exit[] = [
  call(
    'CPUID',
    'CPUID of leaf {r12}, sub-leaf {r13}',
    { r12: drawn(word), r13: drawn(word) },
    {
      eax: slot('EAX', uniform),
      ebx: slot('EBX', uniform),
      ecx: slot('ECX', uniform),
      edx: slot('EDX', uniform),
    },
  ),
  call('HLT', 'HLT, interrupts blocked {r12}', { r12: drawn(draws.blocked) }, {}, 1),
  call(
    'IO',
    'port access of {r12} bytes, direction {r13}, port {r14}',
    { r12: drawn(draws.portSize, 1n), r13: drawn(draws.direction, 0n, 'direction'), r14: drawn(draws.port) },
    VALUE,
    4,
  ),
  call('RDMSR', 'RDMSR of {r12}', { r12: drawn(draws.msr, draws.PAT, 'msr') }, VALUE),
  call('WRMSR', 'WRMSR of {r12}, value {r13}', { r12: drawn(draws.msr, draws.PAT, 'msr') }, RESULT),
  call(
    'RequestMMIO',
    'MMIO of {r12} bytes, direction {r13}, address {r14}',
    {
      r12: drawn(draws.mmioSize, 1n),
      r13: drawn(draws.direction, 0n, 'direction'),
      r14: drawn(draws.deviceAddress, SHARED_BIT),
    },
    VALUE,
    4,
  ),
  call(
    'MapGPA',
    'MapGPA from {r12}, size {r13}',
    { r12: drawn(draws.rangeStart), r13: drawn(draws.rangeSize, 2n * draws.CHUNK) },
    {},
    4,
  ),
  call('GetTdVmCallInfo', 'GetTdVmCallInfo of leaf {r12}', { r12: drawn(draws.informationLeaf) }),
  call('GetQuote', 'GetQuote of the buffer {r12}, size {r13}', { r12: drawn(draws.deviceAddress, SHARED_BIT) }),
  call('SetupEventNotifyInterrupt', 'SetupEventNotifyInterrupt of vector {r12}', { r12: drawn(draws.vector, 32n) }),
  call('ReportFatalError', 'ReportFatalError', {}, {}, 1),
  {
    name: 'other call',
    sentence: 'TDVMCALL of sub-function {r11}',
    slots: { ...VALUE, r11: speaking('sub-function', slot("the guest's R11: the sub-function", draws.subFunction)) },
    weight: 2,
  },
  {
    name: 'hypercall',
    sentence: 'KVM hypercall {r10}',
    slots: {
      ...RESULT,
      result: slot('what the hypercall returns', anyValue),
      r10: speaking('kvm-hypercall', slot("the guest's R10: the number", draws.hypercall, 1n)),
      r11: slot("the guest's R11", mostly(draws.rangeStart, anyValue, 3)),
      r12: slot("the guest's R12", mostly(below(1024), anyValue, 3)),
    },
    weight: 2,
  },
  {
    name: 'EPT violation',
    sentence: 'EPT violation at {r8}, qualification {rcx}',
    slots: {
      ...RESULT,
      rax: slot('RAX behind TDH.VP.ENTER', draws.statusOf(EPT_VIOLATION), EPT_VIOLATION),
      rcx: slot('RCX behind TDH.VP.ENTER: the exit qualification', draws.qualification),
      rdx: slot('RDX behind TDH.VP.ENTER: the extended one', mostly(draws.extendedQualification, uniform, 3)),
      r8: slot('R8 behind TDH.VP.ENTER: the GPA', draws.violatedAddress),
      r10: slot("the guest's R10", mostly(oneOf(0n), anyValue)),
      r11: slot("the guest's R11", mostly(draws.subFunction, uniform, 3)),
    },
    weight: 1,
  },
  {
    name: 'exception',
    sentence: 'exception or NMI, information {r9}',
    slots: {
      rax: slot('RAX behind TDH.VP.ENTER', draws.statusOf(EXCEPTION), EXCEPTION),
      r9: slot('R9 behind TDH.VP.ENTER: the interruption information', mostly(draws.interruption, uniform, 4)),
      r10: slot("the guest's R10", mostly(oneOf(0n), anyValue)),
      r11: slot("the guest's R11", mostly(draws.subFunction, uniform, 3)),
    },
    weight: 1,
  },
  {
    name: 'notify',
    sentence: 'no event reached the guest for too long, qualification {rcx}',
    slots: {
      rax: slot('RAX behind TDH.VP.ENTER', draws.statusOf(NOTIFY), NOTIFY),
      rcx: slot('RCX behind TDH.VP.ENTER: the exit qualification', mostly(below(2), uniform)),
      r10: slot("the guest's R10", mostly(oneOf(0n), anyValue)),
      r11: slot("the guest's R11", mostly(draws.subFunction, uniform, 3)),
    },
    weight: 1,
  },
  {
    name: 'other exit',
    sentence: 'exit with status {rax}',
    slots: {
      ...RESULT,
      rax: speaking('exit-status', slot('RAX behind TDH.VP.ENTER', draws.exitStatus, BigInt(EXIT_REASON.TDCALL))),
      rcx: slot('RCX behind TDH.VP.ENTER: the exit qualification', mostly(uniform, draws.qualification, 2)),
      rdx: slot('RDX behind TDH.VP.ENTER: the extended one', mostly(uniform, draws.extendedQualification, 2)),
      r8: slot('R8 behind TDH.VP.ENTER: the GPA', mostly(draws.deviceAddress, uniform)),
      r9: slot('R9 behind TDH.VP.ENTER: the interruption information', mostly(uniform, draws.interruption, 2)),
      r10: slot("the guest's R10", mostly(oneOf(0n), anyValue)),
      r11: speaking('sub-function', slot("the guest's R11", mostly(draws.subFunction, uniform, 3))),
    },
    weight: 3,
  },
];

/** One exit, and once what userspace makes of it. */
export const ONE_EXIT: readonly StoryAction[] = EXITS.map(({ name, sentence, slots, weight = 1 }) =>
  disturbed({ name, sentence, slots: { ...EXIT, ...slots, ...USERSPACE, ...GRAFFITI }, weight }, 'host'),
);

/** Exits of several vCPUs, completions, and events. */
export const SEQUENCE: readonly StoryAction[] = [
  ...EXITS.map(({ name, sentence, slots, weight = 1 }) =>
    disturbed(
      {
        name,
        sentence: `vCPU {vcpu}: ${sentence}`,
        slots: { ...VCPU, ...EXIT, ...slots, ...GRAFFITI },
        // The only call that userspace has to complete several times.
        weight: name === 'MapGPA' ? 4 * weight : weight,
      },
      'host',
    ),
  ),
  disturbed(
    {
      name: COMPLETE,
      sentence: 'vCPU {vcpu}: userspace calls KVM_RUN again',
      slots: { ...VCPU, ...USERSPACE, ...GRAFFITI },
      weight: 40,
    },
    'host',
  ),
  { name: WAKE, sentence: 'vCPU {vcpu}: an event comes', slots: VCPU, weight: 8 },
];
