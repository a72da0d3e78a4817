/**
 * Situations in which code can be, each as a stub and as a program: what is said must be the same, whoever says it. The
 * images are made here, from own sources with an edit.
 */
import { describe, expect, it } from 'vitest';
import { tdxfuzz } from '../cli/run-cli.test.helper.js';
import type { Image } from '../image/image.js';
import { build, canBuild, type Recipe, targetIn, verdictOf } from './matrix.test.helper.js';

/** What a user may do about a symbol that nobody answers. */
const ADVICE =
  'say in tdxfuzz.config.ts what each does, such as surroundings: { mystery: 0 }, or give the file that defines it';

/** What stands in a kernel around the helpers. */
const KERNEL = `
  .macro spin name
  .globl \\name
  .type \\name, @function
\\name: pause
  jmp \\name
  .size \\name, . - \\name
  .endm
  .text
  spin __tdx_hypercall_failed
  spin panic
  .globl __x86_return_thunk
__x86_return_thunk: ret
  int3
`;
const TEXT = 0xffffffff81000000n;
const at = (address: bigint, ...more: readonly string[]): string[] => [
  '-static',
  ...more,
  `-Ttext=0x${address.toString(16)}`,
];

const STUB: Recipe = { parts: ['guest-6.7.S'] };
const HELPER: Recipe = { parts: ['guest-6.7.S', 'helper/hypercall.c'] };
const DISPATCHER: Recipe = {
  parts: ['exit', 'access', 'processor', 'map-gpa', 'userspace-calls', 'hypercall'].map(
    (name) => `dispatcher/${name}.c`,
  ),
};
const HOST_STUB: Recipe = { parts: ['seamcall-6.7.S'] };
const WRAPPER: Recipe = { parts: ['seamcall-6.7.S', 'wrapper/seamcall-6.8.c'] };

/** What the image of each kind is judged by. */
const JUDGED: Readonly<Record<string, (image: Image) => string>> = {
  stub: (image) => verdictOf(() => targetIn(image, 'linux-6.7/__tdcall')),
  'stub with a failure path': (image) => verdictOf(() => targetIn(image, 'linux-6.4/__tdx_hypercall')),
  helper: (image) => verdictOf(() => targetIn(image, 'linux-helpers-7.3/_tdx_hypercall')),
  dispatcher: (image) => verdictOf(() => targetIn(image, 'kvm-7.3/sequence')),
  'host stub': (image) => verdictOf(() => targetIn(image, 'linux-6.7/__seamcall')),
  wrapper: (image) => verdictOf(() => targetIn(image, 'linux-6.8/seamcall_prerr')),
};

type Edits = NonNullable<Recipe['edits']>;

interface Situation {
  readonly name: string;
  /** Kind -> how the image is made. */
  readonly images: Readonly<Record<string, Recipe>>;
  /** What is said: of all kinds, or of each. */
  readonly says: string | Readonly<Record<string, string>>;
}

/** In front of what every guest stub begins with. */
const atEntry = (line: string): Edits => ({
  'guest-6.7.inc': [['\tmovq\t%rdi, %rax\n', `\t${line}\n\tmovq\t%rdi, %rax\n`]],
});
/** In front of what the dispatcher begins with. */
const atExit = (line: string, declarations = ''): Edits => ({
  'dispatcher/exit.c': [
    [
      'int tdx_handle_exit(struct tdx_vcpu *vcpu)\n{\n',
      `${declarations}int tdx_handle_exit(struct tdx_vcpu *vcpu)\n{\n`,
    ],
    ['\tu64 status = vcpu->vp_enter_ret;\n', `\tu64 status = vcpu->vp_enter_ret;\n\t${line}\n`],
  ],
});

/** What C of the dispatcher writes into the stream of the assembler. */
const inline = (text: string): string => `__asm__ volatile("${text}");`;

/** A segment that is writable and executable, as `ld -N` makes it, in which the code counts its calls. */
const COUNTING = {
  edits: atEntry('incl counter(%rip)'),
  assembly: `${KERNEL}\n.data\n.globl counter\ncounter: .long 0\n`,
};
const WRITABLE_CODE = { ...COUNTING, link: at(TEXT, '-N') };

/** Between TDCALL and what comes before it, in every guest stub. */
const aroundCall = (before: string, after: string): Edits => ({
  'guest-6.7.inc': [
    ['\t\\load\n\ttdcall\n', `\t\\load\n\t${before}\n\ttdcall\n\t${after}\n`],
    ['\t\\many\n\ttdcall\n', `\t\\many\n\t${before}\n\ttdcall\n\t${after}\n`],
  ],
});
/** RBP is no argument, and the frame is not looked at. */
const BELOW_RSP = aroundCall('movq\t%rbp, -64(%rsp)', 'movq\t-64(%rsp), %rbp');
const VECTOR = 'movq\t%rdi, %xmm5';
const CANARY = 'cmpq\t$0, %gs:0x28';
/** Per-CPU data that is linked where it lies, as in Linux from v6.15 on. */
const LINKED_PER_CPU = {
  edits: atEntry('cmpl\t$0x55aa, %gs:own_data(%rip)\n\tje\t1f\n\tud2\n1:'),
  assembly: `${KERNEL}\n.section .data..percpu, "aw"\n.globl own_data\nown_data: .long 0x55aa\n`,
  script: `SECTIONS {
    .text 0x${TEXT.toString(16)} : { *(.text) *(.noinstr.text) }
    .data..percpu ALIGN(0x1000) : { *(.data..percpu) }
  }`,
  link: ['-static', '-T', 'script.ld'],
};
const PROTECTED = [
  '-fstack-protector-all',
  '-mstack-protector-guard=tls',
  '-mstack-protector-guard-reg=gs',
  '-mstack-protector-guard-offset=0x28',
];
/** A frame that is read when its function has returned. */
const DEAD_FRAME: Edits = {
  'dispatcher/exit.c': [
    [
      'int tdx_handle_exit(struct tdx_vcpu *vcpu)\n{\n',
      'static volatile u64 *dead;\nint tdx_handle_exit(struct tdx_vcpu *vcpu)\n{\n\tvolatile u64 kept[32];\n\tkept[0] = 1;\n\tdead = kept;\n',
    ],
    ['\tu32 completion = vcpu->completion;\n', '\tu32 completion = *dead == 1 ? vcpu->completion : 99;\n'],
  ],
};
/** R15 is the caller's, and is not saved yet. */
const CLOBBERED = 'xorl\t%r15d, %r15d';
/** Some 600 pages. */
const MANY_PAGES = { edits: atEntry(CLOBBERED), assembly: `${KERNEL}\n.data\n.fill 0x200000, 1, 1\n`, link: at(TEXT) };
const FROM_PAGE_0 = { edits: atEntry(CLOBBERED), assembly: KERNEL, link: ['-shared', '-z', 'noseparate-code'] };
/** As nasm and plain `as` leave them. */
const LABELS: Edits = {
  ...atEntry(`nop\ninner\\@:\n\t${CLOBBERED}`),
  'function.inc': [
    ['\t.type\t\\name, @function\n', ''],
    ['\t.size\t\\name, . - \\name\n', ''],
  ],
};

/** Stack, argument block, return address: where an image begins so that it hits them, and what is said of it. */
const OVERLAPS: readonly (readonly [bigint, string])[] = [
  [0xffffc90000408000n, "LOAD0 lies at 0xffffc90000407000, over the caller's memory at 0xffffc90000408000"],
  [0xffff888012340000n, "LOAD0 lies at 0xffff88801233f000, over the caller's memory at 0xffff888012340000"],
  [0xffffffff9f001000n, "LOAD1 lies at 0xffffffff9f001000, over the caller's memory at 0xffffffff9f001110"],
];

const WRITES_CODE = 'writes to code that the image maps writable and executable: self-modifying code is not modelled';

const SITUATIONS: readonly Situation[] = [
  {
    name: 'the image has functions of its own that never return',
    says: 'holds',
    images: {
      'stub with a failure path': { parts: ['guest-6.4.S'], assembly: KERNEL, link: at(TEXT) },
      helper: { ...HELPER, assembly: KERNEL, link: at(TEXT) },
    },
  },
  {
    name: 'a fault in front of a function of the image that never returns, on another page',
    says: 'finds writes-outputs',
    images: {
      'stub with a failure path': {
        parts: ['guest-6.4.S'],
        edits: { 'guest-6.4.inc': [['9:\tcall', '9:\tmovq\t(%rsp), %rcx\n\tmovq\t%rax, (%rcx)\n\tcall']] },
        assembly: KERNEL.replace('.text', '.text\n  .balign 4096'),
        link: at(TEXT),
      },
    },
  },
  {
    name: 'an exception-fixup entry of a type that is not modelled',
    says: 'no verdict: the exception-fixup entry for __seamcall+0x1e has type 5, which is not modelled',
    images: {
      'host stub': { ...HOST_STUB, edits: { 'seamcall.inc': [['.Lex_type_fault, 2', '.Lex_type_fault, 5']] } },
      wrapper: { ...WRAPPER, edits: { 'seamcall.inc': [['.Lex_type_fault, 2', '.Lex_type_fault, 5']] } },
    },
  },
  {
    name: 'a segment that is writable and executable',
    says: {
      stub: `no verdict: __tdcall+0x4 ${WRITES_CODE}`,
      helper: `no verdict: __tdcall_saved_ret+0x8 ${WRITES_CODE}`,
    },
    images: {
      stub: { ...STUB, ...WRITABLE_CODE },
      helper: { ...HELPER, ...WRITABLE_CODE },
    },
  },
  ...OVERLAPS.map(([address, where]) => ({
    name: `an image that lies over the caller's memory at 0x${address.toString(16)}`,
    says: `refused: ${where}; link it elsewhere`,
    images: {
      stub: { ...STUB, assembly: KERNEL, link: at(address) },
      helper: { ...HELPER, assembly: KERNEL, link: at(address) },
    },
  })),
  {
    name: 'an external symbol that nothing models, beside __x86_return_thunk',
    says: {
      stub: `no verdict: external symbol mystery, called at __tdcall+0x4, is not modelled; ${ADVICE}`,
      helper: `no verdict: external symbol mystery, called at __tdcall_saved_ret+0x8, is not modelled; ${ADVICE}`,
      dispatcher: `no verdict: external symbol mystery, called at tdx_handle_exit+0xd, is not modelled; ${ADVICE}`,
    },
    images: {
      stub: { ...STUB, edits: atEntry('call\tmystery') },
      helper: { ...HELPER, edits: atEntry('call\tmystery') },
      dispatcher: {
        ...DISPATCHER,
        edits: atExit('mystery();', 'void mystery(void);\n'),
        options: ['-mfunction-return=thunk-extern'],
      },
    },
  },
  {
    name: 'a value kept below RSP across the call',
    // Interrupts overwrite the value; in the helper nobody looks at RBP before it is restored, in the dispatcher RBX is a pointer.
    says: {
      stub: 'finds keeps-callee-saved, keeps-stack',
      helper: 'finds keeps-stack',
      dispatcher: 'finds ends-safely, keeps-stack',
    },
    images: {
      stub: { ...STUB, edits: BELOW_RSP },
      helper: { ...HELPER, edits: BELOW_RSP },
      dispatcher: { ...DISPATCHER, edits: atExit(inline('movq %rbx, -64(%rsp); movq -64(%rsp), %rbx')) },
    },
  },
  {
    name: 'an XMM register is changed',
    says: 'finds keeps-vector-state',
    images: {
      stub: { ...STUB, edits: atEntry(VECTOR) },
      helper: { ...HELPER, edits: atEntry(VECTOR) },
      dispatcher: { ...DISPATCHER, edits: atExit(inline('movq %rdi, %xmm5')) },
    },
  },
  {
    name: 'a frame is read when its function has returned',
    says: {
      stub: 'finds keeps-stack, returns-status',
      dispatcher: 'finds chunks-map-gpa, completes-userspace-exit, keeps-stack, leaks-no-host-state',
    },
    images: {
      stub: { ...STUB, edits: aroundCall('nop', 'movq\t-8(%rsp), %rax\n\txorl\t%eax, %eax') },
      dispatcher: { ...DISPATCHER, edits: DEAD_FRAME },
    },
  },
  {
    name: 'a stack canary at %gs:0x28',
    says: 'holds',
    images: {
      stub: { ...STUB, edits: atEntry(CANARY) },
      helper: { ...HELPER, options: PROTECTED },
      dispatcher: { ...DISPATCHER, options: PROTECTED },
    },
  },
  {
    name: 'per-CPU data at its own address',
    says: 'holds',
    images: { stub: { ...STUB, ...LINKED_PER_CPU }, helper: { ...HELPER, ...LINKED_PER_CPU } },
  },
  {
    name: 'labels without type and size in front of the fault',
    says: 'finds keeps-callee-saved',
    images: { stub: { ...STUB, edits: LABELS }, helper: { ...HELPER, edits: LABELS } },
  },
  {
    name: 'page 0 is part of the image',
    says: 'finds keeps-callee-saved',
    images: { stub: { ...STUB, ...FROM_PAGE_0 }, helper: { ...HELPER, ...FROM_PAGE_0 } },
  },
  {
    name: 'a fault in an image of many pages',
    says: 'finds keeps-callee-saved',
    images: { stub: { ...STUB, ...MANY_PAGES }, helper: { ...HELPER, ...MANY_PAGES } },
  },
];

describe.runIf(canBuild)('what is said of', () => {
  for (const { name, images, says } of SITUATIONS)
    describe(name, () => {
      it.each(Object.entries(images))('a %s', (kind, recipe) => {
        const expected = typeof says === 'string' ? says : says[kind];
        expect(JUDGED[kind](build(recipe))).toBe(expected);
      });
    });
});

describe('replay --format json', () => {
  it.each([
    ['a stub', 'missing-scrub-r10-5.19', 'guest-5.19.o', 'missing_scrub_r10'],
    ['a program', 'dispatcher-eagain-is-invalid', 'dispatcher-eagain-is-invalid.o', 'tdx_handle_exit'],
  ])('says of %s how it ended, what was expected and what was found', async (_, id, object, symbol) => {
    const args = ['replay', `corpus/cases/${id}.json`, '--image', `corpus/bugs/${object}`, '--symbol', symbol];
    const { status, stdout } = await tdxfuzz([...args, '--format', 'json']);
    expect(status).toBe(1);
    const { violations, ...rest } = JSON.parse(stdout) as { violations: object[] };
    expect(Object.keys(rest)).toEqual(['end', 'traceIdentical', 'verdict']);
    expect(violations.length).toBeGreaterThan(0);
    for (const violation of violations)
      expect(Object.keys(violation)).toEqual(['actual', 'clause', 'expected', 'place', 'property', 'slot']);
  });
});
