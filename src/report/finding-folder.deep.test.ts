/** A finding's folder: complete, the same each time, and with no name in it but the tool's own. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCase } from '../stored/case-file.js';
import { findingName } from '../stored/write-case.js';
import { type FolderFiles, writeFolder } from '../stored/write-folder.js';
import { validateContractSet } from '../contract/validate.js';
import { UsageError } from '../errors.js';
import { BLOCK_CONTRACT, madeImage, type Piece, RET, set32, SOUND } from '../harness/made-function.test.helper.js';
import { imageOf } from '../play/stub-program.test.helper.js';
import { openRunner } from '../run/open-runner.js';
import type { ProgramTarget } from '../run/target.js';
import { type Reproducer, reproducer } from '../reproducer/reproducer.js';
import { reproducerOf } from '../reproducer/reproducer-of.js';
import { runBlock } from '../campaign/blocks/block.js';
import { makeFinding } from '../campaign/records/make-finding.js';
import type { FindingResult } from '../campaign/records/result.js';
import { builtInPrograms } from '../campaign/targets/built-in-targets.js';
import { functionExtent } from '../stage/functions.js';
import { findFunction } from '../image/symbols.js';
import { findingFolder } from './finding-folder.js';
import { findingOf, type MadeFinding, twinFinding } from './made-finding.test.helper.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-folder-'));
afterAll(() => rmSync(folder, { recursive: true }));

const REPLAY = "tdxfuzz replay 'it'\\''s here/case.json'";
const folderOf = (finding: FindingResult, made: Reproducer): FolderFiles =>
  findingFolder({ finding, others: [], alsoBreaks: [], isAccepted: false }, made, REPLAY);
const filesOf = ({ finding, runner, account }: MadeFinding): FolderFiles =>
  folderOf(finding, reproducer(runner, account, finding.case));
const text = (files: FolderFiles, name: string): string => {
  const content = files[name];
  if (typeof content !== 'string') throw new Error(`${name} is no text`);
  return content;
};

describe('the folder of a stub', () => {
  const found = twinFinding('missing-scrub-rsi-6.4');
  const files = filesOf(found);

  it('has the case, the trace, the bytes, the listing, the contract, the commands, the reproducer', () => {
    expect(Object.keys(files).sort()).toEqual([
      'README.txt',
      'case.json',
      'contract.json',
      'disassembly.txt',
      'function.bin',
      'reproducer.c',
      'trace.txt',
    ]);
    const { runner, finding } = found;
    const { image, entry } = runner;
    const [segment] = image.segments.filter(({ address, size }) => entry >= address && entry < address + BigInt(size));
    const start = Number(entry - segment.address);
    expect(Buffer.from(files['function.bin'] as Uint8Array).toString('hex')).toBe(
      Buffer.from(segment.bytes.subarray(start, start + runner.size)).toString('hex'),
    );
    expect(text(files, 'disassembly.txt')).toMatch(/\n> +\+0x44 +66 0f 01 cc +tdcall\n/);
    expect(text(files, 'README.txt')).toContain(`\n  ${REPLAY}\n`);
    expect(text(files, 'README.txt')).toContain('final.rsi');
    expect(text(files, 'README.txt')).toContain('\n  source    docs/abi/hardening.md#scrub-host-values\n');
    expect(text(files, 'README.txt')).toMatch(/^ {4}> +21 +missing_scrub_rsi\+0x44 +tdcall/m);
    expect(text(files, 'README.txt')).toContain('gcc -O1 -o reproducer reproducer.c');
    expect(JSON.parse(text(files, 'case.json'))).toEqual(JSON.parse(JSON.stringify(finding.case)));
  });

  it('has the whole trace, the instruction to blame marked, without colour', () => {
    const lines = text(files, 'trace.txt').split('\n');
    expect(lines.filter((line) => /^ {4}> +21 +missing_scrub_rsi\+0x44 +tdcall/.test(line))).toHaveLength(1);
    const steps = lines.filter((line) => /^ {4}[ >] +\d+ +missing_scrub_rsi\+0x/.test(line));
    expect(steps).toHaveLength(found.account.trace.steps.length);
    expect(text(files, 'trace.txt')).not.toContain('\x1b');
  });

  it('has a contract that the command line takes', () => {
    const set = validateContractSet(JSON.parse(text(files, 'contract.json')) as unknown, 'contract.json');
    expect(set.contracts).toEqual({ __tdx_hypercall_ret: found.runner.target.contract });
  });

  it('is the same again', () => expect(filesOf(twinFinding('missing-scrub-rsi-6.4'))).toEqual(files));

  it('says why where there is no reproducer', () => {
    const without = filesOf(twinFinding('red-zone-5.19'));
    expect(Object.keys(without)).not.toContain('reproducer.c');
    expect(text(without, 'README.txt')).toMatch(/There is no reproducer\.c: an access below RSP/);
  });
});

it('the folder of a program has its story, and says that there is no reproducer', () => {
  const clean = builtInPrograms().find(
    ({ name }) => name.endsWith('kvm-7.3/sequence') || name.endsWith('7.3/sequence'),
  );
  if (clean === undefined) throw new Error('no such program');
  const target: ProgramTarget = { ...clean, image: imageOf('corpus/bugs/dispatcher-eagain-is-invalid.o') };
  const runner = openRunner(target);
  const [{ signature, values }] = runBlock(runner, 'p', 0, 600).failures;
  const made = makeFinding(runner, signature, values, null);
  const finding: FindingResult = { ...signature, hits: 1, first: { block: 0, index: 0 }, ...made };
  const files = folderOf(finding, reproducerOf(finding));
  expect(Object.keys(files)).not.toContain('reproducer.c');
  expect(text(files, 'README.txt')).toMatch(/There is no reproducer\.c: the code calls functions around it/);
  expect(text(files, 'trace.txt')).toMatch(/^ {4}1\. vCPU 0: MapGPA[\s\S]*the whole run/m);
  // What the experiment said stands beside the values.
  expect(text(files, 'trace.txt')).toMatch(/2\.ret +EAGAIN \(0xb\) +must be this: none of \d+ others tried fails/);
  // Words, with the numbers beside them.
  for (const name of ['README.txt', 'trace.txt']) {
    expect(text(files, name)).toContain('nr=KVM_HC_MAP_GPA_RANGE (0xc)');
    expect(text(files, name)).toContain('r10=INVALID_OPERAND (0x8000000000000000), must be RETRY (1)');
  }
  const { size } = functionExtent(target.image, findFunction(target.image, target.symbol));
  expect((files['function.bin'] as Uint8Array).length).toBe(size);
  const set = validateContractSet(JSON.parse(text(files, 'contract.json')) as unknown, 'contract.json');
  expect(Object.keys(set.programs ?? {})).toHaveLength(1);
});

describe('names out of a hostile file', () => {
  const EVIL = "../../etc/f\x1b]0;owned\x07\r\nfake: nothing found\u202e`$(touch /tmp/owned)`'";
  const pieces: Piece[] = [...SOUND.slice(0, -1), set32('rbx', 5), RET];
  const target = {
    name: EVIL,
    symbol: EVIL,
    set: 'made',
    contract: { ...BLOCK_CONTRACT, symbol: EVIL },
    image: { ...madeImage(pieces, { symbol: EVIL }), name: EVIL },
  };
  const found = findingOf(target, { property: 'keeps-callee-saved', slot: 'final.rbx' });
  const files = filesOf(found);

  it('are in no file name', () => {
    for (const name of Object.keys(files)) expect(name).toMatch(/^[A-Za-z]+\.[a-z]+$/);
    expect(findingName(found.finding.case)).toMatch(/^keeps-callee-saved-[0-9a-f]{10}$/);
  });

  it.each(['README.txt', 'trace.txt', 'disassembly.txt', 'reproducer.c'])('are escaped in %s', (name) => {
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(text(files, name)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f\u202e]/);
    expect(text(files, name)).not.toContain('\nfake:');
  });

  it('are one word of the shell', () => {
    const [command] = /^ {2}.*--symbol .*$/m.exec(text(files, 'README.txt')) ?? [''];
    expect(command).toMatch(/--symbol '\.\.\/\.\.\/etc\/f\\x1b.*`\$\(touch \/tmp\/owned\)`'\\'''$/);
  });
});

describe('writing a folder', () => {
  it('writes every file, and makes the folders above it', () => {
    const path = writeFolder(join(folder, 'a/b'), 'finding-1', { 'a.txt': 'text', 'b.bin': Uint8Array.of(1, 2) });
    expect(readdirSync(path).sort()).toEqual(['a.txt', 'b.bin']);
    expect([...readFileSync(join(path, 'b.bin'))]).toEqual([1, 2]);
  });

  it.each(['..', '../x', '', 'a/b', 'A', 'a'.repeat(81)])('takes no folder of the name %j', (name) => {
    expect(() => writeFolder(folder, name, {})).toThrow(RangeError);
  });

  it.each(['..', '../x', '', 'a/b', '.x', 'a\0', 'a'.repeat(41)])('takes no file of the name %j', (name) => {
    expect(() => writeFolder(folder, 'taken', { 'ok.txt': '', [name]: '' })).toThrow(RangeError);
    expect(existsSync(join(folder, 'taken'))).toBe(false);
  });

  it('says in one line where it cannot write', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => writeFolder(join(folder, 'file'), 'x', { 'a.txt': '' })).toThrow(UsageError);
  });
});

it('a folder is read as the case in it; one without a case is no case', () => {
  const found = twinFinding('pops-swapped-5.19');
  const path = writeFolder(folder, findingName(found.finding.case), filesOf(found));
  expect(readCase(path)).toEqual(readCase(join(path, 'case.json')));
  expect(() => readCase(folder)).toThrow(/a folder; give the path of a case\.json/);
});
