/** The sixteen general registers in the order of their hardware numbers (RAX 0 .. R15 15). */
export const REGISTER_NAMES = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const;

/** The name of a 64-bit general register. */
export type RegisterName = (typeof REGISTER_NAMES)[number];

/** The hardware number of each general register, which is also its slot in the machine's state. */
export const REGISTER_INDEX: Readonly<Record<RegisterName, number>> = {
  rax: 0,
  rcx: 1,
  rdx: 2,
  rbx: 3,
  rsp: 4,
  rbp: 5,
  rsi: 6,
  rdi: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r11: 11,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
};
