/** The stage of an audit: argument memory appears where it is touched. */
import { joinHalves } from '../halves.js';
import type { Image } from '../image/image.js';
import { Stage } from '../stage/stage.js';
import { PAGE_FAULT, VECTOR } from '../x86/exit.js';
import { givenByHigh, pageContent } from './argument-space.js';

const PAGE = 0x1000;
/** Pages of argument memory that there may be at once. */
const MOST_PAGES = 1024;
const READ_WRITE = { read: true, write: true, execute: false };
const PAGE_MASK = ~0xfffn;

export class AuditStage extends Stage {
  /** Pages of argument memory that lie in memory for good. */
  private pages = 0;
  /** Those that appeared in this run, which a reset takes away. */
  private fresh: bigint[] = [];

  /** @throws ImageError if the image cannot lie in memory beside the caller's side */
  constructor(image: Image) {
    super(image, { memory: 'structures', laterBytes: MOST_PAGES * PAGE });
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
