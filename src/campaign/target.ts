/** A target: an image, a symbol in it and a contract; and the runner made from it. */
import { PROPERTIES } from '../../properties/all.js';
import { compileContract, type CompiledContract } from '../contract/compiled.js';
import type { Contract } from '../contract/contract.js';
import type { Image } from '../image/image.js';
import { findFunction, functionExtent } from '../image/symbols.js';
import type { EngineOptions } from '../harness/map-world.js';
import { CaseRunner } from '../judge/case-runner.js';

export interface TargetDescription {
  /** Stable name in reports: `guest-5.19/__tdx_hypercall`, or image and symbol. */
  name: string;
  symbol: string;
  /** Name of the contract set. */
  set: string;
  contract: Contract;
  /** Names of the properties to judge; undefined: all. */
  properties?: readonly string[];
}

export interface Target extends TargetDescription {
  image: Image;
}

/**
 * @param knownSize bytes of the function's code, where the image does not know
 * @param engine which engine executes; the reference interpreter if not given
 * @throws ImageError if the image has no such function
 */
export function createRunner(target: Target, knownSize?: number, engine?: EngineOptions): CaseRunner {
  const extent = functionExtent(target.image, findFunction(target.image, target.symbol));
  const { address } = extent;
  const size = knownSize ?? extent.size;
  const compiled: CompiledContract = compileContract(target.contract, target.set);
  const chosen = target.properties;
  const properties = chosen === undefined ? PROPERTIES : PROPERTIES.filter(({ name }) => chosen.includes(name));
  return new CaseRunner(
    { image: target.image, symbol: target.symbol, entry: address },
    size,
    compiled,
    properties,
    engine,
  );
}
