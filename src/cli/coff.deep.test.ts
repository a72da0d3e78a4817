/** COFF and PE end to end: a Microsoft x64 stub in every form of file, a contract as JSON, findings, replay without the image. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  clear,
  jnz,
  jz,
  load,
  move,
  type Piece,
  pop,
  push,
  RET,
  assemble,
  store,
  TDCALL,
  test64,
} from '../harness/made-function.test.helper.js';
import { COFF_CODE, fields, writeCoff, writePe } from '../image/coff-writer.test.helper.js';
import { put, removeFolder, tdxfuzz, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const OUTPUTS = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;
const NAME = 'module_call';

/** u64 module_call(u64 leaf, u64 rcx, u64 rdx, u64 r8, struct results *out): the fifth parameter is on the stack. */
function stub(spoil: readonly Piece[]): Uint8Array {
  const stores = OUTPUTS.map((register, index) => store('rbx', index * 8, register));
  const storing = stores.flat().length;
  return assemble([
    push('rbx'),
    load('rbx', 'rsp', 48),
    move('rax', 'rcx'),
    move('rcx', 'rdx'),
    move('rdx', 'r8'),
    move('r8', 'r9'),
    TDCALL,
    test64('rax'),
    jnz(test64('rbx').length + 2 + storing),
    test64('rbx'),
    jz(storing),
    ...stores,
    ...spoil,
    pop('rbx'),
    RET,
  ]);
}

const SOUND = stub([]);
/** MOVAPS XMM6, XMM0; RSI and XMM6 belong to the caller, as they do not in System V. */
const BROKEN = stub([clear('rsi'), [0x0f, 0x28, 0xf0]]);

const CONTRACT = put(
  folder,
  'contract.json',
  JSON.stringify({
    schema: 'tdxfuzz/contracts/1',
    name: 'own',
    title: 'A stub of Microsoft x64',
    contracts: {
      [NAME]: {
        source: 'this test',
        convention: 'ms-x64',
        instruction: 'tdcall',
        parameters: [
          { kind: 'leaf', name: 'leaf', place: { register: 'rcx' } },
          { kind: 'value', name: 'rcx', place: { register: 'rdx' } },
          { kind: 'value', name: 'rdx', place: { register: 'r8' } },
          { kind: 'value', name: 'r8', place: { register: 'r9' } },
          { kind: 'block', name: 'out', place: { stack: 0 }, nullable: true },
        ],
        block: { size: 48, fields: Object.fromEntries(OUTPUTS.map((register, index) => [register, index * 8])) },
        inputs: {
          rax: { parameter: 'leaf' },
          rcx: { parameter: 'rcx' },
          rdx: { parameter: 'rdx' },
          r8: { parameter: 'r8' },
        },
        leaves: [1, 3, 4],
        outputs: {
          fields: Object.fromEntries(OUTPUTS.map((register) => [register, register])),
          when: ['block-given', 'status-success'],
        },
        returns: 'status',
        onFailure: 'returns',
        scrubsHostValues: false,
        redZone: false,
        vectorState: 'convention',
      },
    },
  }),
);

/** The stub behind 16 bytes of something else, in one form of file. @returns the path */
type Form = (name: string, code: Uint8Array) => string;

const object =
  (big: boolean): Form =>
  (name, code) => {
    const symbols = [{ name: NAME, section: '.text$mn', value: 16 }];
    const bytes = writeCoff({ big, sections: [{ name: '.text$mn', flags: COFF_CODE, data: behind(code) }], symbols });
    return put(folder, `${name}.obj`, bytes);
  };

/** Its name is in the link map. */
const application: Form = (name, code) => {
  const bytes = writePe({
    base: 0n,
    sections: [{ name: '.text', flags: 0x60000020, address: 0x1000, data: behind(code) }],
  });
  writeFileSync(
    join(folder, `${name}.map`),
    ` Preferred load address is 0000000000000000\n\n 0001:00000010       ${NAME}                0000000000001010 f   a.obj\n`,
  );
  return put(folder, `${name}.efi`, bytes);
};

/** Its name is an export. */
const library: Form = (name, code) => {
  const exported = new Uint8Array(0x50);
  exported.set(fields([8, 0], [8, 0], [4, 1], [4, 1], [4, 1], [4, 0x2028], [4, 0x202c], [4, 0x2030]));
  exported.set(fields([4, 0x1010], [4, 0x2034], [4, 0]), 0x28);
  exported.set(Buffer.from(`${NAME}\0`), 0x34);
  const sections = [
    { name: '.text', flags: 0x60000020, address: 0x1000, data: behind(code) },
    { name: '.edata', flags: 0x40000040, address: 0x2000, data: exported },
  ];
  return put(folder, `${name}.dll`, writePe({ sections, directories: { 0: [0x2000, 0x50] } }));
};

function behind(code: Uint8Array): Uint8Array {
  return new Uint8Array([...new Uint8Array(16).fill(0xcc), ...code]);
}

describe.each<[what: string, form: Form]>([
  ['object', object(false)],
  ['big-object', object(true)],
  ['application', application],
  ['library', library],
])('an %s', (what, form) => {
  const few = ['--contract', CONTRACT, '--runs', '1000', '--seed', 'one seed', '--workers', '1'];

  test('with a sound stub: nothing is found', async () => {
    const { status, stdout, stderr } = await tdxfuzz([
      'fuzz',
      form(`sound-${what}`, SOUND),
      ...few,
      '--out',
      join(folder, `sound-out-${what}`),
    ]);
    expect(stderr).toBe('');
    expect(stdout).toContain('nothing found in 1,000 cases on 1 target');
    expect(status).toBe(0);
  });

  test('with a broken one: both mistakes are found, and replayed without the image', async () => {
    const out = join(folder, `out-${what}`);
    const path = form(`broken-${what}`, BROKEN);
    const { status, stdout } = await tdxfuzz(['fuzz', path, ...few, '--out', out]);
    expect(status).toBe(1);
    expect(stdout).toContain('equal(final.rsi, initial.rsi)');
    expect(stdout).toMatch(/equal\(final\.xmm6\.(low|high), initial\.xmm6\.(low|high)\)/);
    expect(stdout).toContain('2 findings in 1,000 cases');
    writeFileSync(path, '');
    for (const [, stored] of stdout.matchAll(/tdxfuzz replay (\S+)/g)) {
      const replayed = await tdxfuzz(['replay', stored]);
      expect(replayed.stdout).toContain('the trace is identical to the stored one');
      expect(replayed.status).toBe(1);
    }
    const report = await tdxfuzz(['report', out, '--format', 'markdown']);
    expect(report.stdout).toContain(`broken-${what}`);
  });
});
