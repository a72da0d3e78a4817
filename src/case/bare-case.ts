/** The case of a finding that no run repeats: its values, and the function's own pages. */
import { REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import { functionExtent } from '../harness/functions.js';
import type { Image } from '../image/image.js';
import { findFunction } from '../image/symbols.js';
import type { Signature } from '../triage/violation.js';
import type { CaseFile, StoredValues } from './case-file.js';
import type { CaseOrigin } from './make-case.js';
import { storedCode } from './stored-code.js';
import { Touched } from './touched.js';

/** @param body the contract of the function or program */
export function bareCase(
  image: Image,
  symbol: string,
  body: CaseFile['contract']['body'],
  signature: Signature,
  values: StoredValues,
  { tool, target, set, found }: CaseOrigin,
): CaseFile {
  const { address, size } = functionExtent(image, findFunction(image, symbol));
  return {
    schema: 'tdxfuzz/case/1',
    tool,
    target,
    symbol,
    image: { name: image.name, hash: image.hash },
    contract: { set, body },
    model: { module: REFERENCE_CONFIGURATION.version },
    code: storedCode(image, { symbol, entry: address, size }, new Touched()),
    ...values,
    answers: [],
    expect: { ...signature, trace: '' },
    found,
  };
}
