/** What compilers make of sound inline assembler, at every level: silence; and of three usual mistakes: found. */
import { describe, expect, test } from 'vitest';
import { auditImage } from './audit.js';
import { compile, hasAssembler } from './stand-ins.test.helper.js';

const TDCALL = '".byte 0x66,0x0f,0x01,0xcc"';
const SOURCE = `
typedef unsigned long u64; typedef unsigned int u32; typedef unsigned short u16; typedef unsigned char u8;
struct block { u64 r10, r11, r12, r13, r14, r15; };

static inline u64 ask(u64 fn, u64 a, u64 b, u64 c, u64 d, u64 *out) {
  register u64 r10 asm("r10") = 0; register u64 r11 asm("r11") = fn; register u64 r12 asm("r12") = a;
  register u64 r13 asm("r13") = b; register u64 r14 asm("r14") = c; register u64 r15 asm("r15") = d;
  u64 rax = 0, rcx = 0xfc00;
  asm volatile(${TDCALL} : "+a"(rax), "+c"(rcx), "+r"(r10), "+r"(r11), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15) :: "memory");
  if (rax) __builtin_trap();
  if (out) *out = r11;
  return r10;
}
u64 read_msr(u32 index) { u64 value; return ask(31, index, 0, 0, 0, &value) ? 0 : value; }
int write_msr(u32 index, u64 value) { return ask(32, index, value, 0, 0, 0) ? -1 : 0; }
u8 in_byte(u16 port) { u64 value; return ask(30, 1, 0, port, 0, &value) ? 0xff : value; }
void out_word(u16 port, u16 value) { ask(30, 2, 1, port, value, 0); }
int convert(u64 start, u64 size) {
  u64 next, end = start + size;
  for (int tries = 0; tries < 8; tries++) {
    u64 status = ask(0x10001, start, end - start, 0, 0, &next);
    if (status != 1) return status ? -1 : 0;
    if (next < start || next >= end) return -1;
    start = next;
  }
  return -1;
}
__attribute__((noinline)) u64 conveyor(struct block *p) {
  register u64 r10 asm("r10") = p->r10; register u64 r11 asm("r11") = p->r11; register u64 r12 asm("r12") = p->r12;
  register u64 r13 asm("r13") = p->r13; register u64 r14 asm("r14") = p->r14; register u64 r15 asm("r15") = p->r15;
  u64 rax = 0, rcx = 0xfc00;
  asm volatile(${TDCALL} : "+a"(rax), "+c"(rcx), "+r"(r10), "+r"(r11), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15) :: "memory");
  p->r10 = r10; p->r11 = r11; p->r12 = r12; p->r13 = r13; p->r14 = r14; p->r15 = r15;
  return rax;
}
int quote(u64 address, u64 size) {
  struct block block = {.r11 = 0x10002, .r12 = address | 1ul << 51, .r13 = size};
  if (conveyor(&block)) return -5;
  return block.r10 == 0 ? 0 : -1;
}
u64 accept(u64 page, u64 end) {
  for (; page < end; page += 4096) {
    u64 rax = 6, rcx = page;
    asm volatile(${TDCALL} : "+a"(rax), "+c"(rcx) :: "memory");
    if (rax) return rax;
  }
  return 0;
}
`;

const MISTAKES = `
${SOURCE}
u64 uninitialised(u64 gpa) {
  struct block block;
  block.r10 = 0; block.r11 = 0x30; block.r12 = 8; block.r13 = 0; block.r14 = gpa;
  return conveyor(&block) ? 0 : block.r11;
}
u64 unlooked(u32 index) {
  register u64 r10 asm("r10") = 0; register u64 r11 asm("r11") = 31; register u64 r12 asm("r12") = index;
  u64 rax = 0, rcx = 0x1c00;
  asm volatile(${TDCALL} : "+a"(rax), "+c"(rcx), "+r"(r10), "+r"(r11), "+r"(r12) :: "memory");
  return r10 ? 0 : r11;
}
u64 table[4] = {1, 2, 3, 4};
u64 indexed(u32 index) { u64 value; return ask(31, index, 0, 0, 0, &value) ? 0 : table[value & 3]; }
`;

describe.runIf(hasAssembler).each(['-O0', '-O1', '-O2', '-Os'])('compiled with %s', (level) => {
  const flags = [level, '-fno-stack-protector', '-fcf-protection=none'];

  test('sound functions are judged, and nothing is found', () => {
    const { functions } = auditImage(compile('c', SOURCE, flags), { seed: 'test' });
    expect(functions.length).toBeGreaterThan(5);
    for (const { symbol, findings, reached } of functions) {
      expect([symbol, findings]).toEqual([symbol, []]);
      expect(reached, symbol).toBeGreaterThan(0);
    }
  }, 60_000);

  test('a field that nobody set, a status that nobody looks at, an index that the host chose', () => {
    const { functions } = auditImage(compile('c', MISTAKES, flags), { seed: 'test' });
    const rules = (name: string): string[] =>
      functions.find(({ symbol }) => symbol === name)?.findings.map(({ rule }) => rule) ?? [];
    expect(rules('uninitialised')).toContain('exposes-no-stale-value');
    expect(rules('unlooked')).toContain('status-ignored');
    expect(rules('indexed')).toContain('host-address');
  }, 60_000);
});
