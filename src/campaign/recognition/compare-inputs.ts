/** Where the registers of the wrapped instruction come from, in the code and in a contract. */
import type { CodeShape } from '../../code/code-shape.js';
import { constant, field, type Value } from '../../code/value.js';
import type { Contract, Source } from '../../contract/contract.js';
import type { RegisterName } from '../../x86/registers.js';
import { type Comparison, comparison, upper } from './difference.js';
import { blockOf, fieldPlace, placeOf } from './truths.js';

/** A mask or a leaf says more than one of many fields. */
const WEIGHTS: Partial<Record<RegisterName, number>> = { rax: 2, rcx: 3 };

export function compareInputs(contract: Contract, shape: CodeShape): Comparison {
  const expected = Object.entries(contract.inputs) as [RegisterName, Source][];
  const found: [string, number][] = [];
  let weight = 0;
  for (const [register, source] of expected) {
    const ofRegister = WEIGHTS[register] ?? 1;
    weight += ofRegister;
    const wanted = valueOf(contract, source);
    // A word that is not known here is held against nothing.
    if (wanted === undefined) continue;
    const others = shape.inputs[register].filter(({ key }) => key !== wanted.key);
    if (others.length === 0 && shape.inputs[register].length > 0) continue;
    found.push([`${upper(register)} is ${others.map(({ key }) => key).join(' or ')}, not ${wanted.key}`, ofRegister]);
  }
  for (const [register, values] of Object.entries(shape.inputs) as [RegisterName, readonly Value[]][]) {
    if (contract.inputs[register] !== undefined) continue;
    const loaded = values.find((value) => isOfBlock(contract, value));
    if (loaded !== undefined) found.push([`${upper(register)} is ${loaded.key}, which the contract does not pass`, 1]);
  }
  return comparison('inputs', weight, found);
}

function valueOf(contract: Contract, source: Source): Value | undefined {
  if ('constant' in source) return constant(BigInt(source.constant));
  if ('parameter' in source) {
    const parameter = contract.parameters.find(({ name }) => name === source.parameter);
    return parameter && placeOf(contract, parameter);
  }
  if (!('field' in source)) return undefined;
  const block = blockOf(contract);
  const place = fieldPlace(contract, source.field);
  return block === undefined || place === undefined ? undefined : field(block, place.offset, place.bytes);
}

/** A field of the contract's block in a register of its own. */
function isOfBlock(contract: Contract, value: Value): boolean {
  return value.kind === 'field' && value.base.key === blockOf(contract)?.key;
}

/** Parameters that the code looks at and the contract does not have, and flags that it does not have. */
export function compareParameters(contract: Contract, shape: CodeShape): Comparison {
  const places = new Map(contract.parameters.map((parameter) => [placeOf(contract, parameter).key, parameter]));
  const found: [string, number][] = [];
  for (const { value, isPointer, isComparedWithZero, testedBits } of shape.parameters) {
    const parameter = places.get(value.key);
    const name = value.kind === 'entry' ? upper(value.register) : value.key;
    if (parameter === undefined) {
      if (isPointer || isComparedWithZero || testedBits.length > 0)
        found.push([`${name} is ${isPointer ? 'used as a pointer' : 'looked at'}, which is no parameter`, 2]);
      continue;
    }
    if (isPointer && parameter.kind !== 'block') found.push([`${name} (${parameter.name}) is used as a pointer`, 2]);
    const known = parameter.kind === 'flags' ? Object.values(parameter.bits).map(BigInt) : [];
    for (const bits of testedBits)
      if (!known.includes(bits))
        found.push([`bits 0x${bits.toString(16)} of ${name} (${parameter.name}) are tested`, 1]);
    // Of a single flag it is the same.
    if (parameter.kind === 'flags' && isComparedWithZero && known.length > 1)
      found.push([`${name} (${parameter.name}) is compared with 0 as a whole`, 1]);
  }
  return comparison('parameters', 2, found);
}
