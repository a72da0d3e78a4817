/** A trace as lines: address, disassembly, and what each instruction changed. */
import { readHalves } from '../halves.js';
import { exceptionName } from '../triage/account.js';
import { OUTCOME } from '../observation/layout.js';
import { escapeName } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import type { Step } from '../triage/trace.js';

export interface TraceLine {
  index: number;
  /** `symbol+0x1c`. */
  place: string;
  text: string;
  /** `r10: 0x0 -> 0x1`, `[0xffff...] <- 0x1 (8)`. */
  changes: string[];
}

export function traceLine(step: Step, index: number, place: (address: bigint) => string): TraceLine {
  if (step.interrupt)
    return {
      index,
      place: place(step.address),
      text: '(interrupt: the handler overwrites what lies below RSP)',
      changes: [],
    };
  const text = escapeName(withTarget(step, place));
  return {
    index,
    place: place(step.address),
    text,
    changes: [...answer(step, place), ...registerChanges(step), ...stores(step)],
  };
}

/** The disassembly, with the target of a branch by name. */
function withTarget({ instruction }: Step, place: (address: bigint) => string): string {
  if (instruction === undefined) return '(no code)';
  return instruction.target === undefined
    ? instruction.text
    : instruction.text.replace(hex(instruction.target), place(instruction.target));
}

/** What the world did: from the call on these registers are not the caller's, whether or not their values changed. */
function answer(step: Step, place: (address: bigint) => string): string[] {
  const { worldWrote, call, raised, after } = step;
  if (raised !== undefined) {
    const target = place(readHalves(after, 2 * STATE.RIP));
    return [`raises ${exceptionName(raised)}: the fixup goes on at ${target}`];
  }
  if (call === undefined) return [];
  if (call.outcome === OUTCOME.vmFailInvalid) return ['VMfailInvalid: CF is 1, no register changes'];
  const names = REGISTER_NAMES.filter((name, index) => name !== 'rax' && (worldWrote >>> index) & 1);
  if (names.length > 0) return [`the ${call.by} answers in ${names.join(' ')}`];
  return [`the ${call.by === 'P-SEAMLDR' ? call.by : 'module'} answers in rax alone`];
}

function registerChanges({ before, after }: Step): string[] {
  const changes: string[] = [];
  const compare = (name: string, slot: number): void => {
    const old = readHalves(before, 2 * slot);
    const now = readHalves(after, 2 * slot);
    if (old !== now) changes.push(`${name}: ${hex(old)} -> ${hex(now)}`);
  };
  REGISTER_NAMES.forEach((name, index) => compare(name, STATE.GPR + index));
  compare('rflags', STATE.RFLAGS);
  compare('mxcsr', STATE.MXCSR);
  compare('x87cw', STATE.X87_CW);
  for (let index = 0; index < 32; index++) compare(`xmm${index >> 1}.${index & 1 ? 'high' : 'low'}`, STATE.XMM + index);
  return changes;
}

function stores({ events }: Step): string[] {
  const lines: string[] = [];
  for (let at = 0; at < events.length; at += EVENT_WORDS) {
    const kind = events[at + EVENT_WORD.KIND];
    if (kind !== EVENT.Store && kind !== EVENT.Push) continue;
    const address = hex(readHalves(events, at + EVENT_WORD.ADDRESS_LOW));
    lines.push(
      `[${address}] <- ${hex(readHalves(events, at + EVENT_WORD.VALUE_LOW))} (${events[at + EVENT_WORD.SIZE] & 0xff})`,
    );
  }
  return lines;
}
