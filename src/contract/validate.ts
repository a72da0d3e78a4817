/** The edge: a contract set that somebody wrote becomes a ContractSet, or one clear line. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { type Contract, contractSetSchema, type ContractSet, type Source } from './contract.js';

/** Reads a contract set from a JSON file. @throws UsageError naming the file, the place in it and what is wrong */
export function readContractSet(path: string): ContractSet {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path}: cannot be read as a contract set: ${(error as Error).message}`);
  }
  return validateContractSet(json, path);
}

/** @throws UsageError with the first thing that is wrong, and where */
export function validateContractSet(json: unknown, origin: string): ContractSet {
  const parsed = contractSetSchema.safeParse(json);
  if (!parsed.success) throw new UsageError(`${origin}: ${firstIssue(parsed.error)}`);
  const contracts: Record<string, Contract> = {};
  for (const [symbol, body] of Object.entries(parsed.data.contracts)) {
    const contract = { symbol, ...body };
    const wrong = inconsistency(contract);
    if (wrong !== undefined) throw new UsageError(`${origin}: contracts.${symbol}: ${wrong}`);
    contracts[symbol] = contract;
  }
  return { name: parsed.data.name, title: parsed.data.title, contracts };
}

/** One line: where in the document, and what is wrong there. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'not valid';
  const where = issue.path.length === 0 ? 'top level' : issue.path.map(String).join('.');
  return `${where}: ${issue.message}`;
}

/**
 * What a schema cannot say: names that refer to each other. Also run over the built-in library by its test.
 * @returns what is wrong, or undefined
 */
export function inconsistency(contract: Contract): string | undefined {
  const parameters = new Map(contract.parameters.map((parameter) => [parameter.name, parameter]));
  if (parameters.size !== contract.parameters.length) return 'two parameters have one name';
  const places = new Set(contract.parameters.map((parameter) => JSON.stringify(parameter.place)));
  if (places.size !== contract.parameters.length) return 'two parameters have one place';
  const blocks = contract.parameters.filter((parameter) => parameter.kind === 'block');
  if (blocks.length > 1) return 'more than one argument block';
  if ((blocks.length === 1) !== (contract.block !== undefined)) return 'a block parameter and "block" go together';
  const fields = contract.block?.fields ?? {};
  for (const [field, offset] of Object.entries(fields)) {
    if (offset + 8 > (contract.block?.size ?? 0)) return `block.fields.${field}: ends behind the block`;
  }
  for (const [register, source] of Object.entries(contract.inputs) as [string, Source][]) {
    if ('parameter' in source && !parameters.has(source.parameter))
      return `inputs.${register}: no parameter ${source.parameter}`;
    if ('field' in source && !(source.field in fields)) return `inputs.${register}: no field ${source.field}`;
  }
  for (const field of Object.keys(contract.outputs.fields)) {
    if (!(field in fields)) return `outputs.fields.${field}: no such field of the block`;
  }
  const flags = contract.parameters.find((parameter) => parameter.kind === 'flags')?.bits ?? {};
  for (const condition of contract.outputs.when) {
    if (typeof condition === 'object' && !(condition.flag in flags)) return `outputs.when: no flag ${condition.flag}`;
  }
  if (contract.stiFlag !== undefined && !(contract.stiFlag in flags)) return `stiFlag: no flag ${contract.stiFlag}`;
  if (contract.inputs.rax === undefined || contract.inputs.rcx === undefined)
    return 'inputs: rax and rcx must be stated';
  return undefined;
}
