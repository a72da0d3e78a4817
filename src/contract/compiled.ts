/**
 * A contract with its names resolved to numbers, once per target: what the harness, the reference model and the
 * clauses look up for every case.
 */
import { CONVENTIONS } from '../x86/conventions.js';
import { REGISTER_INDEX, type RegisterName } from '../x86/registers.js';
import { type CompiledBlock, compileBlocks, type BlockField } from './compiled-blocks.js';
import { type CompiledFlow, compileFlow, leafSource } from './compiled-flow.js';
import type { Condition, Contract, Parameter, Source } from './contract.js';
import { isForBulk, resultOf, type Result } from './result-word.js';

/** Bytes above the return address that the callee may write: the shadow space of Microsoft x64 (docs/abi/calling-conventions.md#microsoft-x64). */
export const SHADOW_SPACE: Readonly<Record<Contract['convention'], number>> = {
  sysv: CONVENTIONS.sysv.shadowSpace,
  'ms-x64': CONVENTIONS['ms-x64'].shadowSpace,
};

export interface PlainParameter {
  place: Parameter['place'];
  registers: number;
}

/** A parameter of a type narrower than a register. */
export interface NarrowParameter {
  parameter: Exclude<Parameter, { kind: 'block' }>;
  /** 1, 2 or 4. */
  bytes: number;
  signed: boolean;
}

export interface CompiledContract extends CompiledFlow {
  contract: Contract;
  /** `SET/SYMBOL`, for people and reports. */
  id: string;
  /** Blocks in the order of their parameters. */
  blocks: readonly CompiledBlock[];
  /** Fields of all blocks, block by block in the order of their offsets; the index is the field's slot. */
  fields: readonly BlockField[];
  fieldIndex: ReadonlyMap<string, number>;
  /** That of the first block. */
  blockParameter?: Extract<Parameter, { kind: 'block' }>;
  flagsParameter?: Extract<Parameter, { kind: 'flags' }>;
  leafParameter?: Extract<Parameter, { kind: 'leaf' }>;
  /** Flag name -> low 32 bits of its mask (flags above bit 31 are not needed by any ABI here). */
  flagBits: ReadonlyMap<string, number>;
  /** All flag bits. */
  flagMask: number;
  /** Bits of the flags argument that no flag has and that callers may leave anything in. */
  openFlags: bigint;
  /** Whether the function can reach TDG.VP.VMCALL, and so the host, at all. */
  reachesHost: boolean;
  /** Whether it can reach TDH.VP.ENTER, and so a TD. */
  entersTd: boolean;
  /** Field index that holds RAX, the leaf, or -1. */
  leafField: number;
  /** Field index that holds the exposure mask, or -1 when the mask is the function's own. */
  maskField: number;
  /** The function's own mask (low half; the module rejects masks with high bits), 0 when it is the caller's. */
  ownMask: number;
  /** The largest mask from the caller that is the function's to answer for (low half). */
  widestMask: number;
  /** Field index -> register that it must be in at the call, -1 for none. */
  fieldRegister: Int8Array;
  /** Parameters of kind `value`, and the registers that they must be in at the call, one bit each. */
  plainParameters: readonly PlainParameter[];
  /** Parameters, of any kind, that are narrower than a register. */
  narrowParameters: readonly NarrowParameter[];
  /** Stack parameters that the caller passes: they are the function's to write. */
  stackParameters: number;
  result: Result;
  /** Results under conditions, tried in their order before `result`. */
  conditional: readonly { readonly when: readonly Condition[]; readonly result: Result }[];
  /** Whether the contract says nothing but what runs in bulk know (src/lane). */
  forBulk: boolean;
  calleeSaved: readonly RegisterName[];
}

/** @throws RangeError if flags or an exposure mask of the contract lie above bit 31 (validation refuses such contracts) */
export function compileContract(contract: Contract, set: string): CompiledContract {
  const blocks = compileBlocks(contract);
  const fields = blocks.flatMap((block) => block.fields);
  const fieldIndex = new Map(fields.map((field, index) => [field.name, index]));
  const flagsParameter = contract.parameters.find((parameter) => parameter.kind === 'flags');
  const flagBits = new Map(Object.entries(flagsParameter?.bits ?? {}).map(([name, bit]) => [name, lowBits(bit)]));
  const mask = contract.inputs.rcx;
  const maskField = fieldOf(mask, fieldIndex);
  // Leaf 0 is the one that leads to the untrusted side: TDG.VP.VMCALL of TDCALL, TDH.VP.ENTER of SEAMCALL.
  const reachesHost = contract.instruction === 'tdcall' && contract.leaves.includes(0);
  const entersTd = contract.instruction === 'seamcall' && contract.leaves.includes(0);
  const fieldRegister = new Int8Array(fields.length).fill(-1);
  for (const [register, source] of Object.entries(contract.inputs) as [RegisterName, Source][]) {
    if ('field' in source) fieldRegister[fieldIndex.get(source.field) ?? -1] = REGISTER_INDEX[register];
  }
  const blockParameter = blocks.at(0)?.parameter;
  const result = resultOf(contract);
  const flow = compileFlow(contract, fieldIndex, result.testsR10);
  const leafParameter = contract.parameters.find((parameter) => parameter.kind === 'leaf');
  return {
    contract,
    id: `${set}/${contract.symbol}`,
    blocks,
    fields,
    fieldIndex,
    ...(blockParameter && { blockParameter }),
    ...(flagsParameter && { flagsParameter }),
    ...(leafParameter && { leafParameter }),
    flagBits,
    flagMask: [...flagBits.values()].reduce((all, bit) => all | bit, 0),
    openFlags: openFlags(flagsParameter),
    reachesHost,
    entersTd,
    leafField: fieldOf(contract.inputs.rax && leafSource(contract.inputs.rax), fieldIndex),
    maskField,
    // RCX of any other leaf is an argument.
    ownMask: reachesHost && mask !== undefined && 'constant' in mask ? lowBits(mask.constant) : 0,
    widestMask: contract.widestMask === undefined ? 0xffcc : lowBits(contract.widestMask),
    fieldRegister,
    plainParameters: plainParameters(contract),
    narrowParameters: narrowParameters(contract),
    stackParameters: stackParameters(contract),
    result,
    conditional: (contract.returnsWhen ?? []).map(({ when, returns }) => ({ when, result: resultOf({ returns }) })),
    forBulk: isForBulk(contract) && !flow.referenceOnly && blocks.every(({ writable }) => writable === undefined),
    calleeSaved: CONVENTIONS[contract.convention].calleeSaved,
    ...flow,
  };
}

/** A bool has no others: of its lowest byte 0 and 1 are all that a caller may pass (psABI 3.2.3, Parameter Passing). */
function openFlags(parameter: CompiledContract['flagsParameter']): bigint {
  if (parameter === undefined || parameter.otherBits === 'zero') return 0n;
  const flags = Object.values(parameter.bits).reduce((all, bit) => all | BigInt(bit), 0n);
  const bytes = parameter.bytes ?? 8;
  return bytes === 1 && flags === 1n ? 0n : ((1n << BigInt(8 * bytes)) - 1n) & ~flags;
}

function plainParameters({ parameters, inputs }: Contract): PlainParameter[] {
  const sources = Object.entries(inputs) as [RegisterName, Source][];
  return parameters
    .filter(({ kind }) => kind === 'value')
    .map(({ name, place }) => ({
      place,
      registers: sources
        .filter(([, source]) => 'parameter' in source && source.parameter === name)
        .reduce((mask, [register]) => mask | (1 << REGISTER_INDEX[register]), 0),
    }));
}

function narrowParameters({ parameters }: Contract): NarrowParameter[] {
  return parameters.flatMap((parameter) => {
    if (parameter.kind === 'block' || (parameter.bytes ?? 8) === 8) return [];
    const signed = parameter.kind === 'value' && parameter.signed === true;
    return [{ parameter, bytes: parameter.bytes ?? 8, signed }];
  });
}

function stackParameters({ parameters }: Contract): number {
  return parameters.reduce((most, { place }) => ('stack' in place ? Math.max(most, place.stack + 1) : most), 0);
}

function fieldOf(source: Source | undefined, fieldIndex: ReadonlyMap<string, number>): number {
  return source !== undefined && 'field' in source ? (fieldIndex.get(source.field) ?? -1) : -1;
}

function lowBits(hex: string): number {
  const value = BigInt(hex);
  if (value >> 32n !== 0n) throw new RangeError(`${hex}: a mask of flags or registers lies within 32 bits`);
  return Number(value) | 0;
}
