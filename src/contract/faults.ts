/**
 * What is wrong with a contract that its schema cannot say: names that refer to each other, numbers that must fit, what the
 * module would refuse on every call. All of it, each in one line.
 */
import { EXPOSED_WITHOUT_NO_RBP_MOD, GPR_NAMES, NEVER_EXPOSED } from '../../models/abi/registers.js';
import { REGISTER_INDEX, type RegisterName } from '../x86/registers.js';
import { compileBlocks, fieldShape, layoutsOf } from './compiled-blocks.js';
import { didYouMean, fieldNames } from './contract-names.js';
import type { Contract, Source } from './contract.js';
import { wrongConditions, wrongFlow, wrongWithoutRcx } from './validate-flow.js';
import { MOST_BLOCKS, MOST_FIELDS } from './limits.js';

type Faults = Generator<string, void>;

/**
 * What no contract may have, not even that of a stored case: without these it could not be run. Also run over the built-in
 * library by its test.
 *
 * @returns one line for each thing that is wrong, in the order of the contract
 */
export function faultsOf(contract: Contract): string[] {
  return [
    ...wrongParameters(contract),
    ...wrongBlocks(contract),
    ...wrongInputs(contract),
    ...wrongFrame(contract),
    ...wrongAssumptions(contract),
    ...wrongHostStub(contract),
    ...wrongOutputs(contract),
    ...wrongFlow(contract),
  ];
}

function* wrongParameters({ parameters }: Contract): Faults {
  if (new Set(parameters.map(({ name }) => name)).size !== parameters.length) yield 'two parameters have one name';
  const places = new Set(parameters.map(({ place }) => JSON.stringify(place)));
  if (places.size !== parameters.length) yield 'two parameters have one place';
  for (const kind of ['flags', 'leaf']) {
    if (parameters.filter((parameter) => parameter.kind === kind).length > 1)
      yield `more than one parameter of kind ${kind}`;
  }
  for (const parameter of parameters) {
    if (parameter.kind !== 'flags') continue;
    for (const [flag, bits] of Object.entries(parameter.bits)) {
      const value = BigInt(bits);
      if (value === 0n || value >> 32n !== 0n) yield `flag ${flag}: ${bits} is not a bit of the lower 32`;
      else if (value >> BigInt(8 * (parameter.bytes ?? 8)) !== 0n)
        yield `flag ${flag}: ${bits} is no bit of a parameter of ${count(parameter.bytes ?? 8, 'byte')}`;
    }
  }
}

function* wrongBlocks(contract: Contract): Faults {
  const { block } = contract;
  const blocks = layoutsOf(contract);
  const users = blocks.filter(({ parameter }) => parameter.layout === undefined);
  if (users.length > 1)
    yield `more than one parameter of kind block without a layout of its own: ${users.map(({ parameter }) => parameter.name).join(', ')}`;
  if (users.length > 0 !== (block !== undefined)) yield 'a block parameter and "block" go together';
  if (blocks.length > MOST_BLOCKS) yield `${blocks.length} blocks, and there is room for ${MOST_BLOCKS}`;
  for (const [index, { parameter, layout }] of blocks.entries()) {
    const where = parameter.layout === undefined ? 'block' : `parameter ${parameter.name}: layout`;
    yield* wrongFields(layout, where);
    if (parameter.whenNull !== undefined && !parameter.nullable)
      yield `parameter ${parameter.name}: "whenNull" needs "nullable": true`;
    if (parameter.mayAlias === undefined) continue;
    const names = blocks.slice(0, index).map((earlier) => earlier.parameter.name);
    const other = blocks.slice(0, index).find((earlier) => earlier.parameter.name === parameter.mayAlias)?.layout;
    const [own, others] = [layout?.size ?? 0, other?.size ?? Infinity];
    if (own > others)
      yield `parameter ${parameter.name}: mayAlias: ${parameter.mayAlias} has ${count(others, 'byte')}, and this block ${own}: put the larger block first, and say of the smaller one that it may alias`;
    if (!names.includes(parameter.mayAlias))
      yield `parameter ${parameter.name}: mayAlias: ${parameter.mayAlias} is no earlier block parameter${didYouMean(parameter.mayAlias, names)}`;
  }
  const fields = compileBlocks(contract).flatMap((one) => one.fields);
  if (fields.length > MOST_FIELDS)
    yield `${fields.length} fields and words of padding that must not change, and there is room for ${MOST_FIELDS}: name fewer, or say "padding": "any"`;
  const twice = fields.map(({ name }) => name).find((name, index, all) => all.indexOf(name) !== index);
  if (twice !== undefined) yield `two fields are called ${twice}: rename the field, or the block parameter`;
}

function* wrongFields(layout: Contract['block'], where: string): Faults {
  const known: { name: string; offset: number; end: number }[] = [];
  for (const [name, field] of Object.entries(layout?.fields ?? {})) {
    const { offset, bytes, scratch, signed } = fieldShape(field);
    const end = offset + bytes;
    if (end > (layout?.size ?? 0)) yield `${where}.fields.${name}: ends behind the block`;
    const other = known.find((one) => one.offset < end && offset < one.end);
    if (other !== undefined)
      yield other.offset === offset
        ? `${where}.fields.${name}: has the offset of ${other.name}`
        : `${where}.fields.${name}: overlaps ${other.name}`;
    if (scratch && signed) yield `${where}.fields.${name}: "signed" is for inputs, and nobody reads a scratch field`;
    known.push({ name, offset, end });
  }
}

function* wrongInputs(contract: Contract): Faults {
  const { inputs, parameters } = contract;
  const fields = fieldNames(contract);
  const names = parameters.map(({ name }) => name);
  const registers = new Map<string, string>();
  for (const [register, source] of Object.entries(inputs) as [string, Source][]) {
    if ('parameter' in source) {
      const parameter = parameters.find(({ name }) => name === source.parameter);
      if (parameter === undefined)
        yield `inputs.${register}: no parameter ${source.parameter}${didYouMean(source.parameter, names)}`;
      else if (parameter.kind === 'block')
        yield `inputs.${register}: ${source.parameter} is a pointer to a block; name one of its fields: {"field": NAME}`;
    }
    if (!('field' in source)) continue;
    if (!fields.includes(source.field)) {
      yield `inputs.${register}: no field ${source.field}${didYouMean(source.field, fields)}`;
      continue;
    }
    // Whether the host may see a field is asked of the one register that it goes to.
    const other = registers.get(source.field);
    if (other !== undefined) yield `inputs.${register}: field ${source.field} already goes to ${other}`;
    registers.set(source.field, register);
  }
}

/** RAX and RCX: the leaf, and for leaf 0 the exposure mask. */
function* wrongFrame(contract: Contract): Faults {
  const {
    instruction,
    inputs: { rax, rcx },
    leaves,
    parameters,
    widestMask,
    assumes,
  } = contract;
  if (rax === undefined) yield 'inputs: rax must be stated';
  if (rcx === undefined) yield* wrongWithoutRcx(contract);
  if (
    rax !== undefined &&
    'constant' in rax &&
    !leaves.some((leaf) => BigInt(leaf) === (BigInt(rax.constant) & 0xffffn))
  )
    yield `inputs.rax: ${rax.constant} is none of the leaves`;
  if (rax !== undefined && 'parameter' in rax && !isLeaf(parameters, rax.parameter))
    yield `inputs.rax: parameter ${rax.parameter} is not of kind leaf`;
  const leaf = parameters.find(({ kind }) => kind === 'leaf');
  const widest = leaf?.kind === 'leaf' ? 2 ** (8 * (leaf.bytes ?? 8)) : Infinity;
  for (const one of leaves)
    if (one >= widest)
      yield `leaves: ${one} does not fit into the parameter ${leaf?.name}; make it wider, or leave it out`;
  if (rcx !== undefined && instruction === 'tdcall' && leaves.includes(0)) {
    if (!('constant' in rcx) && !('field' in rcx))
      yield 'inputs.rcx: the exposure mask of leaf 0 is a constant or a field';
    const refused = 'constant' in rcx ? refusedMask(rcx.constant, assumes) : undefined;
    if (refused !== undefined) yield `inputs.rcx: ${refused}`;
  }
  const refused = widestMask === undefined ? undefined : refusedOnEveryCall(widestMask);
  if (refused !== undefined) yield `widestMask: ${refused}`;
}

/**
 * As faultsOf, with what can be run and says nothing that anybody means: a contract that is written anew has none of it.
 */
export function allFaultsOf(contract: Contract): string[] {
  return [...faultsOf(contract), ...wrongExposure(contract)];
}

/**
 * What a function that only makes TDG.VP.VMCALL, with a mask of its own, sends and takes in registers that the mask does not
 * let through: the host sees 0 in place of an input, and an output is what the guest itself had there (docs/abi/tdvmcall.md#exposure-mask).
 */
function* wrongExposure(contract: Contract): Faults {
  const { instruction, leaves, inputs, outputs, returns } = contract;
  const { rcx } = inputs;
  if (instruction !== 'tdcall' || leaves.some((leaf) => leaf !== 0) || rcx === undefined || !('constant' in rcx))
    return;
  const mask = BigInt(rcx.constant);
  // Of a mask that is refused this is not worth a word.
  if (refusedOnEveryCall(rcx.constant) !== undefined) return;
  const isExposed = (register: RegisterName): boolean => ((mask >> BigInt(REGISTER_INDEX[register])) & 1n) === 1n;
  const more = (register: RegisterName): string =>
    `set bit ${REGISTER_INDEX[register]} of inputs.rcx (${rcx.constant})`;
  for (const register of Object.keys(inputs) as RegisterName[]) {
    if (register === 'rax' || register === 'rcx' || isExposed(register)) continue;
    // What is cleared for the sake of nobody may be cleared.
    const source = inputs[register];
    if (source !== undefined && 'constant' in source && BigInt(source.constant) === 0n) continue;
    yield `inputs.${register}: the exposure mask does not let ${register.toUpperCase()} through, so that the host gets 0; ${more(register)}, or leave the input out`;
  }
  for (const [field, register] of Object.entries(outputs.fields))
    // RCX keeps the mask itself.
    if (register !== 'rax' && register !== 'rcx' && !isExposed(register))
      yield `outputs.fields.${field}: the exposure mask does not let ${register.toUpperCase()} through, so that the host answers nothing in it; ${more(register)}, or leave the output out`;
  const result = resultRegister(returns);
  if (result !== undefined && !isExposed(result))
    yield `returns: the exposure mask does not let ${result.toUpperCase()} through, so that the host answers nothing in it; ${more(result)}, or return something else`;
}

/** The register besides RAX that a result comes from. */
function resultRegister(returns: Contract['returns']): RegisterName | undefined {
  if (returns === 'r10' || returns === 'status-or-r10') return 'r10';
  if (typeof returns === 'string') return undefined;
  if ('register' in returns) return returns.register === 'rax' ? undefined : returns.register;
  if ('statusOr' in returns) return returns.statusOr;
  if ('isZero' in returns) return returns.isZero === 'status' ? undefined : 'r10';
  if ('isNotZero' in returns) return returns.isNotZero === 'status' ? undefined : 'r10';
  return undefined;
}

/** What is wrong with an exposure mask that the module refuses on every call: nothing behind such a call is ever judged. */
function refusedMask(mask: string, assumes: Contract['assumes'] = []): string | undefined {
  const refused = refusedOnEveryCall(mask);
  if (refused !== undefined) return refused;
  const value = BigInt(mask);
  const byTd = bitsOf(value & BigInt(EXPOSED_WITHOUT_NO_RBP_MOD));
  if (byTd.length > 0 && !assumes.includes('rbp-mod'))
    return `the module refuses the exposure mask ${mask} of a TD with NO_RBP_MOD: ${bitNames(byTd)} is set; leave out this bit, or say that the function needs a TD without NO_RBP_MOD: "assumes": ["rbp-mod"]`;
  return undefined;
}

function refusedOnEveryCall(mask: string): string | undefined {
  const never = bitsOf(BigInt(mask) & (BigInt(NEVER_EXPOSED) | ~0xffff_ffffn));
  if (never.length === 0) return undefined;
  return `the module refuses the exposure mask ${mask} on every call: ${bitNames(never)} may never be set; leave out ${never.length > 1 ? 'these bits' : 'this bit'}`;
}

function bitsOf(value: bigint): number[] {
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (value >> BigInt(bit)) & 1n);
}

function bitNames(bits: readonly number[]): string {
  const names = bits.map((bit) => (bit < GPR_NAMES.length ? `${bit} (${GPR_NAMES[bit]})` : String(bit)));
  return `${bits.length > 1 ? 'bits' : 'bit'} ${names.join(', ')}`;
}

function* wrongAssumptions({ assumes = [] }: Contract): Faults {
  if (assumes.includes('no-rbp-mod') && assumes.includes('rbp-mod'))
    yield 'assumes: no-rbp-mod and rbp-mod exclude each other; leave out one';
}

/** What a stub around SEAMCALL must say, and one around TDCALL cannot. */
function* wrongHostStub({ instruction, notEntered, returns, onFailure, stiFlag }: Contract): Faults {
  if (instruction === 'tdcall') {
    if (notEntered !== undefined) yield 'notEntered: TDCALL always reaches the module';
    return;
  }
  if (notEntered === undefined) yield 'notEntered: must be stated for SEAMCALL';
  if (returns !== 'status' || onFailure !== 'returns')
    yield 'a stub around SEAMCALL returns the status: "returns": "status", "onFailure": "returns"';
  if (stiFlag !== undefined) yield 'stiFlag: SEAMCALL needs no STI';
}

function* wrongOutputs(contract: Contract): Faults {
  const { outputs, parameters, stiFlag } = contract;
  const fields = fieldNames(contract);
  for (const field of Object.keys(outputs.fields)) {
    if (!fields.includes(field))
      yield `outputs.fields.${field}: no such field of the block${didYouMean(field, fields)}`;
  }
  const flags = Object.keys(flagsOf(parameters));
  yield* wrongConditions(contract, 'outputs.when', outputs.when);
  if (stiFlag !== undefined && !flags.includes(stiFlag))
    yield `stiFlag: no flag ${stiFlag}${didYouMean(stiFlag, flags)}`;
}

function flagsOf(parameters: Contract['parameters']): Readonly<Record<string, string>> {
  return parameters.find((parameter) => parameter.kind === 'flags')?.bits ?? {};
}

function isLeaf(parameters: Contract['parameters'], name: string): boolean {
  return parameters.some((parameter) => parameter.kind === 'leaf' && parameter.name === name);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
