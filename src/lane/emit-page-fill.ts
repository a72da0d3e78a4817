/** The soft fill of the translation cache: an access that translated code refused is either allowed, or a page fault. */
import { all, any, giveBack, i32, type I32, i64, type I64, loop, select, seq, when } from '../wasm/code.js';
import type { FunctionHandle } from '../wasm/module.js';
import { PAGE_ENTRY_WORDS } from '../x86/layout.js';
import { PERMISSION } from '../x86/memory.js';
import { NO_PAGE, TLB, TLB_BITS, TLB_ENTRY } from '../x86/wasm/engine-layout.js';
import type { RunInput } from './emit-run.js';

/** What `fillPage` returns. */
export const PAGE_FILL = { filled: 0, fault: 1, givenUp: 2 } as const;

/** Adds `fillPage(size, needed)`: enters the page of the last refused access in the translation cache, if it may be accessed. */
export function emitPageFill({ module, code, laterPages }: RunInput): FunctionHandle {
  const { layout, engine, tlbMultiplier } = code;
  return module.function('', 2, (scope) => {
    const [size, needed] = scope.parameters;
    const address = scope.i64();
    const page = scope.i64();
    const index = scope.i32();
    const entry = scope.i32();
    const low = i32.wrap(page.get);
    const high = i32.wrap(i64.shrU(page.get, i64.const(32n)));
    const number = i64.shrU(page.get, i64.const(12n));
    const mixed = i32.mul(
      i32.xor(i32.shrU(low, i32.const(12)), i32.mul(high, i32.const(0x61c88647))),
      i32.const(0x9e3779b1 | 0),
    );
    const words = (word: number): I32 => i32.load(index.get, layout.pageTable + 4 * word);
    const mask = i32.const((layout.pageEntries - 1) * PAGE_ENTRY_WORDS * 4);
    const allows = (permission: number): I64 =>
      select(
        i32.eq(i32.and(words(3), i32.const(permission)), i32.const(permission)),
        page.get,
        i64.const(BigInt(NO_PAGE)),
      );
    return [
      seq(
        address.set(i64.load(engine.access)),
        page.set(i64.and(address.get, i64.const(-4096n))),
        // Not canonical, or across two pages.
        when(
          any(
            i64.ne(i64.shrS(i64.shl(address.get, i64.const(16n)), i64.const(16n)), address.get),
            i32.gtU(i32.add(i32.and(i32.wrap(address.get), i32.const(4095)), size.get), i32.const(4096)),
          ),
          giveBack(i32.const(PAGE_FILL.givenUp)),
        ),
        // As memory.ts finds a page.
        index.set(mixed),
        index.set(
          i32.shl(
            i32.and(i32.xor(index.get, i32.shrU(index.get, i32.const(15))), i32.const(layout.pageEntries - 1)),
            i32.const(4),
          ),
        ),
        loop((again) =>
          seq(
            when(
              i32.eqz(words(0)),
              seq(
                // A page that is mapped when it is touched: who runs batches touches it, and later runs find it.
                ...laterPages.map(({ from, to }) =>
                  when(
                    i64.ltU(i64.sub(number, i64.const(from)), i64.const(to - from)),
                    giveBack(i32.const(PAGE_FILL.givenUp)),
                  ),
                ),
                giveBack(i32.const(PAGE_FILL.fault)),
              ),
            ),
            when(
              i32.eqz(all(i32.eq(words(0), i32.or(low, i32.const(1))), i32.eq(words(1), high))),
              seq(index.set(i32.and(i32.add(index.get, i32.const(16)), mask)), again()),
            ),
          ),
        ),
        when(i32.ne(i32.and(words(3), needed.get), needed.get), giveBack(i32.const(PAGE_FILL.fault))),
        entry.set(
          i32.mul(
            i32.wrap(
              i64.shrU(
                i64.mul(i64.shrU(page.get, i64.const(12n)), i64.const(tlbMultiplier)),
                i64.const(BigInt(64 - TLB_BITS)),
              ),
            ),
            i32.const(TLB_ENTRY),
          ),
        ),
        i64.store(entry.get, engine.tlb + TLB.READ, allows(PERMISSION.Read)),
        i64.store(entry.get, engine.tlb + TLB.WRITE, allows(PERMISSION.Write)),
        i64.store(entry.get, engine.tlb + TLB.READ_WRITE, allows(PERMISSION.ReadWrite)),
        i32.store(entry.get, engine.tlb + TLB.DELTA, i32.sub(words(2), low)),
      ),
      i32.const(PAGE_FILL.filled),
    ];
  });
}
