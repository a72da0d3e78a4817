/** The case of a finding that no run repeats: its values, and the function's own pages. */
import { REFERENCE_CONFIGURATION } from '../../../models/module/configuration.js';
import type { CaseFile, StoredValues } from '../../case/case-file.js';
import { storedCode } from '../../case/stored-code.js';
import { Touched } from '../../case/touched.js';
import { functionExtent } from '../../harness/functions.js';
import { findFunction } from '../../image/symbols.js';
import { toolVersion } from '../../package-info.js';
import type { Signature } from '../../triage/violation.js';
import { type AnyTarget, isProgram } from '../targets/target.js';

export function bareCase(
  target: AnyTarget,
  signature: Signature,
  values: StoredValues,
  found: CaseFile['found'],
): CaseFile {
  const { image, name, set, symbol } = target;
  const { address, size } = functionExtent(image, findFunction(image, symbol));
  return {
    schema: 'tdxfuzz/case/1',
    tool: toolVersion(),
    target: name,
    symbol,
    image: { name: image.name, hash: image.hash },
    contract: { set, body: isProgram(target) ? target.program : target.contract },
    model: { module: REFERENCE_CONFIGURATION.version },
    code: storedCode(image, { symbol, entry: address, size }, new Touched()),
    ...values,
    answers: [],
    expect: { ...signature, trace: '' },
    found,
  };
}
