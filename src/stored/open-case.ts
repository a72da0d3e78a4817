/** A stored case, ready to be run: from its file alone, or on a new build. */
import { UsageError } from '../errors.js';
import { type Image, ImageError } from '../image/image.js';
import { openRunner } from '../run/open-runner.js';
import type { Runner } from '../run/runner.js';
import type { Case } from '../case/case.js';
import { caseImage } from './case-image.js';
import type { CaseFile } from './case-schema.js';
import { valuesOf } from './stored-values.js';
import { targetOf } from './target-of-case.js';

export interface OpenCase {
  readonly runner: Runner;
  readonly values: Case;
}

/**
 * @param origin what to call the file in a message
 * @param build judged in place of the code that the file holds
 * @throws UsageError in one line that names the file; ImageError for a build without the function
 */
export function openCase(file: CaseFile, origin: string, build?: { image: Image; symbol: string }): OpenCase {
  const target = targetOf(file, build?.image ?? caseImage(file, origin), build?.symbol ?? file.symbol);
  // The bytes outside the stored pages are not there: the size of the function is what the case says.
  const runner = opened(origin, () => openRunner(target, build === undefined ? file.code.size : undefined));
  return { runner, values: valuesOf(file, runner.space, origin) };
}

/** Options that a program does not have are said of its contract, which knows no file. */
function opened(origin: string, open: () => Runner): Runner {
  try {
    return open();
  } catch (error) {
    if (error instanceof UsageError && !(error instanceof ImageError))
      throw new UsageError(`${origin}: contract: ${error.message}`);
    throw error;
  }
}
