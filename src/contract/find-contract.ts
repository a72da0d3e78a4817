/** Finds contracts by the names that people give. */
import { UsageError } from '../errors.js';
import { nearest } from '../text/nearest.js';
import type { Contract, ContractSet } from './contract.js';
import type { ProgramContract } from './program-contract.js';
import { CONTRACT_SETS } from './library/sets.js';
import { readContractSet } from './validate.js';

/** A set by name, or from a JSON file. @throws UsageError with the nearest names */
export function findContractSet(name: string, sets: readonly ContractSet[] = CONTRACT_SETS): ContractSet {
  const found = sets.find((set) => set.name === name);
  if (found !== undefined) return found;
  if (name.endsWith('.json')) return readContractSet(name);
  const names = sets.map((set) => set.name);
  throw new UsageError(`no contract set ${name}; ${nearest(name, names)} (a file of your own ends in .json)`);
}

/** A built-in contract by `SET/FUNCTION`. @throws UsageError */
export function builtInContract(id: string): { set: ContractSet; contract: Contract } {
  return findContract(id, CONTRACT_SETS);
}

/** The contract of a stub. @param id `SET/FUNCTION` @throws UsageError with the nearest names */
export function findContract(id: string, sets: readonly ContractSet[]): { set: ContractSet; contract: Contract } {
  const { set, contract } = findAnyContract(id, sets);
  if (contract === undefined)
    throw new UsageError(`${id} is the contract of a program; name that of a single function`);
  return { set, contract };
}

/** What a name stands for: the contract of a stub, or that of a program. */
export type FoundContract =
  | { set: ContractSet; contract: Contract; program?: undefined }
  | { set: ContractSet; program: ProgramContract; contract?: undefined };

/** @param id `SET/FUNCTION` @throws UsageError with the nearest names */
export function findAnyContract(id: string, sets: readonly ContractSet[]): FoundContract {
  const slash = id.lastIndexOf('/');
  if (slash < 0) throw new UsageError(`${id}: a contract is named SET/FUNCTION, for example linux-6.4/__tdx_hypercall`);
  const set = findContractSet(id.slice(0, slash), sets);
  const symbol = id.slice(slash + 1);
  if (Object.hasOwn(set.contracts, symbol)) return { set, contract: set.contracts[symbol] };
  const programs = set.programs ?? {};
  if (Object.hasOwn(programs, symbol)) return { set, program: programs[symbol] };
  const names = [...Object.keys(set.contracts), ...Object.keys(programs)];
  throw new UsageError(`${set.name} has no function ${symbol}; ${nearest(symbol, names)}`);
}
