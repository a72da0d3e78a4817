/** A stand-in for KVM's own object under the adapter, the reference and the properties: sound in several forms, and broken. */
import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { Dice } from '../../../case/dice.js';
import { makeCase } from '../../../stored/make-case.js';
import { openCase } from '../../../stored/open-case.js';
import { openRunner, createPlayRunner } from '../../../run/open-runner.js';
import type { ProgramTarget } from '../../../run/target.js';
import { drawStory } from '../../../story/case-space.js';
import { findToolchain } from '../../../targets/toolchain.js';
import { type CodeEdit, StandIns, standInTarget } from './stand-in.test.helper.js';

const standIns = new StandIns();
afterAll(() => standIns.remove());
const toolchain = findToolchain();
const hasClang = spawnSync('clang', ['--version']).status === 0;

/** Properties that drawn stories violate, and classes that they have. */
function play(target: ProgramTarget, stories: number): { violated: string[]; problems: string[]; seen: Set<string> } {
  const runner = createPlayRunner(target);
  const dice = new Dice([6, 2, 8, 3]);
  const violated = new Set<string>();
  const problems = new Set<string>();
  const seen = new Set<string>();
  for (let count = 0; count < stories; count++) {
    for (const { clause } of runner.run(drawStory(runner.space, dice)) ?? []) violated.add(clause.property.name);
    if (runner.play.problem !== '') problems.add(runner.play.problem);
    for (const { name, holds } of runner.session.classes) if (holds(runner.play)) seen.add(name);
  }
  return { violated: [...violated].sort(), problems: [...problems], seen };
}

const FORMS: readonly [string, readonly string[], string][] = [
  ['gcc -O2', ['-O2', '-g'], 'gcc'],
  ['gcc -Os, another layout', ['-Os', '-gdwarf-5', '-DOTHER_LAYOUT'], 'gcc'],
  ['gcc -O0, DWARF 4', ['-O0', '-gdwarf-4'], 'gcc'],
  ['gcc -O3, compressed debug sections', ['-O3', '-g', '-gz=zlib', '-DOTHER_LAYOUT'], 'gcc'],
  ['gcc with return thunks', ['-O2', '-g', '-mfunction-return=thunk-extern', '-mindirect-branch=thunk-extern'], 'gcc'],
  ...(hasClang ? [['clang -O2', ['-O2', '-g', '-Wno-everything'], 'clang'] as [string, string[], string]] : []),
];

const BROKEN: readonly [mistake: string, property: string, edit: CodeEdit][] = [
  [
    'the direction of a port access is cut to 32 bits',
    'validates-all-64-bits',
    [
      'u64 size = args->r12, write = args->r13, port = args->r14, value = 0;',
      'u64 size = args->r12, port = args->r14, value = 0; u32 write = args->r13;',
    ],
  ],
  ['the port is cut to 16 bits', 'validates-all-64-bits', [' || port > 0xffff)', ')']],
  [
    'the value of a read in the kernel is not initialised',
    'leaks-no-host-state',
    [
      'u64 size = args->r12, write = args->r13, gpa = args->r14;\n\tu64 value = 0;',
      'u64 size = args->r12, write = args->r13, gpa = args->r14;\n\tu64 value;',
    ],
  ],
  [
    'EAGAIN is no retry',
    'completes-userspace-exit',
    [
      'return stop_at(vcpu, tdx->map_gpa_next, 1);\n\tif (error == EINVAL)',
      'return stop_at(vcpu, tdx->map_gpa_next, INVALID_OPERAND);\n\tif (error == EINVAL)',
    ],
  ],
  ['a chunk is converted twice', 'chunks-map-gpa', ['tdx->map_gpa_next += CHUNK;', 'tdx->map_gpa_next += CHUNK / 2;']],
  [
    'modifier bits hide a TDVMCALL',
    'decodes-exit-reason',
    ['u16 reason = tdx->vt.exit_reason;', 'u32 reason = tdx->vt.exit_reason;'],
  ],
  ['a machine check ends the run', 'decodes-exit-reason', [' || (information & 0x800007ff) == 0x80000312)', ')']],
  ['userspace is not told of a bus lock', 'decodes-exit-reason', ['if (result > 0) {', 'if (result > 1) {']],
  [
    'nobody completes GetQuote',
    'completes-userspace-exit',
    [
      'return exit_tdx(vcpu, UNSUPPORTED, complete_tdx);\n}\n\nstatic int serve_notify_vector',
      'return exit_tdx(vcpu, UNSUPPORTED, NULL);\n}\n\nstatic int serve_notify_vector',
    ],
  ],
  [
    'EFER can be written',
    'answers-status',
    ['if (is_read_only(msr->index) || !is_emulated(msr->index))', 'if (!is_emulated(msr->index))'],
  ],
  ['HLT never blocks interrupts', 'routes-subfunction', ['return args->r11 != 12 || !args->r12;', 'return 1;']],
  [
    'the arguments of a hypercall are shifted',
    'routes-subfunction',
    ['vcpu->arch.regs[RSI] = args->r14;', 'vcpu->arch.regs[RSI] = args->r15;'],
  ],
  [
    'the shared bit stays in an address',
    'exits-to-userspace',
    ['vcpu->run->tdx.a = args->r12 & ~shared_bit(vcpu);', 'vcpu->run->tdx.a = args->r12;'],
  ],
  [
    'RDMSR writes RDX',
    'writes-only-results',
    ['args->r11 = vcpu->arch.regs[RAX] |', 'args->rdx = 0, args->r11 = vcpu->arch.regs[RAX] |'],
  ],
];

describe.skipIf(toolchain === undefined)("KVM's own object, as a stand-in", () => {
  test.each(FORMS)('%s: silent, with every class that it can have', (_, options, compiler) => {
    const path = standIns.build(options, undefined, compiler);
    const one = play(standInTarget(path, 'one-exit'), 2500);
    expect([one.violated, one.problems]).toEqual([[], []]);
    const several = play(standInTarget(path, 'sequence'), 300);
    expect([several.violated, several.problems]).toEqual([[], []]);
    for (const name of ['KVM_EXIT_TDX', 'KVM_EXIT_MMIO', 'KVM_EXIT_IO', 'KVM_EXIT_HYPERCALL', 'KVM_EXIT_X86_BUS_LOCK'])
      expect(one.seen).toContain(name);
  });

  test.each(BROKEN)('%s: %s', (_, property, edit) => {
    const { violated, problems } = play(standInTarget(standIns.build(undefined, edit), 'one-exit'), 2500);
    expect(violated).toContain(property);
    expect(problems).toEqual([]);
  });

  test('a stored case has all that a replay needs', () => {
    const [, , edit] = BROKEN[1];
    const runner = openRunner(standInTarget(standIns.build(undefined, edit), 'one-exit'));
    let checked = 0;
    runner.space.each([1, 2, 3, 4], 400, (values) => {
      const [violation] = runner.run(values) ?? [];
      if (violation === undefined || checked++ > 1) return;
      const file = makeCase(runner, values, undefined, null);
      const again = openCase(file, 'case.json');
      expect(again.runner.run(again.values)).toHaveLength(runner.run(values)?.length ?? 0);
      expect(again.runner.problem).toBe('');
    });
    expect(checked).toBeGreaterThan(0);
  });
});
