/** Bits of RFLAGS (Intel SDM volume 1, 3.4.3). IOPL is a field of two bits. */
export const FLAG = {
  CF: 0x1,
  PF: 0x4,
  AF: 0x10,
  ZF: 0x40,
  SF: 0x80,
  TF: 0x100,
  IF: 0x200,
  DF: 0x400,
  OF: 0x800,
  IOPL: 0x3000,
  NT: 0x4000,
  RF: 0x10000,
  VM: 0x20000,
  AC: 0x40000,
  VIF: 0x80000,
  VIP: 0x100000,
  ID: 0x200000,
} as const;

const IOPL_SHIFT = 12;
const SINGLE_FLAGS = Object.entries(FLAG).filter(([name]) => name !== 'IOPL');

/** The flags that are set: `IF ZF`, `IOPL=3`. Empty where none is. @param flags bits 31:0 of RFLAGS */
export function flagsText(flags: number): string {
  const set = SINGLE_FLAGS.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name);
  const level = (flags & FLAG.IOPL) >> IOPL_SHIFT;
  return [...set, ...(level === 0 ? [] : [`IOPL=${level}`])].join(' ');
}

/** What became of flags: `+IF -ZF`. Empty where none of them changed. @param before, after bits 31:0 of RFLAGS */
export function flagChanges(before: number, after: number): string {
  const changed = SINGLE_FLAGS.filter(([, bit]) => ((before ^ after) & bit) !== 0);
  const told = changed.map(([name, bit]) => `${(after & bit) !== 0 ? '+' : '-'}${name}`);
  const level = ((before ^ after) & FLAG.IOPL) !== 0 ? [`IOPL=${(after & FLAG.IOPL) >> IOPL_SHIFT}`] : [];
  return [...told, ...level].join(' ');
}

/** Bit 1 of RFLAGS, which always reads as one. */
export const FLAGS_ALWAYS_ONE = 0x2;

/** The six flags that arithmetic writes: CF, PF, AF, ZF, SF, OF. */
export const ARITHMETIC_FLAGS = FLAG.CF | FLAG.PF | FLAG.AF | FLAG.ZF | FLAG.SF | FLAG.OF;

/** What a 64-bit POPF at privilege level 0 may change (SDM volume 2, POPF, table "effect on the EFLAGS register"). */
export const POPF_WRITABLE = ARITHMETIC_FLAGS | FLAG.TF | FLAG.IF | FLAG.DF | FLAG.IOPL | FLAG.NT | FLAG.AC | FLAG.ID;

/** The flags that POPF clears whatever the popped value says. */
export const POPF_CLEARED = FLAG.RF | FLAG.VIF | FLAG.VIP;

/**
 * Condition codes in hardware order: bit 0 of the number negates the condition.
 * 0 O, 1 NO, 2 B, 3 AE, 4 E, 5 NE, 6 BE, 7 A, 8 S, 9 NS, 10 P, 11 NP, 12 L, 13 GE, 14 LE, 15 G.
 *
 * @returns whether the condition holds for these flags (low 32 bits of RFLAGS)
 */
export function conditionHolds(flags: number, condition: number): boolean {
  let holds: boolean;
  switch (condition >> 1) {
    case 0:
      holds = (flags & 0x800) /* OF */ !== 0;
      break;
    case 1:
      holds = (flags & 0x1) /* CF */ !== 0;
      break;
    case 2:
      holds = (flags & 0x40) /* ZF */ !== 0;
      break;
    case 3:
      holds = (flags & 0x41) /* CF, ZF */ !== 0;
      break;
    case 4:
      holds = (flags & 0x80) /* SF */ !== 0;
      break;
    case 5:
      holds = (flags & 0x4) /* PF */ !== 0;
      break;
    case 6:
      holds = ((flags >> 7) & 1) !== ((flags >> 11) & 1);
      break;
    default:
      holds = (flags & 0x40) /* ZF */ !== 0 || ((flags >> 7) & 1) !== ((flags >> 11) & 1);
  }
  return (condition & 1) === 0 ? holds : !holds;
}
