/** The edge: a contract set that somebody wrote becomes a ContractSet, or one clear line for each thing that is wrong. */
import type { z } from 'zod';
import { UsageError } from '../errors.js';
import { readJson } from '../files.js';
import { escapeName } from '../text/escape.js';
import { type Contract, contractSchema, contractSetSchema, type ContractSet } from './contract.js';
import { allFaultsOf, faultsOf } from './faults.js';
import type { ProgramContract } from './program-contract.js';
import { writtenLeavesSchema } from './flow-words.js';
import { leavesMeant } from './validate-flow.js';
import { issueLines, withoutUnknownKeys } from './schema-issues.js';

/** Bytes. */
const LARGEST_FILE = 16 * 1024 * 1024;

/** Reads a contract set from a JSON file. @throws UsageError naming the file, the place in it and what is wrong */
export function readContractSet(path: string): ContractSet {
  return validateContractSet(readJson(path, LARGEST_FILE, 'give a contract set, a JSON file'), path);
}

/** Faults that are listed before the rest is only counted. */
const MOST_LINES = 20;
const bodySchema = contractSchema.omit({ symbol: true }).extend({ leaves: writtenLeavesSchema });

/** @throws UsageError with everything that is wrong, one line each: the file, the place in it, what is wrong there */
export function validateContractSet(json: unknown, origin: string): ContractSet {
  const parsed = contractSetSchema.safeParse(json);
  const lines = parsed.success ? [] : issueLines(parsed.error, contractSetSchema, json);
  for (const [symbol, body] of Object.entries(contractsIn(parsed.success ? parsed.data : json)))
    for (const fault of bodyFaults(body)) lines.push(`contracts.${symbol}: ${fault}`);
  if (lines.length > 0 || !parsed.success) throw new UsageError(linesText(lines, origin));
  const { name, title, neverReleased, evidence } = parsed.data;
  const contracts: Record<string, Contract> = {};
  for (const [symbol, body] of Object.entries(parsed.data.contracts)) {
    const leaves = leavesMeant(body.leaves, body.instruction);
    // A text was one of the faults above.
    if (typeof leaves !== 'string') contracts[symbol] = { symbol, ...body, leaves };
  }
  const programs: Record<string, ProgramContract> = {};
  for (const [symbol, body] of Object.entries(parsed.data.programs))
    programs[symbol] = { ...body, symbol: body.symbol ?? symbol };
  return {
    name,
    title,
    ...(neverReleased === true && { neverReleased }),
    ...(evidence && { evidence }),
    contracts,
    ...(Object.keys(programs).length > 0 && { programs }),
  };
}

/** The contracts of a document that may be anything. */
function contractsIn(json: unknown): Record<string, unknown> {
  const contracts = (json as { contracts?: unknown } | null)?.contracts;
  return typeof contracts === 'object' && contracts !== null && !Array.isArray(contracts)
    ? (contracts as Record<string, unknown>)
    : {};
}

/** What is wrong with a contract besides what its schema says; a word too many hides none of it. */
function bodyFaults(body: unknown): string[] {
  let parsed = bodySchema.safeParse(body);
  if (!parsed.success) parsed = bodySchema.safeParse(withoutUnknownKeys(parsed.error, body));
  if (!parsed.success) return [];
  const leaves = leavesMeant(parsed.data.leaves, parsed.data.instruction);
  if (typeof leaves === 'string') return [leaves];
  return allFaultsOf({ symbol: 'f', ...parsed.data, leaves });
}

function linesText(lines: readonly string[], origin: string): string {
  const more = lines.length - MOST_LINES;
  const shown = lines.slice(0, more === 1 ? lines.length : MOST_LINES);
  return [...shown, ...(more > 1 ? [`and ${more} more of them`] : [])]
    .map((line) => escapeName(`${origin}: ${line}`))
    .join('\n');
}

/** One line: where in the document, and what is wrong there. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'not valid';
  const where = issue.path.length === 0 ? 'top level' : issue.path.map(String).join('.');
  return escapeName(`${where}: ${issue.message}`);
}

/**
 * The first thing for which a contract could not be run: what a stored case is refused for.
 *
 * @returns what is wrong, or undefined
 */
export function inconsistency(contract: Contract): string | undefined {
  return faultsOf(contract).at(0);
}
