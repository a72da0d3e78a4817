/** The world's answer to TDCALL as WebAssembly, generated from the module model's own rule (models/module/transfer-rule.ts). */
import { ANSWERED, type LeafTransfer, type TransferRule } from '../../models/module/transfer-rule.js';
import { joinHalves } from '../halves.js';
import { FACT, MOMENT } from '../observation/layout.js';
import { FAULT, SLOT } from '../scenario/layout.js';
import {
  all,
  any,
  block,
  copyWords,
  giveBack,
  i32,
  type I32,
  i64,
  type I64,
  type Local,
  select,
  seq,
  type Statement,
  when,
} from '../wasm/code.js';
import type { Scope } from '../wasm/module.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { CONTROL, type Layout } from '../x86/layout.js';
import { FLAG } from '../x86/flags.js';
import { REGISTER_INDEX } from '../x86/registers.js';

/** 16 general registers, RIP and RFLAGS. */
export const REGISTER_BYTES = 18 * 8;
const { rax: RAX, rcx: RCX } = REGISTER_INDEX;

export interface AnswerInput {
  layout: Layout;
  /** Of a TD with NO_RBP_MOD, and without. */
  rules: readonly [TransferRule, TransferRule];
  /** The exposure mask that nearly every call has, 0 if there is none. */
  usualMask: number;
  /** Where the number of events before this run lies. */
  eventStart: number;
  /** Where RFLAGS at the entry lie, which no companion changes. */
  entryFlags: number;
}

/**
 * Answers the TDCALL at which the machine stands and records the call as src/world/tdcall.ts does. The function around it
 * returns 1, with nothing decided, where only the reference knows: shared XMM registers, and what the host sees at a second exit.
 */
export function answerTdcall(
  scope: Scope,
  { layout, rules, usualMask, eventStart, entryFlags }: AnswerInput,
  scenario: Local<I32>,
  observation: Local<I32>,
  observeCall: boolean,
): Statement {
  const rax = scope.i64();
  const wrote = scope.i32();
  const fact = (slot: number): number => 8 * slot;
  const calls = i32.load(observation.get, fact(FACT.calls));
  const register = (index: number): I64 => i64.load(layout.slots, 8 * index);
  const setRegister = (index: number, value: I64): Statement => i64.store(layout.slots, 8 * index, value);
  const setRax = ([low, high]: readonly [number, number]): Statement =>
    setRegister(RAX, i64.const(joinHalves(low, high)));
  const [rule] = rules;
  const status = i64.load(scenario.get, 8 * SLOT.answerStatus);
  const reserved = BigInt.asUintN(64, (-1n << 32n) | BigInt(rule.raxReservedLow >>> 0));
  const leaf = i32.and(i32.wrap(rax.get), i32.const(rule.leafMask));
  const version = i32.shrU(i32.and(i32.wrap(rax.get), i32.const(rule.versionMask)), i32.const(rule.versionShift));

  /** Registers of a mask take what is answered. */
  const take = (mask: I32, of: number): Statement => {
    const parts: Statement[] = [];
    for (let index = 0; index < 16; index++) {
      if (((of >>> index) & 1) === 0) continue;
      const bit = i32.and(mask, i32.const(1 << index));
      parts.push(setRegister(index, select(bit, answer(index), register(index))));
    }
    return seq(...parts, wrote.set(i32.or(wrote.get, mask)));
  };
  /** Registers of a mask that is known take what `value` says. */
  const put = (mask: number, value: (register: number) => I64): Statement =>
    seq(
      ...Array.from({ length: 16 }, (_, register) => register)
        .filter((register) => (mask >>> register) & 1)
        .map((register) => setRegister(register, value(register))),
      wrote.set(i32.or(wrote.get, i32.const(mask))),
    );
  const answer = (register: number): I64 => i64.load(scenario.get, 8 * SLOT.answer[register]);
  const takeAll = (mask: number): Statement => put(mask & ANSWERED, answer);

  const vmcall = (): Statement => {
    const mask = scope.i64();
    const [withoutRbp, withRbp] = rules.map(({ vmcallReservedLow }) => i32.const(vmcallReservedLow));
    const shared = ANSWERED & ~(rules[0].vmcallReservedLow & rules[1].vmcallReservedLow);
    const takeAny = take(i32.wrap(mask.get), shared);
    const illegal = any(
      i32.ne(
        i32.and(
          i32.wrap(mask.get),
          // XMM registers may be shared; here they are left to the reference.
          select(i32.and(i32.load(scenario.get, 8 * SLOT.rbpMod), i32.const(1)), withRbp, withoutRbp),
        ),
        i32.const(0),
      ),
      i32.eqz(i64.eqz(i64.shrU(mask.get, i64.const(32n)))),
    );
    return seq(
      mask.set(register(RCX)),
      when(
        illegal,
        setRax(rule.refusedMask),
        seq(
          when(
            any(i32.ne(i32.shrU(i32.wrap(mask.get), i32.const(16)), i32.const(0)), i32.ne(calls, i32.const(1))),
            giveBack(i32.const(1)),
          ),
          i32.store(observation.get, fact(FACT.hostExits), i32.const(1)),
          i64.store(observation.get, fact(FACT.pathToHost), i64.load(layout.control, 4 * CONTROL.PATH_HASH_LOW)),
          i32.store(
            observation.get,
            fact(FACT.eventsToHost),
            i32.sub(i32.load(layout.control, 4 * CONTROL.EVENT_COUNT), i32.load(eventStart)),
          ),
          usualMask === 0 ? takeAny : when(i64.eq(mask.get, i64.const(BigInt(usualMask))), takeAll(usualMask), takeAny),
          setRegister(RAX, i64.const(0n)),
        ),
      ),
    );
  };

  const answered = (row: LeafTransfer): Statement => {
    const failed = put(row.errorZeroMask, () => i64.const(0n));
    const failedOnes = put(row.errorOnesMask, () => i64.const(-1n));
    const succeeded = takeAll(row.successMask);
    const conditional =
      row.conditionalMask === 0
        ? seq()
        : when(
            i32.eq(i32.wrap(i64.shrU(status, i64.const(32n))), i32.const(row.conditionalStatusHigh)),
            takeAll(row.conditionalMask),
          );
    const completed = seq(
      setRegister(RAX, status),
      when(i64.ltS(status, i64.const(0n)), seq(failed, failedOnes), succeeded),
      conditional,
    );
    if (row.canSucceed) return completed;
    return when(i64.ltS(status, i64.const(0n)), completed, seq(setRax(rule.refusedRax), failed, failedOnes));
  };

  const other = block((leave) =>
    seq(
      ...rule.leaves.map((row) =>
        when(
          all(
            i32.eq(leaf, i32.const(row.leaf)),
            i32.geU(version, i32.const(row.minVersion)),
            i32.leU(version, i32.const(row.maxVersion)),
          ),
          seq(answered(row), leave()),
        ),
      ),
      setRax(rule.refusedRax),
    ),
  );

  return seq(
    rax.set(register(RAX)),
    when(
      i32.eqz(calls),
      recordCall(scope, { layout, eventStart, entryFlags }, scenario.get, observation.get, observeCall),
    ),
    i32.store(observation.get, fact(FACT.calls), i32.add(calls, i32.const(1))),
    wrote.set(i32.const(1 << RAX)),
    when(
      i32.eqz(i64.eqz(i64.and(rax.get, i64.const(reserved)))),
      setRax(rule.refusedRax),
      when(
        // Leaf 0 has version 0 alone.
        i32.eqz(i32.wrap(rax.get)),
        when(i64.eqz(status), vmcall(), setRegister(RAX, status)),
        other,
      ),
    ),
    i32.store(observation.get, fact(FACT.answered), i32.or(i32.load(observation.get, fact(FACT.answered)), wrote.get)),
  );
}

/** The registers of the first call, and whether an STI right before it opened interrupts. */
function recordCall(
  scope: Scope,
  { layout, eventStart, entryFlags }: Pick<AnswerInput, 'layout' | 'eventStart' | 'entryFlags'>,
  scenario: I32,
  observation: I32,
  registers: boolean,
): Statement {
  const last = scope.i32();
  const count = i32.load(layout.control, 4 * CONTROL.EVENT_COUNT);
  return seq(
    ...(registers ? [copyWords(observation, 8 * MOMENT.call, layout.slots, 0, REGISTER_BYTES)] : []),
    when(
      i32.ne(count, i32.load(eventStart)),
      seq(
        last.set(i32.mul(i32.sub(count, i32.const(1)), i32.const(4 * EVENT_WORDS))),
        i32.store(
          observation,
          8 * FACT.stiBeforeCall,
          all(
            i32.eq(i32.load(last.get, layout.events + 4 * EVENT_WORD.KIND), i32.const(EVENT.Sti)),
            i32.eq(
              i32.load(last.get, layout.events + 4 * EVENT_WORD.INSTRUCTION_COUNT),
              i32.sub(i32.load(layout.control, 4 * CONTROL.INSTRUCTION_COUNT), i32.const(1)),
            ),
            any(
              i32.eq(
                i32.load(layout.control, 4 * CONTROL.SHADOW_AT),
                i32.load(layout.control, 4 * CONTROL.INSTRUCTION_COUNT),
              ),
              i32.ne(i32.and(i32.load(entryFlags), i32.const(FLAG.IF)), i32.const(0)),
              i32.eq(i32.load(scenario, 8 * SLOT.faultKind), i32.const(FAULT.nmi)),
            ),
          ),
        ),
      ),
    ),
  );
}
