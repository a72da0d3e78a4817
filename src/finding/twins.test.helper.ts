/** Runners of the broken twins of corpus/bugs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokenTarget, imageCache } from '../campaign/targets/twin-targets.js';
import { createRunner } from '../run/open-runner.js';
import { StubRunner } from '../run/stub-runner.js';
import type { AnyTarget, StubTarget } from '../run/target.js';
import { builtInContract, findAnyContract } from '../contract/find-contract.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import type { Image } from '../image/image.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import type { Twin } from '../targets/twin.js';

/** The twins of single functions: those of programs are played and not run. */
export function twins(): Twin[] {
  return readManifest(packageRoot()).filter(
    (twin) => findAnyContract(twin.contract, CONTRACT_SETS).contract !== undefined,
  );
}

/** All of them as targets, with one image per object. */
export function twinTargets(): StubTarget[] {
  const images = new Map<string, Image>();
  return twins().map(({ id, symbol, contract, object }) => {
    const image = images.get(object) ?? parseImage(readFileSync(join(packageRoot(), object)), object);
    images.set(object, image);
    const found = builtInContract(contract);
    return { name: id, symbol, set: found.set.name, contract: found.contract, image };
  });
}

/** @throws Error for an id that no twin has */
export function twinTarget(id: string): StubTarget & { twin: Twin } {
  const twin = twins().find((candidate) => candidate.id === id);
  if (twin === undefined) throw new Error(`no twin ${id}`);
  const { set, contract } = builtInContract(twin.contract);
  const image = parseImage(readFileSync(join(packageRoot(), twin.object)), twin.object);
  return { name: twin.id, symbol: twin.symbol, set: set.name, contract, image, twin };
}

/** A twin of whichever kind. @throws Error for an id that no twin has */
export function anyTwin(id: string): AnyTarget {
  const twin = readManifest(packageRoot()).find((candidate) => candidate.id === id);
  if (twin === undefined) throw new Error(`no twin ${id}`);
  return brokenTarget(twin, IMAGES);
}

const IMAGES = imageCache(packageRoot());

export function twinRunner(id: string): StubRunner {
  return stubRunner(twinTarget(id));
}

/** As openRunner, of what is known to be a single function: its reference path can be asked for. */
export function stubRunner(target: StubTarget): StubRunner {
  return new StubRunner(target, createRunner(target));
}
