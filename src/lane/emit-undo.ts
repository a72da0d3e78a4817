/** The undo list of memory.ts: what the caller's side writes is entered there too, and taken back before the next run. */
import { i32, type I32, i64, type I64, type Local, loop, seq, type Statement, when } from '../wasm/code.js';
import type { Scope } from '../wasm/module.js';
import { CONTROL, type Layout, UNDO_WORDS } from '../x86/layout.js';

const ENTRY_BYTES = 4 * UNDO_WORDS;

/** Entries are appended at `end`, which has to be stored before translated code runs. */
export interface UndoList {
  /** Pokes 8 aligned bytes at a byte offset of linear memory. */
  poke(place: I32, value: I64): Statement;
  store: Statement;
}

function listFrom(layout: Layout, end: Local<I32>): UndoList {
  return {
    // An entry: an Int32 index, then the 8 bytes that were there.
    poke: (place, value) =>
      seq(
        i32.store(end.get, 0, i32.shrU(place, i32.const(2))),
        i64.store(end.get, 4, i64.load(place)),
        i64.store(place, 0, value),
        end.set(i32.add(end.get, i32.const(ENTRY_BYTES))),
      ),
    store: i32.store(
      layout.control,
      4 * CONTROL.UNDO_COUNT,
      i32.shrU(i32.sub(end.get, i32.const(layout.undo)), i32.const(2)),
    ),
  };
}

/** Runs `body` with an empty list. */
export function withEmptyUndo(scope: Scope, layout: Layout, body: (undo: UndoList) => Statement): Statement {
  const end = scope.i32();
  return seq(end.set(i32.const(layout.undo)), body(listFrom(layout, end)));
}

/** Runs `body` with the list as translated code left it. */
export function withPresentUndo(scope: Scope, layout: Layout, body: (undo: UndoList) => Statement): Statement {
  const end = scope.i32();
  const bytes = i32.shl(i32.load(layout.control, 4 * CONTROL.UNDO_COUNT), i32.const(2));
  return seq(end.set(i32.add(bytes, i32.const(layout.undo))), body(listFrom(layout, end)));
}

/** What the last run wrote is taken back, last entry first. */
export function undoWrites(scope: Scope, layout: Layout): Statement {
  const at = scope.i32();
  return seq(
    at.set(i32.shl(i32.load(layout.control, 4 * CONTROL.UNDO_COUNT), i32.const(2))),
    when(
      at.get,
      loop((again) =>
        seq(
          at.set(i32.sub(at.get, i32.const(ENTRY_BYTES))),
          i64.store(i32.shl(i32.load(at.get, layout.undo), i32.const(2)), 0, i64.load(at.get, layout.undo + 4)),
          again(at.get),
        ),
      ),
    ),
    i32.store(layout.control, 4 * CONTROL.UNDO_COUNT, i32.const(0)),
  );
}
