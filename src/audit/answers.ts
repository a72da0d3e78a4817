/** What the other side answers in a run: by a draw, and otherwise where a companion says so. */
import { GPR, GPR_NAMES } from '../../models/abi/registers.js';
import type { Values } from '../../models/exchange/exchange.js';
import { joinHalves } from '../halves.js';
import { GIVEN_BY, mix, placeAddress, WINDOWS } from './argument-space.js';
import type { Answers } from './draw.js';
import type { Variation } from './variation.js';

/** What makes R10 another status. */
const OTHER_STATUS = 0x8000000000000007n;

/**
 * What the host holds at the re-entry, by name; a register that is not named it leaves as it found it.
 *
 * @param call number of the call in its run
 * @param allowed registers that it may answer, one bit each
 */
export function hostAnswer(
  answers: Answers,
  variation: Variation,
  call: number,
  status: bigint,
  allowed: number,
): Values {
  const values: Record<string, bigint> = { status };
  GPR_NAMES.forEach((name, register) => {
    if (register === GPR.RAX || register === GPR.RCX || register === GPR.RSP) return;
    if (((allowed >>> register) & 1) === 0) return;
    const changed = changes(variation, register);
    const value =
      register === GPR.R10
        ? statusOfHost(answers, call, changed && variation.host !== 'values')
        : valueOf(answers, call, register, changed);
    if (value !== undefined) values[name.toLowerCase()] = value;
  });
  return values;
}

function statusOfHost(answers: Answers, call: number, changed: boolean): bigint | undefined {
  const told = nth(answers.r10, call);
  return told !== undefined && changed ? told ^ OTHER_STATUS : told;
}

/** What a leaf of the trusted module gives, by name: all registers, of which it takes its outputs. */
export function leafAnswer(answers: Answers, call: number, status: bigint): Values {
  const values: Record<string, bigint> = { status };
  GPR_NAMES.forEach((name, register) => {
    const value = register === GPR.RAX || register === GPR.RSP ? undefined : valueOf(answers, call, register, false);
    if (value !== undefined) values[name.toLowerCase()] = value;
  });
  return values;
}

function changes({ host, hostRegisters }: Variation, register: number): boolean {
  if (hostRegisters !== undefined) return ((hostRegisters >>> register) & 1) !== 0;
  return host !== undefined;
}

/** A register of an answer; undefined where the other side leaves it as it was. */
export function valueOf(answers: Answers, call: number, register: number, changed: boolean): bigint | undefined {
  const hash = mix(answers.key, 16 * call + register);
  const pointer = (who: number, from: number): bigint =>
    placeAddress(who, from & (WINDOWS - 1), from >>> 8) + BigInt(from >>> 26);
  if (changed) return pointer(GIVEN_BY.hostOther, ~hash);
  switch (answers.like) {
    case 'pointers':
      return pointer(GIVEN_BY.host, hash);
    case 'zeros':
      return 0n;
    case 'small':
      return BigInt(hash & 7);
    case 'random':
      return joinHalves(hash, mix(hash, 0x2545f491));
    case 'constants':
      return answers.constants.length === 0 ? 0n : answers.constants[hash % answers.constants.length];
    default:
      return undefined;
  }
}

/** One of a list whose last goes for all that follow. */
export function nth(list: readonly bigint[], index: number): bigint | undefined {
  return list[Math.min(index, list.length - 1)];
}
