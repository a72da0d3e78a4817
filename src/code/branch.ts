/** What the condition of a branch says of the values that the flags were made from. */
import { ConditionCode } from 'iced-x86';
import type { Condition, Flags, State } from './state.js';
import { part, type Value } from './value.js';

/** How a condition turns out: known, or told by the value that it looks at. */
export type Decision =
  | { readonly known: boolean }
  | { readonly known: undefined; readonly holds: Condition; readonly fails: Condition; readonly key: string };

const NEGATED: ReadonlyMap<ConditionCode, ConditionCode> = new Map([
  [ConditionCode.ne, ConditionCode.e],
  [ConditionCode.ae, ConditionCode.b],
  [ConditionCode.a, ConditionCode.be],
  [ConditionCode.no, ConditionCode.o],
  [ConditionCode.ns, ConditionCode.s],
  [ConditionCode.np, ConditionCode.p],
  [ConditionCode.ge, ConditionCode.l],
  [ConditionCode.g, ConditionCode.le],
]);

const NAMES: ReadonlyMap<ConditionCode, string> = new Map([
  [ConditionCode.b, 'below'],
  [ConditionCode.be, 'at most'],
  [ConditionCode.s, 'negative'],
  [ConditionCode.l, 'less (signed) than'],
  [ConditionCode.le, 'at most (signed)'],
  [ConditionCode.o, 'overflowing'],
  [ConditionCode.p, 'of even parity'],
]);

const ONLY_CARRY: ReadonlySet<ConditionCode> = new Set([ConditionCode.b]);

export function decide(state: State, code: ConditionCode): Decision {
  const positive = NEGATED.get(code);
  const decision = decidePositive(state, positive ?? code);
  if (positive === undefined) return decision;
  if (decision.known !== undefined) return { known: !decision.known };
  return { ...decision, holds: decision.fails, fails: decision.holds };
}

function decidePositive({ flags, calls }: State, code: ConditionCode): Decision {
  const after = calls.length;
  if (flags === undefined)
    return open(`flags ${after}`, { value: UNKNOWN_FLAGS, mask: 0n, after }, 'unknown', 'unknown');
  if (flags.kind === 'carry') {
    if (ONLY_CARRY.has(code)) return { known: flags.set };
    return open(`flags ${after}`, { value: UNKNOWN_FLAGS, mask: 0n, after }, 'unknown', 'unknown');
  }
  if (flags.kind === 'bit')
    return code === ConditionCode.b ? notZero(flags.value, flags.mask, after) : relation(flags, code, after);
  if (flags.kind === 'bits' && flags.clearsCarry) {
    if (code === ConditionCode.b || code === ConditionCode.o) return { known: false };
    if (code === ConditionCode.be) return zeroOf(flags, after);
  }
  if (code === ConditionCode.e) return zeroOf(flags, after);
  return relation(flags, code, after);
}

const UNKNOWN_FLAGS: Value = { kind: 'computed', operation: 'unknown', operands: [], key: 'flags' };

function open(key: string, rest: Pick<Condition, 'value' | 'mask' | 'after'>, holds: string, fails: string): Decision {
  return {
    known: undefined,
    key,
    holds: { ...rest, relation: 'other', text: `${rest.value.key} is ${holds}` },
    fails: { ...rest, relation: 'other', text: `${rest.value.key} is ${fails}` },
  };
}

/** ZF: the bits are zero, or the value is what it was compared with. */
function zeroOf(flags: Extract<Flags, { kind: 'bits' | 'compare' }>, after: number): Decision {
  if (flags.kind === 'bits') {
    return swapped(notZero(flags.value, flags.mask, after));
  }
  const { left, right, bits } = flags;
  const mask = (1n << BigInt(bits)) - 1n;
  if (left.key === right.key) return { known: true };
  if (right.kind !== 'constant') return relation(flags, ConditionCode.e, after);
  const wanted = right.value & mask;
  if (left.kind === 'constant') return { known: (left.value & mask) === wanted };
  if (wanted === 0n) return swapped(notZero(left, mask, after));
  const common = { value: left, mask, to: part(right, bits as 8 | 16 | 32 | 64), after };
  const text = `${textOf(left, mask)} is`;
  return {
    known: undefined,
    key: `${left.key}&${mask}=${wanted}`,
    holds: { ...common, relation: 'equal', text: `${text} 0x${wanted.toString(16)}` },
    fails: { ...common, relation: 'not-equal', text: `${text} not 0x${wanted.toString(16)}` },
  };
}

function notZero(whole: Value, wholeMask: bigint, after: number): Decision {
  const { value, mask } = bitsLookedAt(whole, wholeMask);
  if (value.kind === 'constant') return { known: (value.value & mask) !== 0n };
  const text = textOf(value, mask);
  return {
    known: undefined,
    key: `${value.key}&${mask}`,
    holds: { value, mask, after, relation: 'not-zero', text: `${text} is not 0` },
    fails: { value, mask, after, relation: 'zero', text: `${text} is 0` },
  };
}

/** Cuts and masks of a value are bits of it that are not looked at. */
function bitsLookedAt(value: Value, mask: bigint): { value: Value; mask: bigint } {
  if (value.kind === 'part') return bitsLookedAt(value.of, mask & ((1n << BigInt(value.bits)) - 1n));
  if (value.kind === 'computed' && value.operation === 'and' && value.operands[1].kind === 'constant')
    return bitsLookedAt(value.operands[0], mask & value.operands[1].value);
  return { value, mask };
}

function swapped(decision: Decision): Decision {
  if (decision.known !== undefined) return { known: !decision.known };
  return { ...decision, holds: decision.fails, fails: decision.holds };
}

function relation(flags: Exclude<Flags, { kind: 'carry' }>, code: ConditionCode, after: number): Decision {
  const value = flags.kind === 'compare' ? flags.left : flags.value;
  const mask = flags.kind === 'compare' ? (1n << BigInt(flags.bits)) - 1n : flags.mask;
  const name = code === ConditionCode.e ? 'equal to' : (NAMES.get(code) ?? ConditionCode[code]);
  const right = flags.kind === 'compare' ? ` ${flags.right.key}` : '';
  return {
    known: undefined,
    key: `${value.key}&${mask} ${code}${right}`,
    holds: { value, mask, after, relation: 'other', text: `${textOf(value, mask)} is ${name}${right}` },
    fails: { value, mask, after, relation: 'other', text: `${textOf(value, mask)} is not ${name}${right}` },
  };
}

function textOf({ key }: Value, mask: bigint): string {
  return mask === (1n << 64n) - 1n ? key : `${key} & 0x${mask.toString(16)}`;
}
