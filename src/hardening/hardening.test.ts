/** Every rule finds a function that breaks it in an image that otherwise keeps it, and is silent on functions that keep it in different ways. */
import { describe, expect, test } from 'vitest';
import { assemble, hasAssembler } from '../audit/stand-ins.test.helper.js';
import type { Image } from '../image/image.js';
import { findFunction } from '../image/symbols.js';
import { judgeHardening, promisesOf } from './hardening.js';
import { HARDENING_RULES, type HardeningRule } from './rules.js';

/** What follows a call: the status is looked at, and the host's registers are cleared. */
const VMCALL = 'xor %eax,%eax; mov $0x7c00,%ecx; xor %r10d,%r10d; mov %rdi,%r11; tdcall';
const SCRUB = 'xor %r11d,%r11d; xor %r12d,%r12d; xor %r13d,%r13d; xor %r14d,%r14d';

interface StandIns {
  /** What all others of the image are like. */
  usual: string;
  broken: Readonly<Record<string, string>>;
  clean: Readonly<Record<string, string>>;
  /** Put behind the functions. */
  more?: string;
  /** Section of the functions. */
  section?: string;
}

const STAND_INS: Readonly<Record<HardeningRule, StandIns>> = {
  'return-speculation': {
    usual: 'mov %rdi,%rax; ret; int3',
    broken: { bare_return: 'mov %rdi,%rax; ret', bare_release: 'mov %rdi,%rax; ret $8; nop' },
    clean: { guarded: 'xor %eax,%eax; ret; int3; int3', thunked: 'jmp __x86_return_thunk', endless: '1: jmp 1b' },
  },
  'landing-pad': {
    usual: 'endbr64; ret',
    broken: { no_pad: 'mov %rdi,%rax; ret', pad_behind: 'nop; endbr64; ret' },
    clean: { padded: 'endbr64; mov %rdi,%rax; ret', padded_jump: 'endbr64; jmp padded' },
  },
  'indirect-branch': {
    usual: 'call __x86_indirect_thunk_rax; ret',
    broken: { call_register: 'call *%rax; ret', jump_register: 'jmp *%rdx', call_table: 'call *(%rdi,%rax,8); ret' },
    clean: {
      call_direct: 'call call_register; ret',
      through_thunk: 'jmp __x86_indirect_thunk_r11',
      patched: 'call *operations(%rip); ret',
    },
    more: '.data\noperations: .quad 0\n',
  },
  'frame-pointer': {
    usual: 'push %rbp; mov %rsp,%rbp; call other; pop %rbp; ret',
    broken: {
      no_frame: 'sub $8,%rsp; call other; add $8,%rsp; ret',
      frame_late: 'call other; push %rbp; mov %rsp,%rbp; call other; pop %rbp; ret',
    },
    clean: {
      leaf: 'mov %rdi,%rax; ret',
      framed: 'push %rbp; mov %rsp,%rbp; push %rbx; mov %edi,%ebx; call other; pop %rbx; pop %rbp; ret',
    },
  },
  'leaves-noinstr': {
    usual: 'call inner_0; ret',
    broken: { calls_out: 'call printk; ret', jumps_out: 'jmp printk' },
    clean: { stays: 'mov %rdi,%rax; ret', thunked: 'jmp __x86_return_thunk' },
    section: '.noinstr.text,"ax",@progbits',
  },
  'constant-mask': {
    usual: `${VMCALL}; ${SCRUB}; ret`,
    broken: {
      mask_of_caller: 'xor %eax,%eax; mov %rsi,%rcx; mov %rdi,%r11; tdcall; ret',
      leaf_of_memory: 'mov (%rdi),%rax; mov $0x7c00,%ecx; tdcall; ret',
    },
    clean: {
      plain: `${VMCALL}; mov %r10,%rax; ret`,
      leaf_only: 'mov $1,%eax; mov %rdi,%rcx; tdcall; ret',
      none: 'ret',
    },
  },
  'fixup-covers': {
    usual: 'ret',
    broken: {
      one_late:
        '1: seamcall; 2: mov %rdi,%rax; 3: ret\n.pushsection __ex_table,"a"; .long 2b+1-., 3b-., 3; .popsection',
      into_one:
        '1: seamcall; 2: mov %rdi,%rax; 3: ret\n.pushsection __ex_table,"a"; .long 1b-., 2b+1-., 3; .popsection',
      only_first: '1: seamcall; seamcall; 3: ret\n.pushsection __ex_table,"a"; .long 1b-., 3b-., 3; .popsection',
    },
    clean: {
      covered: '1: seamcall; 3: ret\n.pushsection __ex_table,"a"; .long 1b-., 3b-., 3; .popsection',
      both: '1: seamcall; 2: seamcall; 3: ret\n.pushsection __ex_table,"a"; .long 1b-., 3b-., 3, 2b-., 3b-., 3; .popsection',
    },
  },
  'unreachable-code': {
    usual: 'test %rdi,%rdi; jz 1f; mov %rdi,%rax; 1: ret',
    broken: {
      behind_jump: 'jmp 1f; xor %eax,%eax; 1: ret',
      behind_return: 'ret; mov %rdi,%rax; ret',
      behind_panic: 'call panic; jmp behind_panic',
    },
    clean: {
      branches: 'cmp $3,%edi; ja 1f; mov %edi,%eax; ret; 1: mov $-1,%eax; ret',
      padded: 'test %edi,%edi; jz 1f; ret; int3; .balign 16; 1: ret',
      by_fixup: '1: seamcall; ret; 2: mov $-1,%rax; ret\n.pushsection __ex_table,"a"; .long 1b-., 2b-., 3; .popsection',
    },
  },
  'speculative-host-value': {
    usual: 'ret',
    broken: {
      load: `${VMCALL}; test %rax,%rax; jnz 1f; mov (%r12),%rdx; 1: ret`,
      // Only where the branch is predicted wrong: of the two ways one has cleared the register.
      mispredicted: `${VMCALL}; xor %edx,%edx; test %r10,%r10; jnz 2f; 2: test %rdx,%rdx; jz 3f; mov (%r13),%rdx; 3: ret`,
      jump: `${VMCALL}; test %rax,%rax; jnz 1f; jmp *%r14; 1: ret`,
      indexed: `${VMCALL}; movzbl %r12b,%r12d; lea table(%rip),%rdx; mov (%rdx,%r12,8),%rax; ret`,
      store: `${VMCALL}; and $0xff8,%r11; mov %rdi,(%rsi,%r11); ret`,
    },
    clean: {
      scrubbed: `mov %rsi,%r8; ${VMCALL}; ${SCRUB}; test %r10,%r10; jnz 1f; mov (%r8),%rdx; 1: ret`,
      stored: `push %rbx; mov %rsi,%rbx; ${VMCALL}; mov %r11,(%rbx); mov %r12,8(%rbx); pop %rbx; ret`,
      branched: `push %rbx; mov %rsi,%rbx; ${VMCALL}; cmp $3,%r11; ja 1f; mov (%rbx),%rax; 1: pop %rbx; ret`,
      of_module: 'push %rbx; mov %rsi,%rbx; mov $1,%eax; tdcall; mov %rcx,(%rbx); pop %rbx; ret',
      computed: `push %rbx; mov %rsi,%rbx; ${VMCALL}; lea 8(%r12,%r13),%rax; mov %rax,(%rbx); pop %rbx; ret`,
    },
    more: '.data\ntable: .fill 256,8,0\n',
  },
};

/** Thirty functions that keep a rule, and those of the table. */
function imageOf({ usual, broken, clean, more = '', section }: StandIns): Image {
  const inner = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`inner_${index}`, usual]));
  const start = section === undefined ? '' : `.section ${section}\n`;
  return assemble({ ...inner, ...clean, ...broken }, more, start);
}

const RULES = Object.keys(HARDENING_RULES) as HardeningRule[];
/** Unlike functions keep most rules by other ways; each image is about one rule. */
const images = new Map<HardeningRule, Image>();
function found(rule: HardeningRule, symbol: string): HardeningRule[] {
  const image = images.get(rule) ?? imageOf(STAND_INS[rule]);
  images.set(rule, image);
  return judgeHardening(image, findFunction(image, symbol)).map((finding) => finding.rule);
}

describe.runIf(hasAssembler)('each rule', () => {
  test.each(RULES.flatMap((rule) => Object.keys(STAND_INS[rule].broken).map((symbol) => [rule, symbol] as const)))(
    '%s finds %s',
    (rule, symbol) => expect(found(rule, symbol)).toContain(rule),
  );

  test.each(RULES.flatMap((rule) => Object.keys(STAND_INS[rule].clean).map((symbol) => [rule, symbol] as const)))(
    '%s is silent on %s',
    (rule, symbol) => expect(found(rule, symbol)).not.toContain(rule),
  );

  test('that has to be promised is silent where fewer than nine of ten keep it, and says who does where they do', () => {
    const { usual, broken } = STAND_INS['return-speculation'];
    const few = assemble({
      ...Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`inner_${n}`, usual])),
      ...broken,
    });
    expect(promisesOf(few)['return-speculation']).toEqual({ kept: 8, of: 10 });
    expect(judgeHardening(few, findFunction(few, 'bare_return'))).toEqual([]);
    const [finding] = judgeHardening(
      imageOf(STAND_INS['return-speculation']),
      findFunction(imageOf(STAND_INS['return-speculation']), 'bare_return'),
    );
    expect(finding.found).toMatch(/\(42 of 44 functions of made\.o keep to that\)$/);
  });
});
