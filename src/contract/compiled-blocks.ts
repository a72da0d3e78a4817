/** The argument blocks of a contract with every field in its place. */
import type { Contract, Parameter } from './contract.js';
import { resultAnyway, type Result } from './result-word.js';

type BlockParameter = Extract<Parameter, { kind: 'block' }>;
type Layout = NonNullable<Contract['block']>;

export type FieldBytes = 1 | 2 | 4 | 8;

export interface BlockField {
  /** As `inputs` and `outputs` name it: FIELD, or PARAMETER.FIELD of a block with a layout of its own. */
  name: string;
  /** Index of its block. */
  block: number;
  /** From the start of the block. */
  offset: number;
  bytes: FieldBytes;
  /** Sign-extended as an input. */
  signed: boolean;
  /** The function may leave anything in it. */
  scratch: boolean;
}

export interface CompiledBlock {
  parameter: BlockParameter;
  index: number;
  /** Bytes. */
  size: number;
  fields: readonly BlockField[];
  /** 1 for each byte that a store may touch; undefined where that is all of them. */
  writable: Uint8Array | undefined;
  /** Index of the block that it may lie in the same place as, -1 for none. */
  alias: number;
  /** What a function returns that executes nothing because this pointer is NULL. */
  whenNull?: Result;
}

/** A field as it is written: an offset alone is one of 8 bytes. */
export function fieldShape(field: Layout['fields'][string]): {
  offset: number;
  bytes: FieldBytes;
  signed: boolean;
  scratch: boolean;
} {
  if (typeof field === 'number') return { offset: field, bytes: 8, signed: false, scratch: false };
  const { offset, bytes = 8, signed = false, scratch = false } = field;
  return { offset, bytes, signed, scratch };
}

/** The block parameters with their layouts; one without a layout is undefined there. */
export function layoutsOf(contract: Contract): { parameter: BlockParameter; layout: Layout | undefined }[] {
  return contract.parameters.flatMap((parameter) =>
    parameter.kind === 'block' ? [{ parameter, layout: parameter.layout ?? contract.block }] : [],
  );
}

export function compileBlocks(contract: Contract): CompiledBlock[] {
  const all = layoutsOf(contract);
  return all.map(({ parameter, layout }, index) => {
    const prefix = parameter.layout === undefined ? '' : `${parameter.name}.`;
    const fields = Object.entries(layout?.fields ?? {}).map(([name, field]) => ({
      name: `${prefix}${name}`,
      block: index,
      ...fieldShape(field),
    }));
    fields.sort((a, b) => a.offset - b.offset);
    const padding = layout?.padding === 'unchanged' ? paddingOf(fields, layout.size, prefix, index) : [];
    return {
      parameter,
      index,
      size: layout?.size ?? 0,
      fields: [...fields, ...padding].sort((a, b) => a.offset - b.offset),
      writable: layout === undefined ? undefined : writableBytes(fields, layout),
      alias: all.findIndex((other) => other.parameter.name === parameter.mayAlias),
      ...(parameter.whenNull !== undefined && { whenNull: resultAnyway(parameter.whenNull.returns) }),
    };
  });
}

/** Where nothing is said of padding, nobody has asked for a store there; where it is, its bytes are judged by their values or not at all. */
function writableBytes(fields: readonly BlockField[], { size, padding }: Layout): Uint8Array | undefined {
  if (padding !== undefined || !hasPadding(fields, size)) return undefined;
  const writable = new Uint8Array(size);
  for (const { offset, bytes } of fields) writable.fill(1, offset, offset + bytes);
  return writable;
}

/** Whether there are bytes of the block that no field has. */
function hasPadding(fields: readonly { offset: number; bytes: number }[], size: number): boolean {
  return fields.reduce((sum, { bytes }) => sum + bytes, 0) < size;
}

const WIDTHS: readonly FieldBytes[] = [8, 4, 2];

/** What no field has, in aligned words: fields that nobody reads, and that must not change. */
export function paddingOf(
  fields: readonly { offset: number; bytes: number }[],
  size: number,
  prefix: string,
  block: number,
): BlockField[] {
  const padding: BlockField[] = [];
  let next = 0;
  for (const { offset, bytes } of [...fields, { offset: size, bytes: 0 }]) {
    while (next < offset) {
      const start = next;
      const bytes = WIDTHS.find((width) => start % width === 0 && start + width <= offset) ?? 1;
      const name = `${prefix}padding@${start}`;
      padding.push({ name, block, offset: start, bytes, signed: false, scratch: false });
      next += bytes;
    }
    next = Math.max(next, offset + bytes);
  }
  return padding;
}
