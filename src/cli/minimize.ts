import { Command } from 'commander';
import { UsageError } from '../errors.js';
import { accountsOf } from '../finding/account.js';
import { shrinkFailure } from '../finding/shrink.js';
import { type Signature, signatureKey } from '../finding/signature.js';
import { replaceFile } from '../files.js';
import type { Runner } from '../run/runner.js';
import { readCase, validateCase } from '../stored/case-file.js';
import type { CaseFile } from '../stored/case-schema.js';
import { makeCase } from '../stored/make-case.js';
import { openCase } from '../stored/open-case.js';
import { differingValues } from '../stored/stored-values.js';
import { shorten } from '../text/escape.js';
import { count } from './target-rows.js';

export function minimizeCommand(): Command {
  return new Command('minimize')
    .description('shrink a stored case again: fewer steps, fewer values that differ from neutral, the same violation')
    .argument('<CASE>', 'path of a case.json, or of the folder of a finding')
    .option('--out <FILE>', 'where the shrunken case goes (default: nowhere, it is only told)')
    .action((path: string, { out }: { out?: string }) => minimize(path, out));
}

function minimize(path: string, out: string | undefined): void {
  const file = readCase(path);
  const { runner, values } = openCase(file, path);
  const signature = signatureOf(
    file,
    runner,
    path,
    accountsOf(runner, values).map((account) => account.signature),
  );
  const before = differingValues(values, runner.space);
  const simplest = shrinkFailure(runner, values, signature);
  const after = differingValues(simplest, runner.space);
  runner.run(simplest);
  const shrunken = withWhatStays(makeCase(runner, simplest, signature, file.found), file);
  check(shrunken, signature, path);
  if (out !== undefined) replaceFile(out, `${JSON.stringify(shrunken, null, 1)}\n`);
  const [was, is] = [Object.keys(before).length, Object.keys(after).length];
  process.stdout.write(
    [
      `${signature.property}: ${shorten(signature.slot)} at ${shorten(signature.place)}`,
      `${count(file.steps.length, 'step')}, ${count(was, 'value')} not neutral: now ${count(shrunken.steps.length, 'step')}, ${count(is, 'value')}`,
      ...Object.entries(after).map(([name, value]) => `  ${shorten(name)} = ${value}`),
      out === undefined ? 'not kept: --out FILE writes it' : `written to ${shorten(out)}`,
      '',
    ].join('\n'),
  );
}

/** What the case was stored for, or where it expects nothing, its first violation. @throws UsageError if it does not fail so */
function signatureOf({ expect }: CaseFile, { problem }: Runner, path: string, found: readonly Signature[]): Signature {
  if (problem !== '') throw new UsageError(`${shorten(path)}: no verdict: ${problem}; take another copy of it`);
  const same = found.find((one) => expect === null || signatureKey(one) === signatureKey(expect));
  if (same !== undefined) return same;
  throw new UsageError(
    `${shorten(path)}: ${found.length === 0 ? 'violates nothing' : 'fails otherwise than it was stored for'}, so that there is nothing to shrink; replay tells more`,
  );
}

/** Names and origins are those of the first run: the image of a case is only a part of what it was. */
function withWhatStays(made: CaseFile, { target, symbol, image, contract, also }: CaseFile): CaseFile {
  return { ...made, target, symbol, image, contract, ...(also !== undefined && { also }) };
}

/** @throws Error if the shrunken case does not fail by itself as the first one did: a defect of the tool */
function check(shrunken: CaseFile, signature: Signature, path: string): void {
  const { runner, values } = openCase(validateCase(JSON.parse(JSON.stringify(shrunken)), path), path);
  const keys = accountsOf(runner, values).map((account) => signatureKey(account.signature));
  if (!keys.includes(signatureKey(signature))) throw new Error(`${path}: the shrunken case does not fail by itself`);
}
