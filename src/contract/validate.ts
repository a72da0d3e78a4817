/** The edge: a contract set that somebody wrote becomes a ContractSet, or one clear line. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { escapeName } from '../text/escape.js';
import { EXPOSED_WITHOUT_NO_RBP_MOD, GPR_NAMES, NEVER_EXPOSED } from '../../models/abi/registers.js';
import { type Contract, contractSetSchema, type ContractSet, type Source } from './contract.js';
import type { ProgramContract } from './program-contract.js';
import { leavesMeant, wrongConditions, wrongFlow, wrongWithoutRcx } from './validate-flow.js';

/** Reads a contract set from a JSON file. @throws UsageError naming the file, the place in it and what is wrong */
export function readContractSet(path: string): ContractSet {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // What JSON.parse says quotes the text, line ends and all.
    throw new UsageError(escapeName(`${path}: cannot be read as a contract set: ${(error as Error).message}`));
  }
  return validateContractSet(json, path);
}

/** @throws UsageError with the first thing that is wrong, and where */
export function validateContractSet(json: unknown, origin: string): ContractSet {
  const parsed = contractSetSchema.safeParse(json);
  if (!parsed.success) throw new UsageError(`${escapeName(origin)}: ${firstIssue(parsed.error)}`);
  const { name, title, neverReleased } = parsed.data;
  const contracts: Record<string, Contract> = {};
  for (const [symbol, body] of Object.entries(parsed.data.contracts)) {
    const leaves = leavesMeant(body.leaves, body.instruction);
    const wrong = typeof leaves === 'string' ? leaves : inconsistency({ symbol, ...body, leaves });
    if (wrong !== undefined) throw new UsageError(escapeName(`${origin}: contracts.${symbol}: ${wrong}`));
    const contract = { symbol, ...body, leaves: leaves as number[] };
    contracts[symbol] = contract;
  }
  const programs: Record<string, ProgramContract> = {};
  for (const [symbol, body] of Object.entries(parsed.data.programs))
    programs[symbol] = { ...body, symbol: body.symbol ?? symbol };
  return {
    name,
    title,
    ...(neverReleased === true && { neverReleased }),
    contracts,
    ...(Object.keys(programs).length > 0 && { programs }),
  };
}

/** One line: where in the document, and what is wrong there. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'not valid';
  const where = issue.path.length === 0 ? 'top level' : issue.path.map(String).join('.');
  return escapeName(`${where}: ${issue.message}`);
}

/**
 * What a schema cannot say: names that refer to each other, and numbers that must fit. Also run over the built-in
 * library by its test.
 * @returns what is wrong, or undefined
 */
export function inconsistency(contract: Contract): string | undefined {
  return (
    wrongParameters(contract) ??
    wrongBlock(contract) ??
    wrongInputs(contract) ??
    wrongFrame(contract) ??
    wrongAssumptions(contract) ??
    wrongHostStub(contract) ??
    wrongOutputs(contract) ??
    wrongFlow(contract)
  );
}

function wrongParameters({ parameters }: Contract): string | undefined {
  if (new Set(parameters.map(({ name }) => name)).size !== parameters.length) return 'two parameters have one name';
  const places = new Set(parameters.map(({ place }) => JSON.stringify(place)));
  if (places.size !== parameters.length) return 'two parameters have one place';
  for (const kind of ['block', 'flags', 'leaf']) {
    if (parameters.filter((parameter) => parameter.kind === kind).length > 1)
      return `more than one parameter of kind ${kind}`;
  }
  for (const [flag, bits] of Object.entries(flagsOf(parameters))) {
    const value = BigInt(bits);
    if (value === 0n || value >> 32n !== 0n) return `flag ${flag}: ${bits} is not a bit of the lower 32`;
  }
  return undefined;
}

function wrongBlock({ parameters, block }: Contract): string | undefined {
  const given = parameters.some(({ kind }) => kind === 'block');
  if (given !== (block !== undefined)) return 'a block parameter and "block" go together';
  const names = new Map<number, string>();
  for (const [field, offset] of Object.entries(block?.fields ?? {})) {
    if (offset + 8 > (block?.size ?? 0)) return `block.fields.${field}: ends behind the block`;
    const other = names.get(offset);
    if (other !== undefined) return `block.fields.${field}: has the offset of ${other}`;
    names.set(offset, field);
  }
  return undefined;
}

function wrongInputs({ inputs, parameters, block }: Contract): string | undefined {
  const registers = new Map<string, string>();
  for (const [register, source] of Object.entries(inputs) as [string, Source][]) {
    if ('parameter' in source && !parameters.some(({ name }) => name === source.parameter))
      return `inputs.${register}: no parameter ${source.parameter}`;
    if (!('field' in source)) continue;
    if (!Object.hasOwn(block?.fields ?? {}, source.field)) return `inputs.${register}: no field ${source.field}`;
    // Whether the host may see a field is asked of the one register that it goes to.
    const other = registers.get(source.field);
    if (other !== undefined) return `inputs.${register}: field ${source.field} already goes to ${other}`;
    registers.set(source.field, register);
  }
  return undefined;
}

/** RAX and RCX: the leaf, and for leaf 0 the exposure mask. */
function wrongFrame(contract: Contract): string | undefined {
  const {
    instruction,
    inputs: { rax, rcx },
    leaves,
    parameters,
    widestMask,
    assumes,
  } = contract;
  if (rax === undefined) return 'inputs: rax must be stated';
  if (rcx === undefined) return wrongWithoutRcx(contract);
  if ('constant' in rax && !leaves.some((leaf) => BigInt(leaf) === (BigInt(rax.constant) & 0xffffn)))
    return `inputs.rax: ${rax.constant} is none of the leaves`;
  if ('parameter' in rax && !isLeaf(parameters, rax.parameter))
    return `inputs.rax: parameter ${rax.parameter} is not of kind leaf`;
  if (instruction === 'tdcall' && leaves.includes(0)) {
    if (!('constant' in rcx) && !('field' in rcx))
      return 'inputs.rcx: the exposure mask of leaf 0 is a constant or a field';
    const refused = 'constant' in rcx ? refusedMask(rcx.constant, assumes) : undefined;
    if (refused !== undefined) return `inputs.rcx: ${refused}`;
  }
  const refused = widestMask === undefined ? undefined : refusedOnEveryCall(widestMask);
  return refused === undefined ? undefined : `widestMask: ${refused}`;
}

/** What is wrong with an exposure mask that the module refuses on every call: nothing behind such a call is ever judged. */
function refusedMask(mask: string, assumes: Contract['assumes'] = []): string | undefined {
  const refused = refusedOnEveryCall(mask);
  if (refused !== undefined) return refused;
  const value = BigInt(mask);
  const byTd = bitsOf(value & BigInt(EXPOSED_WITHOUT_NO_RBP_MOD));
  if (byTd.length > 0 && !assumes.includes('rbp-mod'))
    return `the module refuses the exposure mask ${mask} of a TD with NO_RBP_MOD: ${bitNames(byTd)} is set; leave out this bit, or say that the function needs a TD without NO_RBP_MOD: "assumes": ["rbp-mod"]`;
  return undefined;
}

function refusedOnEveryCall(mask: string): string | undefined {
  const never = bitsOf(BigInt(mask) & (BigInt(NEVER_EXPOSED) | ~0xffff_ffffn));
  if (never.length === 0) return undefined;
  return `the module refuses the exposure mask ${mask} on every call: ${bitNames(never)} may never be set; leave out ${never.length > 1 ? 'these bits' : 'this bit'}`;
}

function bitsOf(value: bigint): number[] {
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (value >> BigInt(bit)) & 1n);
}

function bitNames(bits: readonly number[]): string {
  const names = bits.map((bit) => (bit < GPR_NAMES.length ? `${bit} (${GPR_NAMES[bit]})` : String(bit)));
  return `${bits.length > 1 ? 'bits' : 'bit'} ${names.join(', ')}`;
}

function wrongAssumptions({ assumes = [] }: Contract): string | undefined {
  if (assumes.includes('no-rbp-mod') && assumes.includes('rbp-mod'))
    return 'assumes: no-rbp-mod and rbp-mod exclude each other; leave out one';
  return undefined;
}

/** What a stub around SEAMCALL must say, and one around TDCALL cannot. */
function wrongHostStub({ instruction, notEntered, returns, onFailure, stiFlag }: Contract): string | undefined {
  if (instruction === 'tdcall')
    return notEntered === undefined ? undefined : 'notEntered: TDCALL always reaches the module';
  if (notEntered === undefined) return 'notEntered: must be stated for SEAMCALL';
  if (returns !== 'status' || onFailure !== 'returns')
    return 'a stub around SEAMCALL returns the status: "returns": "status", "onFailure": "returns"';
  return stiFlag === undefined ? undefined : 'stiFlag: SEAMCALL needs no STI';
}

function wrongOutputs({ outputs, parameters, block, stiFlag }: Contract): string | undefined {
  for (const field of Object.keys(outputs.fields)) {
    if (!Object.hasOwn(block?.fields ?? {}, field)) return `outputs.fields.${field}: no such field of the block`;
  }
  const wrong = wrongConditions({ parameters }, 'outputs.when', outputs.when);
  if (wrong !== undefined) return wrong;
  const flags = flagsOf(parameters);
  if (stiFlag !== undefined && !Object.hasOwn(flags, stiFlag)) return `stiFlag: no flag ${stiFlag}`;
  return undefined;
}

function flagsOf(parameters: Contract['parameters']): Readonly<Record<string, string>> {
  return parameters.find((parameter) => parameter.kind === 'flags')?.bits ?? {};
}

function isLeaf(parameters: Contract['parameters'], name: string): boolean {
  return parameters.some((parameter) => parameter.kind === 'leaf' && parameter.name === name);
}
