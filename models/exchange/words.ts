/** What the values of an exchange mean: for each moment the vocabulary of each value, and of each value of its answer. */
import { type Words, wordOf } from '../abi/words.js';
import type { Values } from './exchange.js';

/** A vocabulary of the ABI, names by number, or what somebody else says of a value. */
export type SlotWords = Words | readonly string[] | { readonly of: (value: bigint) => string | undefined };

/** The vocabulary, or which one it is by the other values of the exchange and the steps of the story up to it. */
export type Speaking = SlotWords | ((values: Values, steps: readonly ToldStep[]) => Words | undefined);

/** A step of a story. */
interface ToldStep {
  readonly action: string;
  readonly values: Values;
}

export type ValueWords = Readonly<Record<string, Speaking>>;

/** By moment. What the world answers at a moment stands under `answer` and the moment. */
export type ExchangeWords = Readonly<Record<string, ValueWords>>;

/** The word for a value; undefined where nothing is known of it. */
export function slotWord(words: SlotWords | undefined, value: bigint): string | undefined {
  if (words === undefined) return undefined;
  if (typeof words === 'string') return wordOf(words, value);
  if ('of' in words) return words.of(value);
  return value < BigInt(words.length) ? words[Number(value)] : undefined;
}

/** The word for one value of an exchange. */
export function exchangeWord(
  { words, moment, values, steps }: Telling,
  name: string,
  value: bigint | undefined = values[name],
): string | undefined {
  if (words === undefined || value === undefined || !Object.hasOwn(words, moment)) return undefined;
  if (!Object.hasOwn(words[moment], name)) return undefined;
  const speaking = words[moment][name];
  return slotWord(typeof speaking === 'function' ? speaking(values, steps) : speaking, value);
}

/** An exchange of which values are told. */
export interface Telling {
  readonly words: ExchangeWords | undefined;
  /** Of the answer to an exchange: `answer` and its moment. */
  readonly moment: string;
  /** What was asked. */
  readonly values: Values;
  /** The steps of the story up to it. */
  readonly steps: readonly ToldStep[];
}

/** The key of an answer. */
export function answerMoment(moment: string): string {
  return `answer ${moment}`;
}

const isStandard = ({ r10 = 0n }: Values): boolean => r10 === 0n;
const if0 =
  (words: Words) =>
  (values: Values): Words | undefined =>
    isStandard(values) ? words : undefined;

/** Arguments of sub-functions that have words of their own. */
const argument =
  (words: Readonly<Record<string, Words>>) =>
  (values: Values): Words | undefined =>
    isStandard(values) ? words[wordOf('sub-function', values['r11'] ?? 0n) ?? ''] : undefined;

/** What a guest asks of the module and of the host. */
export const GUEST_WORDS: ExchangeWords = {
  TDVMCALL: {
    rax: 'tdcall-leaf',
    rcx: 'registers',
    r11: if0('sub-function'),
    r12: argument({ RDMSR: 'msr', WRMSR: 'msr' }),
    r13: argument({ IO: 'direction', RequestMMIO: 'direction' }),
  },
  [answerMoment('TDVMCALL')]: { status: 'tdcall-status', r10: if0('tdvmcall-status') },
  TDCALL: { rax: 'tdcall-leaf' },
  [answerMoment('TDCALL')]: { status: 'tdcall-status' },
  fault: { vector: 'vector' },
};

/** What a host asks of the module. */
export const HOST_WORDS: ExchangeWords = {
  SEAMCALL: { rax: 'seamcall-leaf' },
  [answerMoment('SEAMCALL')]: { status: 'seamcall-status', vector: 'vector' },
  'call print_failure': { leaf: 'seamcall-leaf', status: 'seamcall-status' },
  fault: { vector: 'vector' },
};

/** And of a wrapper that makes an error number of the status. */
export const WRAPPER_WORDS: ExchangeWords = {
  ...HOST_WORDS,
  return: { rax: 'negative-errno', status: 'seamcall-status' },
};

/** Whether the guest of a step asked for a standard sub-function: the last exit of the vCPU says so. */
const asksHost = (_: Values, steps: readonly ToldStep[]): Words | undefined => {
  const vcpu = steps.at(-1)?.values['vcpu'];
  const exit = steps.findLast(({ values }) => values['vcpu'] === vcpu && values['r10'] !== undefined);
  return exit?.values['r10'] === 0n ? 'tdvmcall-status' : undefined;
};

/** What a dispatcher says to the guest and to userspace. */
export const DISPATCHER_WORDS: ExchangeWords = {
  'return to guest': { r10: asksHost },
  return: { rax: 'negative-errno' },
  fail: { rax: 'negative-errno' },
  KVM_EXIT_IO: { direction: ['KVM_EXIT_IO_IN', 'KVM_EXIT_IO_OUT'] },
  KVM_EXIT_HYPERCALL: { nr: 'kvm-hypercall', 'args[2]': 'map-gpa-attributes', flags: 'hypercall-flags' },
  [answerMoment('KVM_EXIT_HYPERCALL')]: { 'hypercall.ret': 'errno' },
  KVM_EXIT_MMIO: { is_write: ['read', 'write'] },
  KVM_EXIT_INTERNAL_ERROR: { suberror: 'internal-error' },
  KVM_EXIT_SYSTEM_EVENT: { type: 'system-event' },
  KVM_EXIT_TDX: { nr: 'sub-function', ret: 'tdvmcall-status' },
  [answerMoment('KVM_EXIT_TDX')]: { 'tdx.ret': 'tdvmcall-status' },
  'call host_get_msr': { index: 'msr' },
  'call host_set_msr': { index: 'msr' },
};

/** What the guest's function of a request returns. */
const RETURNS: Readonly<Record<string, Words>> = {
  'port read': 'negative-errno',
  'port write': 'negative-errno',
  'MMIO read': 'negative-errno',
  'MMIO write': 'negative-errno',
  CPUID: 'negative-errno',
  'map GPA': 'boolean',
  halt: 'tdvmcall-status',
};

/** What devices and userspace see in a round trip. */
export const ROUND_TRIP_WORDS: ExchangeWords = {
  ...GUEST_WORDS,
  return: { rax: (_, steps) => RETURNS[steps.at(-1)?.action ?? ''] },
  'KVM_RUN returns': { rax: 'negative-errno' },
  [answerMoment('map GPA')]: { ret: 'errno' },
};
