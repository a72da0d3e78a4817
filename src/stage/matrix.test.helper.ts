/** Builds small images from own sources and says in one line what the tool says of them, whatever kind of target it is. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBlock } from '../campaign/blocks/block.js';
import { makeFinding } from '../campaign/records/make-finding.js';
import { bindTarget } from '../campaign/targets/bind-target.js';
import { type CaseFile, caseSchema } from '../stored/case-schema.js';
import { openCase } from '../stored/open-case.js';
import { UsageError } from '../errors.js';
import type { Image } from '../image/image.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
import { openRunner } from '../run/open-runner.js';
import type { AnyTarget } from '../run/target.js';
import { FLAGS, findToolchain } from '../targets/toolchain.js';
import { signaturesOf } from '../finding/made-runner.test.helper.js';
import { type Signature, signatureKey } from '../finding/signature.js';

/** Whether images can be built here; says so if not. */
export const canBuild = findToolchain() !== undefined;
if (!canBuild) console.warn('src/stage: the matrix is skipped, no gcc, as or ld for x86-64');

export interface Recipe {
  /** Sources of corpus/targets, relative to it. */
  readonly parts: readonly string[];
  /** Changes to them, and to what they include: file -> [what stands there once, what is to stand there]. */
  readonly edits?: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  /** A source of its own, in assembly. */
  readonly assembly?: string;
  /** Further options of the compiler for C. */
  readonly options?: readonly string[];
  /** Options of ld; an object that can be relocated if not given. */
  readonly link?: readonly string[];
  /** A linker script, as `script.ld`. */
  readonly script?: string;
}

let images = 0;

/** The image is called `NUMBER.o`: messages must not hold a path. */
export function build({ parts, edits = {}, assembly, options = [], link = ['-r'], script = '' }: Recipe): Image {
  const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-matrix-'));
  try {
    cpSync(join(packageRoot(), 'corpus/targets'), folder, { recursive: true });
    for (const [file, changes] of Object.entries(edits)) {
      let text = readFileSync(join(folder, file), 'utf8');
      for (const [from, to] of changes) {
        if (text.split(from).length !== 2) throw new Error(`${file}: "${from}" does not stand there once`);
        text = text.replace(from, () => to);
      }
      writeFileSync(join(folder, file), text);
    }
    if (assembly !== undefined) writeFileSync(join(folder, 'own.S'), assembly);
    writeFileSync(join(folder, 'script.ld'), script);
    const sources = assembly === undefined ? parts : [...parts, 'own.S'];
    const objects = sources.map((source, index) => {
      const flags = source.endsWith('.c') ? [...FLAGS.c, ...options] : FLAGS.assembly;
      run(folder, 'gcc', [...flags.map((flag) => flag.replace('ROOT', folder)), '-o', `${index}.part`, source]);
      return `${index}.part`;
    });
    run(folder, 'ld', [...link, '-e', '0', '--no-warn-rwx-segments', '-o', 'image', ...objects]);
    return parseImage(readFileSync(join(folder, 'image')), `${images++}.o`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(cwd: string, command: string, args: readonly string[]): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A target of an image, under the names that it has on the command line. */
export function targetIn(image: Image, contract: string, symbol?: string): AnyTarget {
  return { ...bindTarget(image, contract, symbol), name: symbol ?? contract.replace(/^.*\//, '') };
}

/** As a replay does it: from the case file alone. @throws Error if it says something else */
function repeat(signature: Signature, made: CaseFile): void {
  const file = caseSchema.parse(JSON.parse(JSON.stringify(made)));
  const { runner, values } = openCase(file, 'the case');
  const again = signaturesOf(runner, values);
  if (!again.some((other) => signatureKey(other) === signatureKey(signature)))
    throw new Error(`replayed, the case says ${again.map(signatureKey).join(' and ')}, not ${signatureKey(signature)}`);
}

/** How many cases each cell of the matrix runs. */
const CASES = 1000;

/**
 * `holds`; `finds PROPERTY, ...`; `no verdict: WHY`; `refused: WHY` where a line with exit status 2 would stand; `fails: WHY`
 * where the tool itself does, exit status 3.
 */
export function verdictOf(make: () => AnyTarget, cases = CASES): string {
  try {
    const runner = openRunner(make());
    const { failures, problem } = runBlock(runner, 'matrix', 0, cases);
    for (const { signature, values, block, index } of failures) {
      const made = makeFinding(runner, signature, values, { seed: 'matrix', block, index }, false);
      if (made.unrepeated !== undefined) throw new Error(made.unrepeated);
      repeat(signature, made.case);
    }
    const said = problem === undefined ? [] : [`no verdict: ${problem.text}`];
    const properties = [...new Set(failures.map(({ signature }) => signature.property))].sort();
    if (properties.length > 0) said.push(`finds ${properties.join(', ')}`);
    return said.length === 0 ? 'holds' : said.join('; ');
  } catch (error) {
    const { name, message } = error as Error;
    const [line] = message.replace(/\s+/g, ' ').match(/^.{0,100}/) ?? [''];
    return error instanceof UsageError ? `refused: ${message.replace(/^\d+\.o: /, '')}` : `fails: ${name}: ${line}`;
  }
}
