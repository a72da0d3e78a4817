/** What the values of a stub's run are called. */
import { wordOf } from '../../models/abi/words.js';
import type { Term } from '../clause/clause.js';
import type { CompiledContract } from '../contract/compiled.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { type ObservedRegister, registerSlot, slotValue } from '../observation/layout.js';
import { hex } from '../text/hex.js';
import { worded } from '../text/worded.js';
import { flagsText } from '../x86/flags.js';
import { REGISTER_NAMES } from '../x86/registers.js';

type Moment = Extract<Term, { kind: 'register' }>['moment'];

/** The value with its word: that of the ABI, or whose value of before it is. */
export function termText(term: Term, value: bigint, runner: CaseRunner): string {
  return worded(hex(value), termWord(term, value, runner));
}

function termWord(term: Term, value: bigint, runner: CaseRunner): string | undefined {
  if (term.kind === 'predicted') return termWord(term.term, value, runner);
  if (term.kind === 'register') {
    const word = registerWord(term.moment, term.register, value, runner.compiled);
    if (word !== undefined) return word;
  }
  return term.kind === 'register' || term.kind === 'field' ? originWord(term, value, runner) : undefined;
}

function registerWord(
  moment: Moment,
  register: ObservedRegister,
  value: bigint,
  { contract: { instruction }, reachesHost }: CompiledContract,
): string | undefined {
  if (register === 'rflags') return flagsText(Number(BigInt.asUintN(32, value))) || undefined;
  const isAnswer = moment === 'answer' || moment === 'final';
  switch (register) {
    case 'rax':
      if (moment === 'initial') return undefined;
      if (isAnswer) return resultWord(instruction, reachesHost, value);
      return wordOf(instruction === 'tdcall' ? 'tdcall-leaf' : 'seamcall-leaf', value);
    case 'rcx':
      return moment === 'call' && reachesHost ? wordOf('registers', value) : undefined;
    case 'r10':
      return isAnswer && reachesHost ? bigStatus(value) : undefined;
    case 'r11':
      return moment === 'call' && reachesHost ? wordOf('sub-function', value) : undefined;
    default:
      return undefined;
  }
}

function resultWord(instruction: 'tdcall' | 'seamcall', reachesHost: boolean, value: bigint): string | undefined {
  const word = wordOf(instruction === 'tdcall' ? 'tdcall-status' : 'seamcall-status', value);
  return word ?? (reachesHost ? bigStatus(value) : undefined);
}

/** A status of TDG.VP.VMCALL that is no small number: a 1 may be anything. */
function bigStatus(value: bigint): string | undefined {
  return value >> 63n === 1n ? wordOf('tdvmcall-status', value) : undefined;
}

/** Values from here on are not met by chance. */
const UNMISTAKABLE = 1n << 32n;
const MOMENTS = ['initial', 'answer'] as const;

/** `rbx at the entry`, `r12 of the answer`: whose value it is, where it is that of one register alone. */
function originWord(term: Term, value: bigint, { context: { base } }: CaseRunner): string | undefined {
  if (value < UNMISTAKABLE) return undefined;
  const found = MOMENTS.flatMap((moment) =>
    REGISTER_NAMES.filter((name) => slotValue(base, registerSlot(moment, name)) === value).map((name) => ({
      moment,
      name,
    })),
  );
  // At the answer most registers are what they were at the entry.
  const first = found.filter(({ moment }) => moment === found[0].moment);
  if (first.length !== 1) return undefined;
  const [{ moment, name }] = first;
  if (term.kind === 'register' && term.moment === moment && term.register === name) return undefined;
  return moment === 'initial' ? `${name} at the entry` : `${name} of the answer`;
}
