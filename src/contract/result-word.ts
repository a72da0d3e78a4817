/** What a contract says of RAX at the return, in one form. */
import type { Contract } from './contract.js';
import type { ReturnedAnyway, Returns } from './data-words.js';
import { FIELDS_IN_BULK, STACK_IN_BULK } from './limits.js';
import type { RegisterName } from '../x86/registers.js';

/** RAX behind the instruction, a register behind it, or the first of both that is not 0. */
export type ResultValue =
  | { kind: 'nothing' }
  | { kind: 'constant'; value: bigint }
  | { kind: 'register'; register: RegisterName }
  | { kind: 'status-or'; register: RegisterName };

export interface Result {
  value: ResultValue;
  /** Compared with 0: 1 for a value that is 0 (`zero`), or for any other. */
  test?: 'zero' | 'not-zero';
  /** The bits of RAX that count. */
  mask: bigint;
  /** Whether R10 = 0 decides, which a branch may do as well. */
  testsR10: boolean;
  /** Whether RAX may depend on what the untrusted side answered. */
  fromHost: boolean;
}

const STATUS: ResultValue = { kind: 'register', register: 'rax' };
const WORDS = {
  status: STATUS,
  r10: { kind: 'register', register: 'r10' },
  'status-or-r10': { kind: 'status-or', register: 'r10' },
} as const satisfies Record<string, ResultValue>;

export function resultOf({ returns }: Pick<Contract, 'returns'>): Result {
  if (typeof returns === 'string')
    return returns === 'nothing' ? result({ kind: 'nothing' }, 8) : result(WORDS[returns], 8);
  if ('constant' in returns) return constantResult(returns);
  if ('register' in returns) return result({ kind: 'register', register: returns.register }, returns.bytes);
  if ('statusOr' in returns) return result({ kind: 'status-or', register: returns.statusOr }, returns.bytes);
  const [of, test] = 'isZero' in returns ? [returns.isZero, 'zero' as const] : [returns.isNotZero, 'not-zero' as const];
  return { ...result(WORDS[of], returns.bytes ?? 1), test, testsR10: of !== 'status' };
}

/** What a function returns that executed nothing. */
export function resultAnyway(returns: ReturnedAnyway): Result {
  return returns === 'nothing' ? result({ kind: 'nothing' }, 8) : constantResult(returns);
}

function constantResult({ constant, bytes }: Extract<Returns, { constant: string }>): Result {
  return result({ kind: 'constant', value: BigInt(constant) }, bytes);
}

function result(value: ResultValue, bytes = 8): Result {
  // The status is the module's, and so is what follows from it alone.
  const fromHost = 'register' in value && value.register !== 'rax';
  return { value, mask: (1n << BigInt(8 * bytes)) - 1n, testsR10: false, fromHost };
}

/** Whether a contract says only what runs in bulk know: one block of 8-byte fields, whole registers, one of the plain results. */
export function isForBulk({ parameters, block, returns, ownData, writableCode }: Contract): boolean {
  return (
    (returns === 'status' || returns === 'r10' || returns === 'status-or-r10') &&
    ownData === undefined &&
    writableCode === undefined &&
    block?.padding === undefined &&
    Object.values(block?.fields ?? {}).every((field) => typeof field === 'number') &&
    Object.keys(block?.fields ?? {}).length <= FIELDS_IN_BULK &&
    parameters.filter(({ kind }) => kind === 'block').length <= 1 &&
    parameters.every((parameter) => {
      if ('stack' in parameter.place && parameter.place.stack >= STACK_IN_BULK) return false;
      return parameter.kind === 'block'
        ? parameter.layout === undefined && parameter.whenNull === undefined
        : (parameter.bytes ?? 8) === 8;
    })
  );
}
