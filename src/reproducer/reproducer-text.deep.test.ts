/**
 * Reproducers are compiled and run: of a broken twin the violation is seen on the CPU itself, in the register that the
 * finding names; of its fixed twin, by the same case, it is not.
 */
import { describe, expect, it } from 'vitest';
import {
  BLOCK_CONTRACT,
  clear,
  call,
  external,
  HOST_CONTRACT,
  type ImageOptions,
  load,
  move,
  type Piece,
  RET,
  SEAMCALL,
  set32,
  set64,
  SOUND,
  TDCALL,
  TEXT,
} from '../harness/made-function.test.helper.js';
import { madeImage } from '../harness/made-function.test.helper.js';
import { findingOf, fixedCase, type MadeFinding, twinFinding } from '../report/made-finding.test.helper.js';
import { reproducerOf } from './reproducer-of.js';
import { COMPILER, COMPILERS, made, run, sourceOf, twinsReproduced } from './reproducer.test.helper.js';

// Others in `reproducer.deep.test.ts`.
twinsReproduced([
  ['missing-scrub-rsi-6.4', /^VIOLATED: final\.rsi = 0x0, but 0xffffffffffffffff when only host values change$/],
  ['rbx-not-loaded-6.4', /^VIOLATED: call\.rbx = .* when only guest secrets change$/],
  ['carry-lost-seamcall-2023', /^VIOLATED: final\.rax = .* must be 0x8000ff00ffff0000 /],
]);

describe.skipIf(COMPILER === undefined)('the reproducer (needs gcc for x86-64 Linux)', () => {
  it.each(COMPILERS)('is compiled by %s without a warning, and says the same', (compiler) => {
    const source = sourceOf(twinFinding('seam-missing-scrub-rdx-6.7'));
    expect(run('each', source, compiler).verdict).toBe(run('each', source).verdict);
  });

  it('prints what the host sees under the mask, and nothing else', () => {
    const { all } = run('mask', sourceOf(twinFinding('mask-without-r15-5.19')));
    expect(all).toMatch(
      /TDG\.VP\.VMCALL, mask 0x7c00 shows the host\n( {4}r1[0-4] +0x[0-9a-f]{16}\n){5} {2}end: returned/,
    );
  });

  it('names the function that never returns', () => {
    const broken = twinFinding('failure-by-low-half-6.4');
    const fixed = run('stops', sourceOf(fixedCase('failure-by-low-half-6.4', broken)));
    expect(fixed.all).toMatch(/end: (stopped in __tdx_hypercall_failed|trapped)/);
    expect(fixed.status).toBe(0);
  });
});

/** The violation of a made function: RBX is another at the return. */
function madeFinding(pieces: readonly Piece[], options: ImageOptions = {}, contract = BLOCK_CONTRACT): MadeFinding {
  const image = madeImage(pieces, options);
  const symbol = options.symbol ?? 'f';
  const target = { name: symbol, symbol, set: 'made', contract: { ...contract, symbol }, image };
  return findingOf(target, { property: 'keeps-callee-saved', slot: 'final.rbx' });
}

const WITHOUT_RET = SOUND.slice(0, -1);
const CLOBBERED = [...WITHOUT_RET, set32('rbx', 5), RET];

describe('there is no reproducer, and it is said why', () => {
  const reason = (finding: MadeFinding): string => {
    const program = made(finding);
    return 'reason' in program ? program.reason : 'there is one';
  };

  it.each<[what: string, pieces: readonly Piece[], why: RegExp]>([
    ['code that knows where it lies', [set64('r11', TEXT + 3n), ...CLOBBERED], /absolute address of the image$/],
    [
      'a 32-bit address that is sign-extended',
      [[0x49, 0xc7, 0xc3, 0x10, 0x00, 0x00, 0x81], ...CLOBBERED],
      /absolute address of the image$/,
    ],
    [
      'an access at an absolute address',
      [[0x4c, 0x8b, 0x1c, 0x25, 0x10, 0x00, 0x00, 0x81], ...CLOBBERED],
      /absolute address of the image$/,
    ],
    ['per-CPU data', [[0x65, 0x4c, 0x8b, 0x1c, 0x25, 0x28, 0, 0, 0], ...CLOBBERED], /segment of its own/],
  ])('of %s', (_, pieces, why) => expect(reason(madeFinding(pieces))).toMatch(why));

  it('of what a program cannot see of itself', () => {
    expect(reason(twinFinding('red-zone-5.19'))).toMatch(/below RSP leaves no trace/);
    expect(reason(twinFinding('table-indexed-by-r10-6.3'))).toMatch(/cannot see the fact addresses/);
    expect(reason(twinFinding('interrupts-left-off-6.4'))).toMatch(/can only set DF/);
  });

  it('but RIP-relative code, and calls of thunks, have one', () => {
    // `lea f(%rip), %r11`, then a call of a thunk that returns.
    const relative: Piece[] = [[0x4c, 0x8d, 0x1d, 0, 0, 0, 0], call(external(0)), ...CLOBBERED];
    expect(reason(madeFinding(relative, { externals: ['__fentry__'] }))).toBe('there is one');
  });
});

describe('names out of a hostile file', () => {
  const HOSTILE = [
    'f */ int evil(void) { return 0; } /*',
    'f??/',
    'f\\',
    'f"; system("id"); //',
    "f'`$(touch /tmp/owned)`",
    'f\n#include "/etc/passwd"',
    'f%s%n%d',
    'größe\u202e',
  ];

  it.each(HOSTILE)('%j stays in its comment or string', (name) => {
    const source = sourceOf(
      madeFinding([call(external(0)), ...CLOBBERED], { symbol: name, externals: ['__fentry__'] }),
    );
    const comment = /^\/\*[\s\S]*?\*\//.exec(source)?.[0] ?? '';
    expect(source.slice(comment.length)).toMatch(/^\n#define _GNU_SOURCE\n#include <setjmp\.h>/);
    expect(comment.split('\n').at(-1)).toBe(' */');
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(source).not.toMatch(/[^\x00-\x7f]|[\x00-\x08\x0b-\x1f]|\?\?|\\\n/);
    if (COMPILER === undefined) return;
    const shown = run('hostile', source);
    expect(shown.status).toBe(1);
    expect(shown.verdict).toMatch(/^VIOLATED: final\.rbx = 0x5, must be 0x5ec2e7035ec2e703 \(initial\.rbx\)$/);
  });
});

it('is a pure function of the finding', () => {
  expect(sourceOf(twinFinding('pops-swapped-5.19'))).toBe(sourceOf(twinFinding('pops-swapped-5.19')));
});

it('of a host stub answers SEAMCALL and not TDCALL', () => {
  const pieces: Piece[] = [clear('rcx'), SEAMCALL, move('rbx', 'rax'), RET];
  const host = madeFinding(pieces, {}, HOST_CONTRACT);
  expect(sourceOf(host)).toContain('IS_SEAMCALL = 1');
  const guest = madeFinding([load('r10', 'rdi'), clear('rax'), set32('rcx', 0x400), TDCALL, set32('rbx', 5), RET]);
  expect(sourceOf(guest)).toContain('IS_SEAMCALL = 0');
});

describe('of what comes from a folder', () => {
  const { finding } = twinFinding('missing-scrub-r10-5.19');

  it('a case that the tool would not have written has none, and one line says why', () => {
    const hostile = structuredClone(finding);
    hostile.case.code.pages[0].address = '0x800000000000';
    expect(reproducerOf(hostile)).toEqual({ reason: expect.stringMatching(/^[^\n]*no page can lie at[^\n]*$/) });
  });

  it('a finding that its case does not repeat has none either', () => {
    expect(reproducerOf(finding)).toHaveProperty('source');
    expect(reproducerOf({ ...finding, place: 'missing_scrub_r10+0x1' })).toEqual({
      reason: expect.stringContaining('does not find it') as string,
    });
    expect(reproducerOf({ ...finding, unrepeated: 'seen' })).toEqual({ reason: 'its case does not repeat it' });
  });
});
