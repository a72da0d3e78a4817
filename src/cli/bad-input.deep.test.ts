/** Whatever is wrong with the input: one clear line on stderr, nothing on stdout, exit status 2, never a stack trace. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { LINUX_6_7 } from '../contract/library/linux-6.7.js';
import { CODE, DATA, type WrittenFile, writeElf } from '../image/elf-writer.test.helper.js';
import {
  BROKEN_TDCALL,
  objectWith,
  type Outcome,
  put,
  removeFolder,
  SOUND_TDCALL,
  tdxfuzz,
  temporaryFolder,
} from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const sound = objectWith('__tdcall', SOUND_TDCALL);
const SOUND = put(folder, 'sound.o', sound);

function changed(name: string, bytes: Uint8Array, at: number, value: number): string {
  const copy = bytes.slice();
  copy[at] = value;
  return put(folder, name, copy);
}

function refused({ status, stdout, stderr }: Outcome, ...wanted: RegExp[]): void {
  expect(stderr).not.toMatch(/\n {4}at |internal error/);
  for (const pattern of wanted) expect(stderr).toMatch(pattern);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(status).toBe(2);
}

/** Runs and checks; arguments before the patterns. */
function row(args: readonly string[], ...wanted: RegExp[]): [string, readonly string[], RegExp[]] {
  return [args.join(' ').replaceAll(folder, '').replaceAll('\x1b', '<ESC>') || '(nothing)', args, wanted];
}

const directory = join(folder, 'directory.o');
mkdirSync(directory);

describe.concurrent('images', () => {
  test.each([
    row(['fuzz', join(folder, 'missing.o')], /missing\.o: no such file/),
    row(['fuzz', directory], /directory\.o: a directory/),
    row(['fuzz', '/dev/zero'], /not a regular file/),
    row(['fuzz', put(folder, 'empty.o', '')], /the file is empty/),
    row(['fuzz', put(folder, 'cut.o', sound.slice(0, 100))], /cut\.o: truncated/),
    row(['fuzz', changed('class32.o', sound, 4, 1)], /32-bit ELF/),
    row(['fuzz', changed('aarch64.o', sound, 18, 0xb7)], /ELF for aarch64; give x86-64 code/),
    row(['fuzz', changed('big-endian.o', sound, 5, 2)], /big-endian ELF/),
    row(['fuzz', put(folder, 'image.efi', `MZ${'\0'.repeat(400)}`)], /image\.efi: [^\n]+; [^\n]+/),
    row(['fuzz', put(folder, 'text.o', 'int main;\n')], /text\.o: not an ELF, COFF or PE file/),
    row(['fuzz', `${folder}/\x1b[2J\x07name.o`], /\\x1b\[2J\\x07name\.o: no such file/),
    row(
      ['fuzz', put(folder, 'none.o', writeElf({ sections: [{ name: '.text', flags: CODE }] }))],
      /none\.o: fits no built-in contract set/,
    ),
    row(
      ['fuzz', put(folder, 'other.o', objectWith('tdcall', SOUND_TDCALL)), '--contract', 'linux-6.7'],
      /no function of linux-6\.7 .*nearest: tdcall/,
    ),
    row(
      ['fuzz', put(folder, 'data.o', dataSymbol()), '--target', '__tdcall=linux-6.7/__tdcall'],
      /"__tdcall" is data, not code/,
    ),
    row(
      ['fuzz', put(folder, 'outside.o', outsideSymbol()), '--contract', 'linux-6.7'],
      /"__tdcall" at 0x[0-9a-f]+ lies outside of every section/,
    ),
    row(
      ['fuzz', put(folder, 'noncanonical', farAway(0x0000_9000_0000_0000n)), '--contract', 'linux-6.7'],
      /no canonical 48-bit address/,
    ),
    row(
      ['fuzz', put(folder, 'on-the-stack', farAway(0xffff_c900_0040_8000n)), '--contract', 'linux-6.7'],
      /over the caller's memory/,
    ),
  ])('%s', async (_name, args, wanted) => refused(await tdxfuzz(args), ...wanted));
});

function dataSymbol(): Uint8Array {
  return writeElf({
    sections: [{ name: '.data', flags: DATA, data: new Uint8Array(16) }],
    symbols: [{ name: '__tdcall', section: '.data', type: 1, size: 8n }],
  });
}

function outsideSymbol(): Uint8Array {
  return objectWith('__tdcall', SOUND_TDCALL, {
    symbols: [{ name: '__tdcall', section: '.text', value: 0x5000n, type: 2, size: 8n }],
  });
}

/** An executable that is linked at an unusual address. */
function farAway(address: bigint): Uint8Array {
  const file: WrittenFile = {
    type: 2,
    sections: [{ name: '.text', flags: CODE, address, data: Uint8Array.from(SOUND_TDCALL) }],
    programs: [{ flags: 5, address, section: '.text' }],
    symbols: [{ name: '__tdcall', section: '.text', value: address, type: 2, size: BigInt(SOUND_TDCALL.length) }],
  };
  return writeElf(file);
}

const body = structuredClone(LINUX_6_7.contracts['__tdcall']) as Record<string, unknown>;
delete body['symbol'];

/** A contract set of one's own, as JSON, with a change in its only contract. */
function contractFile(name: string, change: Record<string, unknown>): string {
  const set = {
    schema: 'tdxfuzz/contracts/1',
    name: 'own',
    title: 'own',
    contracts: { __tdcall: { ...body, ...change } },
  };
  return put(folder, name, JSON.stringify(set));
}

/** Its only contract reaches the host, with a mask of its own. */
const maskFile = (name: string, mask: string): string =>
  contractFile(name, { leaves: [0], inputs: { rax: { constant: '0x0' }, rcx: { constant: mask } } });
const REFUSED_MASK =
  /refused\.json: contracts\.__tdcall: inputs\.rcx: .* 0xfc13 on every call: bits 0 \(RAX\), 1 \(RCX\), 4 \(RSP\) .*; leave out these bits/;

describe.concurrent('contracts, names and options', () => {
  test.each([
    ...['fuzz', 'gate'].map((command) =>
      row([command, SOUND, '--contract', maskFile('refused.json', '0xfc13')], REFUSED_MASK),
    ),
    row(
      ['gate', SOUND, '--contract', maskFile('rbp.json', '0xfc20')],
      /rbp\.json: contracts\.__tdcall: inputs\.rcx: .* 0xfc20 .* NO_RBP_MOD: bit 5 \(RBP\) is set; .*"assumes": \["rbp-mod"\]/,
    ),
    row(['fuzz', SOUND, '--contract', 'linux-6.9'], /no contract set linux-6\.9; nearest: linux-6\.[0-9]/),
    row(['fuzz', SOUND, '--contract', put(folder, 'broken.json', '{ "schema"')], /broken\.json: not JSON/),
    row(
      ['fuzz', SOUND, '--contract', contractFile('field.json', { outputs: { fields: { colour: 'r8' }, when: [] } })],
      /contracts\.__tdcall: outputs\.fields\.colour: no such field/,
    ),
    row(['fuzz', SOUND, '--contract', contractFile('key.json', { colour: 'red' })], /contracts\.__tdcall: .*colour/),
    row(['fuzz', SOUND, '--target', 'nothing'], /--target nothing matches no target/),
    row(['fuzz', SOUND, '--target', '__tdcal=linux-6.7/__tdcall'], /no function "__tdcal"; nearest: __tdcall/),
    row(
      ['fuzz', SOUND, '--target', '__tdcall=linux-6.7/__tdcal'],
      /linux-6\.7 has no function __tdcal; nearest: __tdcall/,
    ),
    row(['fuzz', '--property', 'keeps-stak'], /--property keeps-stak matches no property; nearest: keeps-stack/),
    ...['0', '-1', 'abc', '1e99', '2.5', ''].map((value) =>
      row(['fuzz', '--runs', value], /--runs .*whole number of at least 1/),
    ),
    row(['fuzz', '--workers', '0'], /--workers .*from 1 to 256/),
    row(['fuzz', '--time', 'soon'], /--time .*such as 30s/),
    row(['fuzz', '--time', '1s', '--runs', '5'], /--time.*cannot be used with.*--runs/),
    row(['fuzz', '--seed', ''], /--seed .*one line of text/),
    row(['fuzz', '--format', 'xml'], /--format .*xml.*table, json/),
    row(['fuzz', '--frobnicate'], /unknown option '--frobnicate'/),
    row(['frobnicate'], /unknown command 'frobnicate'/),
    row(['explain', 'keeps-stak'], /no property keeps-stak; nearest: keeps-stack/),
    row(['fuzz', SOUND, '--runs', '5', '--out', SOUND], /--out .*sound\.o/),
  ])('%s', async (_name, args, wanted) => refused(await tdxfuzz(args), ...wanted));
});

describe.concurrent('cases', () => {
  const saved = tdxfuzz(
    [
      'fuzz',
      put(folder, 'broken.o', objectWith('__tdcall', BROKEN_TDCALL)),
      '--runs',
      '300',
      '--workers',
      '1',
      '--seed',
      's',
      '--out',
      join(folder, 'out'),
      '--format',
      'json',
    ],
    { cwd: folder },
  ).then(({ stdout }) => {
    const [finding] = (
      JSON.parse(stdout) as { result: { targets: { findings: { case: Record<string, unknown> }[] }[] } }
    ).result.targets[0].findings;
    return finding.case;
  });

  const calledWith = (file: Record<string, unknown>, values: Record<string, string>): unknown => ({
    ...file,
    steps: [{ action: 'call', values }],
  });

  test.each<[string, (file: Record<string, unknown>) => unknown, RegExp]>([
    ['of a later version', (file) => ({ ...file, schema: 'tdxfuzz/case/3' }), /schema tdxfuzz\/case\/3 is not known/],
    ['with an unknown slot', (file) => calledWith(file, { 'entry.rzx': '0x1' }), /unknown slot entry\.rzx/],
    [
      'with a value of 65 bits',
      (file) => calledWith(file, { 'entry.rax': '0x10000000000000000' }),
      /steps\.0\.values\.entry\.rax/,
    ],
    ['without code', (file) => ({ ...file, code: { ...(file['code'] as object), pages: [] } }), /code\.pages/],
    [
      'with an entry elsewhere',
      (file) => ({ ...file, code: { ...(file['code'] as object), entry: '0x10' } }),
      /code\.entry: 0x10/,
    ],
    ['with control characters in a wrong slot', (file) => calledWith(file, { '\x1b[2J': '0x1' }), /\\x1b\[2J/],
    ['that is a list', () => [], /not a case file/],
  ])('%s', async (name, change, wanted) => {
    const path = put(folder, `${name.replaceAll(' ', '-')}.json`, JSON.stringify(change(await saved)));
    refused(await tdxfuzz(['replay', path]), wanted);
  });

  test('cut in the middle, missing, no case at all', async () => {
    const path = put(folder, 'half.json', JSON.stringify(await saved).slice(0, 500));
    refused(await tdxfuzz(['replay', path]), /half\.json: not JSON/);
    refused(await tdxfuzz(['replay', join(folder, 'missing.json')]), /missing\.json: no such file/);
    refused(await tdxfuzz(['replay', SOUND]), /sound\.o: not JSON/);
  });
});

describe.concurrent('code that cannot be judged has no verdict: a report, one line, exit status 2', () => {
  /** The first argument is called by a relocation if it is a name. */
  const cases: [string, number[], string | undefined, RegExp][] = [
    ['rdmsr', [0x0f, 0x32, 0xc3], undefined, /rdmsr at __tdcall\+0x0 is not part of the contract/],
    ['cpuid', [0x0f, 0xa2, 0xc3], undefined, /cpuid at __tdcall\+0x0 is not part of the contract/],
    ['aesenc', [0x66, 0x0f, 0x38, 0xdc, 0xc1, 0xc3], undefined, /unknown instruction aesenc/],
    [
      'a call of a stranger',
      [0xe8, 0, 0, 0, 0, 0xc3],
      'stranger',
      /stranger, called at __tdcall\+0x0, is not modelled/,
    ],
    [
      'code that writes to itself',
      [0xc6, 0x05, 0, 0, 0, 0, 0x90, 0xc3],
      undefined,
      /writes to code that the image maps writable/,
    ],
  ];
  test.each(cases)('%s', async (name, code, callee, wanted) => {
    const selfWriting = name.includes('itself');
    const object = writeElf({
      sections: [{ name: '.text', flags: selfWriting ? CODE | DATA : CODE, align: 16, data: Uint8Array.from(code) }],
      symbols: [
        { name: '__tdcall', section: '.text', type: 2, size: BigInt(code.length) },
        ...(callee === undefined ? [] : [{ name: callee, section: 'UND' }]),
      ],
      ...(callee !== undefined && {
        relocations: [{ section: '.text', offset: 1n, type: 4, symbol: callee, addend: -4n }],
      }),
    });
    const path = put(folder, `${name.replaceAll(' ', '-')}.o`, object);
    const { status, stdout, stderr } = await tdxfuzz([
      'fuzz',
      path,
      '--contract',
      'linux-6.7',
      '--runs',
      '50',
      '--workers',
      '1',
    ]);
    expect(stderr).toMatch(wanted);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toContain('no verdict');
    expect(status).toBe(2);
  });
});

test('writable and executable memory alone is no obstacle', async () => {
  const object = objectWith('__tdcall', SOUND_TDCALL, {
    sections: [{ name: '.text', flags: CODE | DATA, align: 16, data: Uint8Array.from(SOUND_TDCALL) }],
  });
  const { status, stdout } = await tdxfuzz([
    'fuzz',
    put(folder, 'wx.o', object),
    '--contract',
    'linux-6.7',
    '--runs',
    '200',
  ]);
  expect(stdout).toContain('nothing found');
  expect(status).toBe(0);
});

test('the sound object is untouched by all this', () => {
  expect(new Uint8Array(readFileSync(SOUND))).toEqual(sound);
});

test('a folder for results that cannot be made is said at once, before a single case', async () => {
  // Node's recursive mkdir never returns in /proc (seen with 20.19), so it must not be what finds this out.
  refused(
    await tdxfuzz(['fuzz', SOUND, '--time', '30s', '--out', '/proc/tdxfuzz/results'], { limit: 15_000 }),
    /--out \/proc\/tdxfuzz\/results/,
  );
});
