/** Parameters and argument blocks, with names, and what a value is called in terms of them. */
import type { Block, CodeShape, ParameterValue, ReadParameter } from '../code/code-shape.js';
import type { Value } from '../code/value.js';
import type { Contract, Parameter, Source } from '../contract/contract.js';
import type { ConventionName } from '../x86/conventions.js';
import type { RegisterName } from '../x86/registers.js';
import type { Frame } from './frame.js';
import { answerOf, type Bytes, type Piece, pieceOf, piecesIn } from './pieces.js';
import { placeFor, positionOf } from './places.js';
import { CannotSay } from './proposal.js';

/** A field as it is proposed. */
interface Field {
  name: string;
  readonly offset: number;
  bytes: Bytes;
  signed: boolean;
  scratch: boolean;
  readonly input?: RegisterName;
  readonly output?: RegisterName;
}

/** A block with its fields. */
interface NamedBlock {
  readonly block: Block;
  readonly name: string;
  readonly fields: Field[];
}

interface Width {
  bytes: Bytes;
  signed: boolean;
}

export class Roles {
  readonly parameters: Parameter[] = [];
  readonly blocks: NamedBlock[] = [];
  /** By the key of the value. */
  readonly #names = new Map<string, string>();
  readonly #widths = new Map<string, Width>();

  constructor(
    readonly shape: CodeShape,
    readonly convention: ConventionName,
    readonly frame: Frame,
    readonly asked: string[],
  ) {
    for (const value of frame.operands.values()) for (const piece of piecesIn(value)) this.#widen(piece);
    for (const read of this.#inOrder()) this.#add(read);
    for (const block of shape.blocks) this.#addBlock(block);
  }

  /** What of the code's parameters the convention hands over, in its order, with those in between that nothing looks at. */
  #inOrder(): ReadParameter[] {
    const { convention, asked } = this;
    const placed = this.shape.parameters.flatMap((read) => {
      const position = positionOf(convention, read.value);
      return position === undefined ? [] : [{ read, position }];
    });
    const passed = (read: ReadParameter): boolean =>
      read.value.kind === 'entry' && this.frame.operands.get(read.value.register)?.key === read.value.key;
    const used = placed.filter(({ read }) => !read.isUntouched);
    const last = Math.max(-1, ...used.map(({ position }) => position));
    const taken = placed.filter(
      ({ read, position }) => !read.isUntouched || position < last || (passed(read) && this.frame.mask !== undefined),
    );
    for (const { read, position } of taken)
      if (read.isUntouched && passed(read))
        asked.push(
          `${text(read.value)} is handed on in its own register. It is taken for parameter ${position + 1}; if callers put nothing there, the code forgot to set it.`,
        );
    return taken.sort((a, b) => a.position - b.position).map(({ read }) => read);
  }

  #widen(piece: Piece): void {
    if (piece.kind === 'constant') return;
    const key = keyOf(piece);
    const known = this.#widths.get(key);
    if (known === undefined) this.#widths.set(key, { bytes: piece.bytes, signed: piece.signed });
    else if (known.bytes !== piece.bytes || known.signed !== piece.signed)
      this.#widths.set(key, { bytes: Math.max(known.bytes, piece.bytes) as Bytes, signed: false });
  }

  #add(read: ReadParameter): void {
    const { value, isPointer, testedBits } = read;
    const position = positionOf(this.convention, value) ?? 0;
    const place = placeFor(this.convention, value);
    const name = this.#nameFor(read, position);
    this.#names.set(value.key, name);
    if (isPointer) {
      const isNullable = read.isComparedWithZero;
      if (!isNullable)
        this.asked.push(
          `${text(value)} (${name}) is not compared with NULL, so that NULL is taken for no legal argument.`,
        );
      this.parameters.push({ kind: 'block', name, place, nullable: isNullable });
      return;
    }
    const width = this.#widths.get(value.key);
    const bytes = width === undefined || width.bytes === 8 ? {} : { bytes: width.bytes };
    const isFlags = width === undefined && (testedBits.length > 0 || isBool(this.shape, value));
    if (isFlags) {
      const bits = testedBits.length > 0 ? testedBits : [1n];
      const narrow = isBool(this.shape, value) ? { bytes: 1 as const } : {};
      this.parameters.push({
        kind: 'flags',
        name,
        place,
        bits: Object.fromEntries(bits.map((bit) => [flagName(bit), `0x${bit.toString(16)}`])),
        ...narrow,
      });
      return;
    }
    const rax = this.frame.operands.get('rax');
    const isLeaf =
      rax !== undefined &&
      piecesIn(rax).some((piece) => piece.kind === 'parameter' && piece.parameter.key === value.key);
    if (isLeaf) this.parameters.push({ kind: 'leaf', name, place, ...bytes });
    else
      this.parameters.push({ kind: 'value', name, place, ...bytes, ...(width?.signed === true && { signed: true }) });
  }

  #nameFor({ value, isPointer }: ReadParameter, position: number): string {
    const operand = [...this.frame.operands].find(([, of]) =>
      piecesIn(of).some((piece) => piece.kind === 'parameter' && piece.parameter.key === value.key),
    );
    if (isPointer) return this.shape.blocks.length > 1 ? `block${position + 1}` : 'args';
    if (operand?.[0] === 'rax') return 'leaf';
    return `p${position + 1}`;
  }

  #addBlock(block: Block): void {
    const name = this.#names.get(block.parameter.key);
    if (name === undefined) {
      this.asked.push(`Memory behind ${block.parameter.key} is used, which the convention hands over as no parameter.`);
      return;
    }
    const fields: Field[] = [];
    for (const { offset, bytes } of [...block.reads, ...block.writes, ...block.prepares]) {
      if (offset < 0)
        throw new CannotSay(
          `it uses memory ${-offset} bytes before ${text(block.parameter)}; a block begins where its pointer points`,
        );
      if (fields.some((field) => field.offset === offset)) continue;
      const input = this.#inputAt(block.parameter, offset);
      const outputs = block.writes.filter((write) => write.offset === offset);
      const output = outputs.map(({ value }) => answerOf(value)?.register).find((register) => register !== undefined);
      const width = this.#widths.get(`${block.parameter.key}@${offset}`);
      const written = outputs[0]?.bytes ?? bytes;
      const isScratch = block.prepares.some((one) => one.offset === offset) && input === undefined;
      fields.push({
        name: '',
        offset,
        bytes: (width?.bytes ?? written) as Bytes,
        signed: width?.signed ?? false,
        scratch: isScratch,
        ...(input !== undefined && { input }),
        ...(output !== undefined && !isScratch && { output }),
      });
    }
    fields.sort((a, b) => a.offset - b.offset);
    nameFields(fields);
    this.blocks.push({ block, name, fields });
  }

  /** The register that a field goes to. */
  #inputAt({ key }: ParameterValue, offset: number): RegisterName | undefined {
    for (const [register, value] of this.frame.operands)
      if (
        piecesIn(value).some(
          (piece) => piece.kind === 'field' && piece.parameter.key === key && piece.offset === offset,
        )
      )
        return register;
    return undefined;
  }

  /** What a field is called in inputs and outputs; undefined if it is none. */
  fieldName(parameter: ParameterValue, offset: number): string | undefined {
    const found = this.blocks.find(({ block }) => block.parameter.key === parameter.key);
    const field = found?.fields.find((one) => one.offset === offset);
    if (found === undefined || field === undefined) return undefined;
    return this.blocks.length > 1 ? `${found.name}.${field.name}` : field.name;
  }

  parameterName({ key }: ParameterValue): string | undefined {
    return this.#names.get(key);
  }

  /** @throws CannotSay for what no word of a contract is for */
  sourceOf(value: Value): Source {
    const piece = pieceOf(value);
    if (piece !== undefined) return this.#plain(piece);
    if (value.kind === 'part') return { low: this.sourceOf(value.of), bits: value.bits };
    if (value.kind === 'pointer') return { add: [this.sourceOf(value.base), constantSource(BigInt(value.offset))] };
    if (value.kind !== 'computed') throw new CannotSay(`nothing says what ${value.key} is`);
    const { operation, operands } = value;
    if (operation.startsWith('sign') && operands.length === 1)
      return { signed: this.sourceOf(operands[0]), bits: Number(operation.slice(4)) as 8 | 16 | 32 };
    if (operation === 'or' || operation === 'and' || operation === 'add')
      return { [operation]: operands.map((one) => this.sourceOf(one)) } as unknown as Source;
    const [first, second] = operands;
    if ((operation === 'shl' || operation === 'shr') && second?.kind === 'constant') {
      const by = Number(second.value & 63n);
      return operation === 'shl' ? { shl: this.sourceOf(first), by } : { shr: this.sourceOf(first), by };
    }
    if (operation === 'indexed') return this.#indexed(operands);
    throw new CannotSay(`a contract has no word for ${value.key}`);
  }

  /** LEA: base, index, scale, displacement. */
  #indexed([base, index, scale, displacement]: readonly Value[]): Source {
    if (scale?.kind !== 'constant' || displacement?.kind !== 'constant')
      throw new CannotSay('a contract has no word for such an address');
    const by = [1n, 2n, 4n, 8n].indexOf(scale.value);
    const scaled = by === 0 ? this.sourceOf(index) : { shl: this.sourceOf(index), by };
    const more = displacement.value === 0n ? [] : [constantSource(displacement.value)];
    return { add: [this.sourceOf(base), scaled, ...more] };
  }

  #plain(piece: Piece): Source {
    if (piece.kind === 'constant') return constantSource(piece.value);
    const named =
      piece.kind === 'parameter' ? this.parameterName(piece.parameter) : this.fieldName(piece.parameter, piece.offset);
    if (named === undefined) throw new CannotSay(`${piece.parameter.key} is no parameter of the convention`);
    const source: Source = piece.kind === 'parameter' ? { parameter: named } : { field: named };
    const width = this.#widths.get(keyOf(piece));
    if (width === undefined || (width.bytes === piece.bytes && width.signed === piece.signed)) return source;
    const bits = (8 * piece.bytes) as 8 | 16 | 32;
    if (piece.bytes === 8) return source;
    return piece.signed ? { signed: source, bits } : { low: source, bits };
  }

  /** The words of the contract for parameters and blocks. */
  words(): Pick<Contract, 'parameters' | 'block'> {
    const layouts = this.blocks.map(({ block, fields }) => ({
      size: Math.max(1, block.size),
      fields: Object.fromEntries(fields.map(fieldWord)),
      ...(hasHoles(fields, block.size) && { padding: 'unchanged' as const }),
    }));
    if (this.blocks.length === 1) return { parameters: this.parameters, block: layouts[0] };
    const parameters = this.parameters.map((parameter) => {
      const index = this.blocks.findIndex(({ name }) => name === parameter.name);
      return parameter.kind === 'block' && index >= 0 ? { ...parameter, layout: layouts[index] } : parameter;
    });
    return { parameters };
  }
}

/** Bytes between fields, which this code leaves alone. */
function hasHoles(fields: readonly Field[], size: number): boolean {
  return fields.reduce((sum, { bytes }) => sum + bytes, 0) < size;
}

function keyOf(piece: Exclude<Piece, { kind: 'constant' }>): string {
  return piece.kind === 'parameter' ? piece.parameter.key : `${piece.parameter.key}@${piece.offset}`;
}

function constantSource(value: bigint): Source {
  return { constant: `0x${BigInt.asUintN(64, value).toString(16)}` };
}

/** Only the low byte is looked at: a bool. */
function isBool({ outcomes }: CodeShape, { key }: ParameterValue): boolean {
  return outcomes.some(({ conditions }) =>
    conditions.some(
      ({ value, mask, relation }) =>
        value.key === key && mask === 0xffn && (relation === 'zero' || relation === 'not-zero'),
    ),
  );
}

export function flagName(bit: bigint): string {
  return `BIT_${bit.toString(2).length - 1}`;
}

function fieldWord({
  name,
  offset,
  bytes,
  signed,
  scratch,
}: Field): [string, NonNullable<Contract['block']>['fields'][string]] {
  if (bytes === 8 && !scratch) return [name, offset];
  return [
    name,
    { offset, ...(bytes !== 8 && { bytes }), ...(signed && { signed: true }), ...(scratch && { scratch: true }) },
  ];
}

/** A field is called after the register that it goes to or comes from; where two would be, after its place as well. */
function nameFields(fields: Field[]): void {
  for (const field of fields) {
    const register = field.input ?? field.output;
    field.name = register ?? `at_0x${field.offset.toString(16)}`;
  }
  for (const field of fields)
    if (fields.some((other) => other !== field && other.name === field.name))
      field.name = `${field.name}_at_0x${field.offset.toString(16)}`;
}

function text({ key }: ParameterValue): string {
  return key.toUpperCase();
}
