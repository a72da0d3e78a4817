/** Follows a reference through answers made by hand. */
import type { ExpectedExchange, Expectation, Reference, Values } from '../../exchange/exchange.js';
import { PT_REGS_NAMES } from '../../abi/linux-structs.js';
import type { HelperOptions } from './options.js';

/** What a TDVMCALL that worked gives, where a test says nothing else. */
export const OK: Values = { status: 0n, r10: 0n };

export const LINUX: HelperOptions = {
  form: { mask: 0xffcc, failure: 'stop' },
  mapGpaStalls: 3,
  haltDiscipline: 'if-after',
  haltWithInterrupts: 'refused',
  acceptBusyTries: 1,
  acceptErrors: 'smaller',
  reportErrors: 'linux-6.16',
};

/** A story of a #VE handler: saved registers with the value 0x1000 and their index, then what the test says. */
export function exception(values: Values): Values {
  const registers = PT_REGS_NAMES.map((name, index) => [`regs.${name}`, 0x1000n + BigInt(index)]);
  const record = { 've.exit_qual': 0n, 've.gla': 0n, 've.gpa': 0n, 've.instr_len': 2n, 've.instr_info': 0n };
  return { ...Object.fromEntries(registers), 'regs.cs': 0x10n, ...record, ...values };
}

/** All that it yields: after each exchange it gets the next answer, and at the last answer's end it is asked no more. */
export function follow(reference: Reference, ...answers: Values[]): ExpectedExchange[] {
  const found: ExpectedExchange[] = [];
  for (let step = reference.next(); step.done !== true;) {
    found.push(step.value);
    const answer = answers[found.length - 1];
    if (answer === undefined) break;
    step = reference.next(answer);
  }
  return found;
}

/** The moments alone. */
export function moments(exchanges: readonly ExpectedExchange[]): string[] {
  return exchanges.map(({ moment }) => moment);
}

/** What is expected of some values of the last exchange. */
export function last(exchanges: readonly ExpectedExchange[], ...names: string[]): (Expectation | undefined)[] {
  const { values } = exchanges[exchanges.length - 1];
  return names.map((name) => values[name]);
}
