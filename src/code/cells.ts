/** Memory behind one base: what is known to have been written where. */
import { part, unknown, type Value } from './value.js';

interface Cell {
  readonly value: Value;
  readonly bytes: number;
}

export class Cells {
  private constructor(private readonly cells: Map<number, Cell>) {}

  static empty(): Cells {
    return new Cells(new Map());
  }

  copy(): Cells {
    return new Cells(new Map(this.cells));
  }

  write(offset: number, bytes: number, value: Value): void {
    for (const at of this.overlapping(offset, bytes)) this.cells.delete(at);
    this.cells.set(offset, { value, bytes });
  }

  /** @returns undefined where nothing was written; something unknown where it was written in other pieces */
  read(offset: number, bytes: number): Value | undefined {
    const cell = this.cells.get(offset);
    if (cell !== undefined && cell.bytes >= bytes) return part(cell.value, widthOf(bytes));
    return this.overlapping(offset, bytes).length === 0 ? undefined : unknown(`cells ${offset}:${bytes}`);
  }

  private overlapping(offset: number, bytes: number): number[] {
    return [...this.cells].filter(([at, cell]) => at < offset + bytes && offset < at + cell.bytes).map(([at]) => at);
  }
}

/** Bits of so many bytes, as far as a general register holds them. */
export function widthOf(bytes: number): 8 | 16 | 32 | 64 {
  return bytes === 1 ? 8 : bytes === 2 ? 16 : bytes === 4 ? 32 : 64;
}
