/** The violated clause as a check of the C program: what it compares, and in which runs. */
import type { Clause, Condition, Influence, Term } from '../clause/clause.js';
import { renderTerm } from '../clause/render.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { BLOCK, END, FACT, registerSlot, slotValue, vectorSlot } from '../observation/layout.js';
import { FLAG } from '../x86/flags.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import { c64, cString } from './c-text.js';
import { Impossible } from './reproducer-memory.js';

export interface Check {
  /** A C expression that prints one line and is 1 if the clause is violated. */
  expression: string;
  /** C conditions under which the clause says anything. */
  conditions: string[];
  /** Which values the second run changes; undefined: there is one run. */
  companion: Influence | undefined;
}

type Move = (value: bigint) => bigint;

/** @throws Impossible for what a program in user space cannot see of itself */
export function checkOf(clause: Clause, runner: CaseRunner, move: Move): Check {
  switch (clause.kind) {
    case 'when': {
      const inner = checkOf(clause.clause, runner, move);
      return { ...inner, conditions: [...clause.conditions.flatMap(conditionOf), ...inner.conditions] };
    }
    case 'equal': {
      const mask = maskOf(clause, runner);
      const wanted = `${originOf(clause.right)}${mask === ALL ? '' : `, of the bits 0x${mask.toString(16)}`}`;
      const [left, right] = [clause.left, clause.right].map((term) => valueOf(term, runner, move, 0));
      return single(`equal(${said(clause.left)}, ${left}, ${right}, ${c64(mask)}, ${cString(wanted)})`);
    }
    case 'zero':
      return single(`equal(${said(clause.term)}, ${valueOf(clause.term, runner, move, 0)}, 0, ~0ULL, "by the rule")`);
    case 'endedAs': {
      const bits = clause.ends.map((end) => `1u << ${END_WORDS[END[end]]}`).join(' | ');
      return single(`ends(${bits}, ${cString(clause.ends.join(' or '))})`);
    }
    case 'noWriteOutside':
      return single('writes_outside()');
    case 'before':
      return single('no_sti_before_call()');
    case 'independent': {
      const [one, other] = [0, 1].map((run) => valueOf(clause.term, runner, move, run as 0 | 1));
      return {
        expression: `depends(${said(clause.term)}, ${one}, ${other}, ${cString(INFLUENCES[clause.of])})`,
        conditions: [],
        companion: clause.of,
      };
    }
    case 'noAccessBelowStackPointer':
      throw new Impossible('an access below RSP leaves no trace that a program could see');
    default:
      throw new Impossible(`there is no check in C of a clause of the kind ${clause.kind}`);
  }
}

const INFLUENCES: Readonly<Record<Influence, string>> = {
  'guest-secrets': 'guest secrets',
  'host-values': 'host values',
  'td-values': 'values of the TD',
};

/** The name of a way to end in the C program, by its number. */
export const END_WORDS: Readonly<Record<number, string>> = {
  [END.returned]: 'RETURNED',
  [END.trapped]: 'TRAPPED',
  [END.stopped]: 'STOPPED',
  [END.faulted]: 'FAULTED',
  [END.budget]: 'ENDLESS',
};

const ALL = (1n << 64n) - 1n;
/** What a program can set of the flags that must survive a call: IF and IOPL are not its own, AC makes accesses fault. */
const VISIBLE_FLAGS = BigInt(FLAG.DF);

function maskOf(clause: Extract<Clause, { kind: 'equal' }>, { context }: CaseRunner): bigint {
  const mask = clause.mask ?? ALL;
  if (clause.left.kind !== 'register' || clause.left.register !== 'rflags') return mask;
  const slot = registerSlot(clause.left.moment, 'rflags');
  const wrong = (slotValue(context.base, slot) ^ slotValue(context.prediction.values, slot)) & mask;
  if ((wrong & ~VISIBLE_FLAGS) !== 0n) throw new Impossible('of the flags that must survive a program can only set DF');
  return VISIBLE_FLAGS;
}

function single(expression: string): Check {
  return { expression, conditions: [], companion: undefined };
}

/** Where the wanted value comes from, as a person says it. */
function originOf(term: Term): string {
  if (term.kind === 'predicted') return 'as the contract has it';
  return term.kind === 'constant' ? 'by the rule' : renderTerm(term);
}

const said = (term: Term): string => cString(renderTerm(term));

/** A condition that the case's own values decide holds in the program as it held in the case: only ends and calls can differ. */
function conditionOf(condition: Condition): string[] {
  if (condition.kind === 'ended') {
    const bits = condition.as.map((end) => `1u << ${END_WORDS[END[end]]}`).join(' | ');
    return [`ended(${bits})`];
  }
  if (condition.kind === 'called') return ['runs[0].calls > 0'];
  if (condition.kind === 'not') return conditionOf(condition.condition).map((inner) => `!${inner}`);
  return [];
}

function valueOf(term: Term, runner: CaseRunner, move: Move, run: 0 | 1): string {
  const state = `runs[${run}]`;
  switch (term.kind) {
    case 'constant':
      return c64(term.value);
    case 'predicted':
      return c64(move(slotValue(runner.context.prediction.values, slotOf(term.term, runner))));
    case 'register': {
      const index = [...REGISTER_NAMES, 'rip', 'rflags'].indexOf(term.register);
      return `${state}.${term.moment}[${index}]`;
    }
    case 'vector':
      return term.moment === 'final'
        ? `${state}.${vectorField(term.part)}`
        : c64(slotValue(runner.context.base, vectorSlot('initial', term.part)));
    case 'field': {
      runner.harness.placeFor(runner.context.scenario, 0);
      return `word_at(${c64(move(runner.harness.fieldAddress(term.field)))})`;
    }
    case 'fact':
      if (term.fact === 'calls') return `${state}.calls`;
      if (term.fact === 'stiCount') return `${state}.stis`;
      if (term.fact === 'faultAddress' && isReported(runner)) return `${state}.fault_address`;
      throw new Impossible(`a program cannot see the fact ${term.fact} of itself`);
  }
}

/** Whether the CPU says where the runs faulted: of an address that is not canonical it raises #GP, and says nothing. */
function isReported({ context }: CaseRunner): boolean {
  const canonical = (address: bigint): boolean => BigInt.asUintN(64, BigInt.asIntN(48, address)) === address;
  return [context.base, context.host].every((observation) => canonical(slotValue(observation, FACT.faultAddress)));
}

function vectorField(part: string): string {
  if (part === 'mxcsr' || part === 'x87cw') return part;
  return `xmm[${vectorSlot('final', part) - vectorSlot('final', 'xmm0.low')}]`;
}

function slotOf(term: Extract<Term, { kind: 'predicted' }>['term'], { compiled }: CaseRunner): number {
  switch (term.kind) {
    case 'register':
      return registerSlot(term.moment, term.register);
    case 'field':
      return BLOCK.final + (compiled.fieldIndex.get(term.field) ?? 0);
    case 'fact':
      return FACT[term.fact];
  }
}
