/** Every rule finds a function that breaks it, by itself, and is silent on functions that keep it in different ways. */
import { beforeAll, describe, expect, test } from 'vitest';
import { auditImage } from './audit.js';
import type { HardeningRule } from '../hardening/rules.js';
import type { AuditRule, FunctionVerdict } from './finding.js';
import { assemble, hasAssembler } from './stand-ins.test.helper.js';

/** RAX 0, the mask, R10 0 and a sub-function: a TDVMCALL that needs its arguments only. */
const call = (mask: number, sub: number): string =>
  `xor %eax,%eax; mov $${mask},%ecx; xor %r10d,%r10d; mov $${sub},%r11d;`;
/** The status is looked at, and R10 returned. */
const CHECKED = 'tdcall; test %rax,%rax; jnz 1f; mov %r10,%rax; ret; 1: ud2';
const SAVE = 'push %rbx; push %r12; push %r13; push %r14; push %r15;';
const RESTORE = 'pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx;';

interface StandIns {
  broken: Readonly<Record<string, string>>;
  clean: Readonly<Record<string, string>>;
}

/** Those of src/hardening are tried there. */
type RunRule = Exclude<AuditRule, HardeningRule>;

const STAND_INS: Readonly<Record<RunRule, StandIns>> = {
  'legal-mask': {
    broken: {
      mask_rax: `${call(0x1c01, 31)} mov %rdi,%r12; push %r12; ${CHECKED}`,
      mask_rcx: `push %r12; mov %rdi,%r12; ${call(0x1c02, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      mask_high: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} bts $40,%rcx; tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      mask_rbp: `push %r12; push %rbp; xor %ebp,%ebp; mov %rdi,%r12; ${call(0x1c20, 31)} tdcall; pop %rbp; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
    },
    clean: {
      mask_small: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      mask_of_caller: 'mov %rdi,%rcx; xor %eax,%eax; tdcall; ret',
    },
  },
  'known-leaf': {
    broken: {
      leaf_none: 'mov $14,%eax; tdcall; ret',
      leaf_reserved: 'mov $0x80000001,%eax; tdcall; ret',
      leaf_version: 'mov $0x50001,%eax; tdcall; ret',
      leaf_seam: 'mov $250,%eax; seamcall; ret',
    },
    clean: {
      leaf_info: 'mov $1,%eax; tdcall; ret',
      leaf_of_caller: 'mov %rdi,%rax; mov %rsi,%rcx; tdcall; ret',
      leaf_newer: 'mov $29,%eax; xor %ecx,%ecx; tdcall; ret',
      leaf_loader: 'mov $1,%eax; bts $63,%rax; mov %rdi,%rcx; seamcall; ret',
    },
  },
  'sub-function-in-mask': {
    broken: {
      sub_hidden: `push %r12; push %r13; mov %rdi,%r12; mov %rsi,%r13; ${call(0x1c00, 32)} tdcall; pop %r13; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      sub_number_hidden: `push %r12; mov %rdi,%r12; ${call(0x1400, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
    },
    clean: {
      sub_shown: `push %r12; push %r13; mov %rdi,%r12; mov %rsi,%r13; ${call(0x3c00, 32)} tdcall; pop %r13; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      sub_read_needs_no_data: `${SAVE} mov $1,%r12d; xor %r13d,%r13d; mov %rdi,%r14; ${call(0x7c00, 30)} tdcall; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ${RESTORE} ret`,
      sub_of_caller: `xor %eax,%eax; mov $0x0c00,%ecx; xor %r10d,%r10d; mov %rdi,%r11; ${CHECKED}`,
      sub_vendor: `xor %eax,%eax; mov $0x0d04,%ecx; mov %rdi,%r10; mov %rsi,%r8; xor %r11d,%r11d; ${CHECKED}`,
    },
  },
  'exposes-no-stale-value': {
    broken: {
      stale_saved: `${call(0x8c00, 0x36)} ${CHECKED}`,
      stale_volatile: `push %r12; mov %rdi,%r12; xor %eax,%eax; mov $0x1c00,%ecx; mov $31,%r11d; tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r11,%rax; 1: ret`,
      stale_byte: `push %r12; xor %r12d,%r12d; mov %bl,%r12b; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      stale_stack: `push %r12; sub $64,%rsp; mov 24(%rsp),%r12; ${call(0x1c00, 31)} tdcall; add $64,%rsp; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      stale_below: `push %r12; mov -64(%rsp),%r12; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      stale_stack_address: `push %r12; mov %rsp,%r12; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      stale_code_address: `push %r12; lea stale_code_address(%rip),%r12; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      stale_return_address: `push %r12; mov 8(%rsp),%r12; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      stale_vector: `push %r12; mov %rdi,%r12; ${call(0x11c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
    },
    clean: {
      fresh_computed: `push %r12; lea (%rdi,%rsi,2),%r12; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      fresh_loaded: `push %r12; mov 0x40(%rdi),%r12; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      fresh_own_data: `push %r12; mov number(%rip),%r12; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      fresh_through_stack: `push %r12; push %rdi; mov (%rsp),%r12; ${call(0x1c00, 31)} tdcall; add $8,%rsp; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      fresh_nested: `push %r12; mov (%rdi),%rdi; mov 8(%rdi),%r12; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      fresh_vector: `push %r12; mov %rdi,%r12; pxor %xmm0,%xmm0; ${call(0x11c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
    },
  },
  'exposes-no-used-pointer': {
    broken: {
      pointer_exposed: `push %r12; mov (%rdi),%r12; ${call(0x1c80, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
    },
    clean: {
      pointer_cleared: `push %r12; mov (%rdi),%r12; xor %edi,%edi; ${call(0x1c80, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      pointer_hidden: `push %r12; mov (%rdi),%r12; ${call(0x1c00, 31)} tdcall; mov %r11,(%rdi); pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
      pointer_passed: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov %r10,%rax; 1: ret`,
    },
  },
  'untouched-parameter': {
    broken: { untouched: `${call(0x0d00, 0x10000)} ${CHECKED}` },
    clean: {
      touched_set: `xor %r8d,%r8d; ${call(0x0d00, 0x10000)} ${CHECKED}`,
      touched_tested: `test %r8,%r8; jz 2f; ${call(0x0d00, 0x10000)} ${CHECKED}; 2: xor %eax,%eax; ret`,
    },
  },
  'exposed-register-kept': {
    broken: {
      kept_result: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; test %rax,%rax; jnz 1f; mov %r12,%rax; 1: pop %r12; ret`,
      kept_branch: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; test %rax,%rax; jnz 1f; mov %r11,%rax; test $8,%r12b; jz 1f; inc %rax; 1: pop %r12; ret`,
    },
    clean: {
      kept_answer: `${SAVE} mov %edi,%r12d; mov %esi,%r13d; ${call(0x3c00 | 0xc000, 10)} xor %r14d,%r14d; xor %r15d,%r15d; tdcall; test %rax,%rax; jnz 1f; mov %r12,%rax; test $8,%r13b; jz 1f; inc %rax; 1: ${RESTORE} ret`,
      kept_on_stack: `push %r12; push %rdi; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; pop %rdi; test %rax,%rax; jnz 1f; mov %rdi,%rax; 1: pop %r12; ret`,
      kept_copied_out: `push %r12; mov 8(%rdi),%r12; ${call(0x1c00, 31)} tdcall; test %rax,%rax; jnz 1f; mov %r11,(%rdi); mov %r12,8(%rdi); 1: pop %r12; ret`,
    },
  },
  'stale-register-used': {
    broken: {
      used_result: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; mov %r12,%rax; 1: ret`,
      used_store: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; mov %r9,%rax; mov %rbx,(%rdi); 1: ret`,
      used_branch: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; xor %eax,%eax; test $1,%bpl; jz 1f; inc %eax; 1: ret`,
    },
    clean: {
      used_set: `push %rbx; mov %rdi,%rbx; ${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; mov %r10,(%rbx); 1: pop %rbx; ret`,
      used_pushed: `push %rax; ${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; pop %rax; ret; 1: ud2`,
    },
  },
  'keeps-stack': {
    broken: {
      stack_push_left: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; test %rax,%rax; jnz 1f; pop %r12; mov %r10,%rax; ret; 1: ret`,
      stack_kernel_return: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; test %rax,%rax; jnz 1f; pop %r12; mov %r10,%rax; 1: jmp __x86_return_thunk`,
      stack_null: `test %rdi,%rdi; push %rbx; jz 1f; xor %eax,%eax; mov $0xc00,%ecx; mov (%rdi),%r10; mov 8(%rdi),%r11; tdcall; pop %rbx; 1: ret`,
      stack_refused: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; test %rax,%rax; jnz 2f; test %r10,%r10; jnz 1f; 2: pop %r12; 1: ret`,
      stack_callers: `mov %rdi,200(%rsp); ${call(0x0c00, 0x36)} ${CHECKED}`,
      stack_release: `${call(0x0c00, 0x36)} tdcall; ret $16`,
    },
    clean: {
      stack_frame: `push %rbp; mov %rsp,%rbp; sub $0x100,%rsp; and $-64,%rsp; ${call(0x0c00, 0x36)} tdcall; leave; ret`,
      stack_kernel_thunk: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; pop %r12; jmp __x86_return_thunk`,
      stack_thunk: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; pop %r12; test %rax,%rax; jnz 1f; mov (%rsi),%rdx; call thunk; 1: ret`,
      stack_null_first: `test %rdi,%rdi; jz 1f; push %rbx; xor %eax,%eax; mov $0xc00,%ecx; mov (%rdi),%r10; mov 8(%rdi),%r11; tdcall; pop %rbx; ret; 1: mov $-1,%rax; ret`,
    },
  },
  'keeps-callee-saved': {
    broken: {
      saved_not: `mov %rdi,%r12; ${call(0x1c00, 31)} ${CHECKED}`,
      saved_on_success: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; test %rax,%rax; jnz 1f; pop %r12; mov %r10,%rax; ret; 1: add $8,%rsp; ret`,
      saved_by_host: `push %r12; mov %rdi,%r12; push %rbx; xor %ebx,%ebx; ${call(0x1c08, 31)} tdcall; add $8,%rsp; pop %r12; ret`,
      saved_swapped: `push %r12; push %rbx; mov %rdi,%r12; xor %ebx,%ebx; ${call(0x1c08, 31)} tdcall; pop %r12; pop %rbx; ret`,
    },
    clean: {
      saved_moved: `mov %r12,%r9; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; mov %r9,%r12; ret`,
      saved_leaf: 'push %r12; mov %rdi,%r12; mov $1,%eax; tdcall; mov %rcx,(%r12); pop %r12; ret',
    },
  },
  'keeps-direction-flag': {
    broken: { direction_set: `std; ${call(0x0c00, 0x36)} tdcall; ret` },
    clean: {
      direction_cleared: `std; ${call(0x0c00, 0x36)} tdcall; cld; ret`,
      direction_saved: `pushfq; std; ${call(0x0c00, 0x36)} tdcall; popfq; ret`,
    },
  },
  'host-address': {
    broken: {
      host_load: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; mov (%r11),%rax; 1: ret`,
      host_index: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; and $7,%r11d; lea number(%rip),%rdx; movzbl (%rdx,%r11),%eax; 1: ret`,
      host_faults: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; lea number(%rip),%rdx; mov (%rdx,%r10,8),%rax; 1: ret`,
      host_store: `push %r12; mov %rdi,%r12; ${call(0x1c00, 31)} tdcall; test %rax,%rax; jnz 1f; mov %r11,(%r12); 1: pop %r12; ret`,
    },
    clean: {
      host_branch: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; lea 8(%rdi),%rdx; test $1,%r11b; jz 2f; mov %rdi,%rdx; jmp 2f; 2: mov (%rdx),%rax; 1: ret`,
      host_stored: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; mov %r11,(%rdi); 1: ret`,
      host_module: 'mov $1,%eax; tdcall; and $7,%ecx; lea number(%rip),%rdx; movzbl (%rdx,%rcx),%eax; ret',
    },
  },
  'host-jump': {
    broken: {
      jump_to_answer: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; jmp *%r11; 1: ret`,
      call_of_answer: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; call *%r11; 1: ret`,
      jump_register: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; lea 1f(%rip),%rdx; and $1,%r11d; add %r11,%rdx; jmp *%rdx; nop; 1: ret`,
    },
    clean: {
      jump_tests: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; cmp $1,%r10; je 1f; cmp $2,%r11; ja 1f; xor %eax,%eax; 1: ret`,
      jump_table: `${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; mov (%rdi),%rdx; jmp *%rdx; 1: ret`,
      jump_by_caller: `lea 1f(%rip),%rdx; and $1,%edi; add %rdi,%rdx; push %rdx; ${call(0x0c00, 0x36)} tdcall; pop %rdx; jmp *%rdx; nop; 1: nop; ret`,
    },
  },
  'status-ignored': {
    broken: {
      ignored: `${call(0x0c00, 0x36)} tdcall; mov %r10,%rax; ret`,
      ignored_loop: `2: ${call(0x0c00, 0x36)} tdcall; test %r10,%r10; jnz 2b; xor %eax,%eax; ret`,
    },
    clean: {
      looked_at: `${call(0x0c00, 0x36)} ${CHECKED}`,
      returned: `${call(0x0c00, 0x36)} tdcall; ret`,
      stored: `${call(0x0c00, 0x36)} tdcall; mov %rax,(%rdi); mov %r10,%rax; ret`,
      for_good: `${call(0x0c00, 12)} tdcall; 1: jmp 1b`,
      fatal: `push %r12; mov %rdi,%r12; ${call(0x1c00, 0x10003)} tdcall; 1: jmp 1b`,
    },
  },
  'endless-host-loop': {
    broken: { endless: `2: ${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; cmp $1,%r10; je 2b; 1: ret` },
    clean: {
      bounded: `mov $5,%r9d; 2: ${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; cmp $1,%r10; jne 1f; dec %r9d; jnz 2b; 1: ret`,
      length_of_caller: `2: ${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; dec %rdi; jnz 2b; 1: ret`,
      dead_end: `2: ${call(0x0c00, 0x36)} tdcall; test %rax,%rax; jnz 1f; jmp 2b; 1: ud2`,
      once: `${call(0x0c00, 0x36)} tdcall; ret`,
    },
  },
  'halt-interrupts': {
    broken: {
      halt_open: `push %r12; xor %r12d,%r12d; sti; ${call(0x1c00, 12)} tdcall; pop %r12; ret`,
    },
    clean: {
      halt_sti: `push %r12; xor %r12d,%r12d; ${call(0x1c00, 12)} sti; tdcall; pop %r12; ret`,
      halt_shut: `push %r12; xor %r12d,%r12d; ${call(0x1c00, 12)} cli; tdcall; pop %r12; ret`,
      halt_asks: `push %r12; pushfq; pop %r12; shr $9,%r12; not %r12; and $1,%r12d; ${call(0x1c00, 12)} tdcall; pop %r12; ret`,
    },
  },
  'halt-says-blocked': {
    broken: {
      halt_claims: `push %r12; mov $1,%r12d; ${call(0x1c00, 12)} tdcall; pop %r12; ret`,
    },
    clean: {
      claims_open: `push %r12; xor %r12d,%r12d; ${call(0x1c00, 12)} tdcall; pop %r12; ret`,
      claims_shut: `push %r12; mov $1,%r12d; ${call(0x1c00, 12)} cli; tdcall; pop %r12; ret`,
      claims_of_caller: `push %r12; mov %rdi,%r12; ${call(0x1c00, 12)} tdcall; pop %r12; ret`,
    },
  },
  'sti-before-tdcall': {
    broken: { sti_early: `sti; ${call(0x0c00, 0x36)} tdcall; ret` },
    clean: {
      sti_direct: `${call(0x0c00, 0x36)} test %rdi,%rdi; jz 1f; sti; 1: tdcall; ret`,
      sti_after: `${call(0x0c00, 0x36)} tdcall; sti; ret`,
      sti_shut_again: `sti; nop; cli; ${call(0x0c00, 0x36)} tdcall; ret`,
    },
  },
};

const MORE = `
thunk: call 1f; ud2; 1: mov %rdx,(%rsp); ret
.data
number: .quad 0x1234567, 0, 0
`;

const RULES = Object.keys(STAND_INS) as RunRule[];

describe.runIf(hasAssembler)('each rule', () => {
  const verdicts = new Map<string, FunctionVerdict>();

  beforeAll(() => {
    const all = Object.assign({}, ...RULES.flatMap((rule) => [STAND_INS[rule].broken, STAND_INS[rule].clean]));
    for (const verdict of auditImage(assemble(all, MORE), { seed: 'test' }).functions)
      verdicts.set(verdict.symbol, verdict);
  }, 60_000);

  const found = (symbol: string): AuditRule[] => {
    const { findings = [], notes = [] } = verdicts.get(symbol) ?? {};
    return [...new Set([...findings, ...notes].map(({ rule }) => rule))];
  };

  test.each(RULES.flatMap((rule) => Object.keys(STAND_INS[rule].broken).map((symbol) => [rule, symbol] as const)))(
    '%s finds %s',
    (rule, symbol) => expect(found(symbol)).toContain(rule),
  );

  test.each(RULES.flatMap((rule) => Object.keys(STAND_INS[rule].clean).map((symbol) => [rule, symbol] as const)))(
    '%s is silent on %s',
    (rule, symbol) => {
      expect(verdicts.get(symbol)?.reached).toBeGreaterThan(0);
      expect(found(symbol)).not.toContain(rule);
    },
  );

  test('says with what answer the stack is lost', () => {
    const lost = (symbol: string): string[] =>
      verdicts.get(symbol)?.findings.flatMap(({ rule, found: what }) => (rule === 'keeps-stack' ? [what] : [])) ?? [];
    expect(lost('stack_refused')).toEqual([expect.stringMatching(/when the host answers R10 0x8/)]);
    expect(lost('stack_push_left')).toEqual([expect.stringMatching(/when the call fails with RAX 0x/)]);
  });

  test('every one has at least two clean ones', () => {
    for (const rule of RULES) expect(Object.keys(STAND_INS[rule].clean).length, rule).toBeGreaterThan(1);
  });
});
