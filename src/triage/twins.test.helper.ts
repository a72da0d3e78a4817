/** Runners of the broken twins of corpus/bugs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRunner, type Target } from '../campaign/target.js';
import { builtInContract } from '../contract/find-contract.js';
import { parseImage } from '../image/load.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import type { Twin } from '../targets/twin.js';

export function twins(): Twin[] {
  return readManifest(packageRoot());
}

/** @throws Error for an id that no twin has */
export function twinTarget(id: string): Target & { twin: Twin } {
  const twin = twins().find((candidate) => candidate.id === id);
  if (twin === undefined) throw new Error(`no twin ${id}`);
  const { set, contract } = builtInContract(twin.contract);
  const image = parseImage(readFileSync(join(packageRoot(), twin.object)), twin.object);
  return { name: twin.id, symbol: twin.symbol, set: set.name, contract, image, twin };
}

export function twinRunner(id: string): CaseRunner {
  return createRunner(twinTarget(id));
}
