/** The stage of an audit: argument memory appears where it is touched. */
import { joinHalves } from '../halves.js';
import type { Image } from '../image/image.js';
import { Stage } from '../stage/stage.js';
import { PAGE_FAULT, VECTOR } from '../x86/exit.js';
import { givenByHigh, pageContent } from './argument-space.js';
import type { ConventionName } from '../x86/conventions.js';

const PAGE = 0x1000;
/** Pages of argument memory that there may be at once. */
const MOST_PAGES = 1024;
const READ_WRITE = { read: true, write: true, execute: false };
const PAGE_MASK = ~0xfffn;

/** Where no image lies that is not made to. */
const LENT_AT = 0xffffffff9c000000n;
const LENT_BYTES = 32;
/** Functions of C and Rust libraries that end a program, by parts of their names. */
const NEVER_RETURNS =
  /panicking|(^|_)(panic|abort|exit|_exit)(_|$)|assert_fail|unwrap_failed|expect_failed|handle_alloc_error/;

const MOVE = ['memcpy', 'memmove', '__memcpy', '__memmove'];
const FILL = ['memset', '__memset'];
/** What compilers call by themselves: RAX is the first parameter at the end (ISO C, 7.26.2 and 7.26.6). */
const LENT: readonly { names: readonly string[]; of: ConventionName; code: readonly number[] }[] = [
  // mov %rdi,%rax; mov %rdx,%rcx; rep movsb; ret
  { names: MOVE, of: 'sysv', code: [0x48, 0x89, 0xf8, 0x48, 0x89, 0xd1, 0xf3, 0xa4, 0xc3] },
  // mov %rdi,%r8; mov %esi,%eax; mov %rdx,%rcx; rep stosb; mov %r8,%rax; ret
  {
    names: FILL,
    of: 'sysv',
    code: [0x49, 0x89, 0xf8, 0x89, 0xf0, 0x48, 0x89, 0xd1, 0xf3, 0xaa, 0x4c, 0x89, 0xc0, 0xc3],
  },
  // push %rdi; push %rsi; mov %rcx,%rdi; mov %rdx,%rsi; mov %rcx,%rax; mov %r8,%rcx; rep movsb; pop %rsi; pop %rdi; ret
  {
    names: MOVE,
    of: 'ms-x64',
    code: [
      0x57, 0x56, 0x48, 0x89, 0xcf, 0x48, 0x89, 0xd6, 0x48, 0x89, 0xc8, 0x4c, 0x89, 0xc1, 0xf3, 0xa4, 0x5e, 0x5f, 0xc3,
    ],
  },
  // push %rdi; mov %rcx,%rdi; mov %rcx,%r9; mov %edx,%eax; mov %r8,%rcx; rep stosb; mov %r9,%rax; pop %rdi; ret
  {
    names: FILL,
    of: 'ms-x64',
    code: [
      0x57, 0x48, 0x89, 0xcf, 0x49, 0x89, 0xc9, 0x89, 0xd0, 0x4c, 0x89, 0xc1, 0xf3, 0xaa, 0x4c, 0x89, 0xc8, 0x5f, 0xc3,
    ],
  },
];

function lentCode(): Uint8Array {
  const bytes = new Uint8Array(PAGE).fill(0xcc);
  LENT.forEach(({ code }, index) => bytes.set(code, index * LENT_BYTES));
  return bytes;
}

export class AuditStage extends Stage {
  /** Pages of argument memory that lie in memory for good. */
  private pages = 0;
  /** Those that appeared in this run, which a reset takes away. */
  private fresh: bigint[] = [];

  /** @throws ImageError if the image cannot lie in memory beside the caller's side */
  constructor(image: Image) {
    super(image, { memory: 'structures', laterBytes: (MOST_PAGES + 1) * PAGE });
    this.machine.map(LENT_AT, PAGE, { read: true, write: false, execute: true }, lentCode());
    this.machine.checkpoint();
  }

  /**
   * What a symbol from outside of the image is at which the stage stopped.
   *
   * @returns address of code that does what it does; `stops` of one that never returns; undefined where nobody knows
   */
  lends(convention: ConventionName): bigint | 'stops' | undefined {
    const { symbol } = this;
    if (NEVER_RETURNS.test(symbol)) return 'stops';
    const index = LENT.findIndex(({ names, of }) => of === convention && names.includes(symbol));
    return index < 0 ? undefined : LENT_AT + BigInt(index * LENT_BYTES);
  }

  /**
   * Memory as at the start, registers zero. Pages that a run touched stay for the next: mapping one costs all decoded code.
   *
   * @param needed addresses in argument memory that are to lie in memory
   */
  override reset(needed: readonly bigint[] = []): void {
    super.reset();
    const wanted = [...new Set([...this.fresh, ...needed.map((address) => address & PAGE_MASK)])];
    this.fresh = [];
    const missing = wanted.filter((page) => this.machine.offsetOf(page) < 0).slice(0, MOST_PAGES - this.pages);
    if (missing.length === 0) return;
    for (const page of missing) this.machine.map(page, PAGE, READ_WRITE, pageContent(page));
    this.pages += missing.length;
    this.machine.checkpoint();
  }

  override takeFault(vector: number): number | undefined {
    return this.appears(vector) ? 0 : super.takeFault(vector);
  }

  /** Maps the page of an access that faulted, if it is argument memory. */
  private appears(vector: number): boolean {
    const { machine } = this;
    if (vector !== VECTOR.PF || (machine.faultErrorCode & (PAGE_FAULT.P | PAGE_FAULT.I)) !== 0) return false;
    if (givenByHigh(machine.faultAddressHigh) === undefined) return false;
    if (this.pages + this.fresh.length >= MOST_PAGES) return false;
    const page = joinHalves(machine.faultAddressLow, machine.faultAddressHigh) & PAGE_MASK;
    machine.map(page, PAGE, READ_WRITE, pageContent(page));
    this.fresh.push(page);
    return true;
  }
}
