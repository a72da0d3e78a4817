/**
 * A contract with its names resolved to numbers, once per target: what the harness, the reference model and the
 * clauses look up for every case.
 */
import { CONVENTIONS } from '../x86/conventions.js';
import { REGISTER_INDEX, type RegisterName } from '../x86/registers.js';
import { type CompiledFlow, compileFlow, leafSource } from './compiled-flow.js';
import type { Contract, Parameter, Source } from './contract.js';

/** Bytes above the return address that the callee may write: the shadow space of Microsoft x64 (facts/stubs.md). */
export const SHADOW_SPACE: Readonly<Record<Contract['convention'], number>> = {
  sysv: CONVENTIONS.sysv.shadowSpace,
  'ms-x64': CONVENTIONS['ms-x64'].shadowSpace,
};

export interface BlockField {
  name: string;
  offset: number;
}

export interface PlainParameter {
  place: Parameter['place'];
  registers: number;
}

export interface CompiledContract extends CompiledFlow {
  contract: Contract;
  /** `SET/SYMBOL`, for people and reports. */
  id: string;
  /** Fields of the block in the order of their offsets; the index is the field's slot. */
  fields: readonly BlockField[];
  fieldIndex: ReadonlyMap<string, number>;
  blockParameter?: Extract<Parameter, { kind: 'block' }>;
  flagsParameter?: Extract<Parameter, { kind: 'flags' }>;
  leafParameter?: Extract<Parameter, { kind: 'leaf' }>;
  /** Flag name -> low 32 bits of its mask (flags above bit 31 are not needed by any ABI here). */
  flagBits: ReadonlyMap<string, number>;
  /** All flag bits. */
  flagMask: number;
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
  calleeSaved: readonly RegisterName[];
}

/** @throws RangeError if flags or an exposure mask of the contract lie above bit 31 (validation refuses such contracts) */
export function compileContract(contract: Contract, set: string): CompiledContract {
  const fields = Object.entries(contract.block?.fields ?? {})
    .map(([name, offset]) => ({ name, offset }))
    .sort((a, b) => a.offset - b.offset);
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
  const blockParameter = contract.parameters.find((parameter) => parameter.kind === 'block');
  const leafParameter = contract.parameters.find((parameter) => parameter.kind === 'leaf');
  return {
    contract,
    id: `${set}/${contract.symbol}`,
    fields,
    fieldIndex,
    ...(blockParameter && { blockParameter }),
    ...(flagsParameter && { flagsParameter }),
    ...(leafParameter && { leafParameter }),
    flagBits,
    flagMask: [...flagBits.values()].reduce((all, bit) => all | bit, 0),
    reachesHost,
    entersTd,
    leafField: fieldOf(contract.inputs.rax && leafSource(contract.inputs.rax), fieldIndex),
    maskField,
    // RCX of any other leaf is an argument.
    ownMask: reachesHost && mask !== undefined && 'constant' in mask ? lowBits(mask.constant) : 0,
    widestMask: contract.widestMask === undefined ? 0xffcc : lowBits(contract.widestMask),
    fieldRegister,
    plainParameters: plainParameters(contract),
    calleeSaved: CONVENTIONS[contract.convention].calleeSaved,
    ...compileFlow(contract, fieldIndex),
  };
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

function fieldOf(source: Source | undefined, fieldIndex: ReadonlyMap<string, number>): number {
  return source !== undefined && 'field' in source ? (fieldIndex.get(source.field) ?? -1) : -1;
}

function lowBits(hex: string): number {
  const value = BigInt(hex);
  if (value >> 32n !== 0n) throw new RangeError(`${hex}: a mask of flags or registers lies within 32 bits`);
  return Number(value) | 0;
}
