/** What sound projects do differently: failure, STI, scrubbing, and what becomes of a SEAMCALL that does not enter. */
import type { CodeShape, Outcome } from '../../code/code-shape.js';
import type { Entered } from '../../code/state.js';
import { valuesIn } from '../../code/value.js';
import type { Contract } from '../../contract/contract.js';
import { REGISTER_NAMES } from '../../x86/registers.js';
import { type Comparison, comparison, upper } from './difference.js';
import { allHold, entered, isZero, looksAtPart } from './truths.js';

type Found = [string, number][];

/** What happens when the wrapped instruction fails. */
export function compareFailure(contract: Contract, shape: CodeShape): Comparison {
  const found: Found = [];
  const name = contract.instruction.toUpperCase();
  if (shape.outcomes.some(({ calls }) => calls.length > 1)) found.push([`${name} is executed more than once`, 2]);
  const failed = entered(shape).filter((outcome) => isZero(outcome, 'rax') === false);
  if (contract.onFailure === 'stops') {
    if (failed.length === 0) found.push([`the status in RAX is not looked at after ${name}`, 2]);
    if (failed.some(({ end }) => end === 'returns')) found.push([`it returns after a failed ${name}`, 2]);
    if (looksAtPart(shape, 'rax')) found.push(['only a part of the status is looked at', 1]);
  } else if (failed.some(({ end }) => end !== 'returns')) found.push([`it does not return after a failed ${name}`, 2]);
  return comparison('failure', 2, found);
}

/** STI directly before TDCALL. */
export function compareSti(contract: Contract, shape: CodeShape): Comparison {
  const found: Found = [];
  const { stiFlag } = contract;
  const tests = contract.sti?.when ?? (stiFlag === undefined ? undefined : [{ flag: stiFlag }]);
  for (const outcome of shape.outcomes.filter(({ calls }) => calls.length > 0)) {
    const executes = outcome.stis.length > 0;
    const asked = tests === undefined ? false : allHold(contract, outcome, tests);
    if (asked === false && executes) found.push(['STI is executed where nothing asks for it', 2]);
    if (asked === undefined) found.push([`${executes ? 'STI' : 'no STI'} without looking at what asks for it`, 2]);
    if (asked === true && !outcome.calls[0].isBehindSti)
      found.push([executes ? 'STI is not directly before TDCALL' : 'what asks for STI does not lead to it', 2]);
  }
  return comparison('sti', contract.instruction === 'tdcall' ? 2 : 0, found);
}

/** Registers that still hold what the other side chose when the function returns. */
export function compareScrubbing(contract: Contract, shape: CodeShape): Comparison {
  if (!contract.scrubsHostValues || !contract.leaves.includes(0)) return comparison('scrubbing', 0, []);
  const found: Found = [];
  for (const outcome of entered(shape).filter(({ end }) => end === 'returns'))
    for (const register of leftIn(outcome)) found.push([`${register} keeps what the other side chose`, 1]);
  return comparison('scrubbing', 2, found);
}

function leftIn({ registers }: Outcome): string[] {
  return REGISTER_NAMES.filter((name, index) => {
    if (name === 'rax' || name === 'rsp') return false;
    return valuesIn(registers[index]).some(({ kind }) => kind === 'answer');
  }).map(upper);
}

/** The bytes below RSP. */
export function compareStack({ redZone }: Contract, { outcomes }: CodeShape): Comparison {
  const uses = !redZone && outcomes.some(({ usesRedZone }) => usesRedZone);
  return comparison('stack', 1, uses ? [['memory below RSP is used', 1]] : []);
}

/** CF = 1, #GP and #UD of SEAMCALL. */
export function compareNotEntered({ notEntered }: Contract, shape: CodeShape): Comparison {
  if (notEntered === undefined) return comparison('not-entered', 0, []);
  const found: Found = [];
  const wanted: Readonly<Record<Exclude<Entered, 'entered'>, string>> = {
    'vm-fail-invalid': notEntered.vmFailInvalid,
    'general-protection': notEntered.generalProtection,
    'invalid-opcode': notEntered.invalidOpcode,
  };
  for (const { calls, end, registers, stores } of shape.outcomes) {
    const [first] = calls;
    if (first === undefined || first.entered === 'entered') continue;
    const name = { 'vm-fail-invalid': 'CF = 1', 'general-protection': '#GP', 'invalid-opcode': '#UD' }[first.entered];
    if (end === 'faults') found.push([`no fixup takes ${name} of SEAMCALL`, 2]);
    else if (end !== 'returns') found.push([`it does not return after ${name} of SEAMCALL`, 2]);
    else if (registers[0].key !== keyOf(wanted[first.entered]))
      found.push([`RAX is ${registers[0].key} after ${name} of SEAMCALL, not ${wanted[first.entered]}`, 2]);
    if (stores.some(({ after }) => after > 0)) found.push([`outputs are stored after ${name} of SEAMCALL`, 2]);
  }
  return comparison('not-entered', 4, found);
}

function keyOf(hex: string): string {
  return `0x${BigInt(hex).toString(16)}`;
}
