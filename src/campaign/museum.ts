/**
 * The museum: every broken twin must be found by the property, at the register and at the instruction that its manifest
 * names, on every seed, and break nothing that the manifest does not list; every fixed twin must stay silent with no
 * class of cases left empty; and so must every sound variant.
 */
import { UsageError } from '../errors.js';
import { isProgram } from '../run/target.js';
import { readManifest } from '../targets/manifest.js';
import type { Twin } from '../targets/twin.js';
import { readVariants, type Variant } from '../targets/variants.js';
import { BLOCK_CASES } from './blocks/block.js';
import { fuzz } from './fuzz.js';
import type { TargetResult } from './records/result.js';
import { brokenTarget, fixedTarget, imageCache, variantTarget } from './targets/twin-targets.js';

/** What one seed said of one exhibit. An empty list of complaints is a pass. */
export interface ExhibitRun {
  seed: string;
  cases: number;
  executions: number;
  /** Index of the first failing case of the expected finding, -1 if it was not found. */
  foundAfter: number;
  /** Slots that differ from neutral in the shrunken case. */
  values: number;
  complaints: string[];
}

export interface Exhibit {
  id: string;
  kind: 'broken' | 'fixed' | 'variant';
  contract: string;
  /** One sentence; empty for fixed twins and variants. */
  mistake: string;
  /** `property slot at place`, empty for fixed twins and variants. */
  expected: string;
  runs: ExhibitRun[];
}

export interface MuseumOptions {
  root: string;
  seeds: number;
  /** Cases for each broken twin on each seed. */
  runs: number;
  /** Cases for each fixed twin and variant of a stub, once, on the first seed. */
  fixedRuns: number;
  /** The same for programs, whose cases cost a hundred times as much; as many as for stubs if not given. */
  fixedProgramRuns?: number;
  workers: number;
  /** Which twins and variants, by id; all if not given. */
  chosen?: (id: string) => boolean;
  /** Told of cases done, and of how many there will be. */
  onProgress?: (done: number, total: number) => void;
  stopped?: () => boolean;
}

/** More values than these are no shrunken case (issue 2). */
const MOST_VALUES = 3;

/** @throws UsageError if no twin is chosen */
export async function museum(options: MuseumOptions): Promise<Exhibit[]> {
  const { root, seeds, runs, fixedRuns, workers, chosen = () => true, onProgress, stopped = () => false } = options;
  const twins = readManifest(root).filter(({ id }) => chosen(id));
  const variants = readVariants(root).filter(({ id }) => chosen(id));
  if (twins.length + variants.length === 0) throw new UsageError('the museum has no such twin; see tdxfuzz list twins');
  const image = imageCache(root);
  const fixed = [...new Map(twins.map((twin) => [fixedName(twin), twin])).values()];
  const clean = [
    ...fixed.map((twin) => fixedTarget(twin, fixedName(twin), image)),
    ...variants.map((variant) => variantTarget(variant, image)),
  ];
  const runsOf = (index: number): number =>
    isProgram(clean[index]) ? (options.fixedProgramRuns ?? fixedRuns) : fixedRuns;
  const total = clean.reduce((sum, _target, index) => sum + runsOf(index), seeds * runs * twins.length);
  let before = 0;
  const progress = (cases: number): void => onProgress?.(before + cases, total);
  const broken: Exhibit[] = twins.map((twin) => ({
    id: twin.id,
    kind: 'broken',
    contract: twin.contract,
    mistake: twin.mistake,
    expected: expectation(twin),
    runs: [],
  }));
  const targets = twins.map((twin) => brokenTarget(twin, image));
  for (let number = 0; number < seeds && targets.length > 0 && !stopped(); number++) {
    const seed = `museum ${number}`;
    const { result } = await fuzz({
      targets,
      seed,
      budget: { runs },
      workers,
      examine: false,
      onProgress: progress,
      stopped,
    });
    before += runs * twins.length;
    if (stopped()) break;
    twins.forEach((twin, index) => broken[index].runs.push(judgeBroken(twin, result.targets[index], seed)));
  }
  if (stopped()) return broken;
  const { result } = await fuzz({
    targets: clean,
    seed: 'museum 0',
    budget: { runsOf },
    workers,
    examine: false,
    onProgress: progress,
    stopped,
  });
  const { targets: silent } = result;
  return [
    ...broken,
    ...fixed.map((twin, index) => fixedExhibit(twin, silent[index])),
    ...variants.map((variant, index) => variantExhibit(variant, silent[fixed.length + index])),
  ];
}

function variantExhibit({ id, contract }: Variant, result: TargetResult): Exhibit {
  return { id, kind: 'variant', contract, mistake: '', expected: '', runs: [judgeSilent(result, 'museum 0')] };
}

function fixedExhibit(twin: Twin, result: TargetResult): Exhibit {
  const runs = [judgeFixed(result, 'museum 0')];
  return { id: fixedName(twin), kind: 'fixed', contract: twin.contract, mistake: '', expected: '', runs };
}

/** `guest-6.4/__tdx_hypercall`: the object and the contract's function, since two programs may share a symbol. */
function fixedName({ fixed, contract }: Twin): string {
  return `${fixed.object.replace(/^.*\/|\.o$/g, '')}/${contract.slice(contract.indexOf('/') + 1)}`;
}

function expectation({ property, slot, place }: Twin): string {
  return `${property}: ${slot} at ${place}`;
}

function judgeBroken(twin: Twin, target: TargetResult, seed: string): ExhibitRun {
  const complaints: string[] = [];
  if (target.problem !== undefined) complaints.push(`no verdict: ${target.problem}`);
  const expected = target.findings.find(
    (found) => found.property === twin.property && found.slot === twin.slot && found.place === twin.place,
  );
  const allowed = new Set([twin.property, ...twin.alsoBreaks]);
  if (expected === undefined) complaints.push(`not found: ${expectation(twin)}`);
  for (const { property, slot, place: where } of target.findings) {
    if (!allowed.has(property)) complaints.push(`unlisted: ${property}: ${slot} at ${where}`);
  }
  for (const property of twin.alsoBreaks) {
    if (!target.findings.some((found) => found.property === property))
      complaints.push(`listed, but not broken: ${property}`);
  }
  const values = expected === undefined ? 0 : Object.keys(expected.scenario).length;
  if (values > MOST_VALUES) complaints.push(`shrunk to ${values} values only`);
  const first = expected?.first;
  const foundAfter = first !== undefined && 'block' in first ? first.block * BLOCK_CASES + first.index : -1;
  return { seed, cases: target.cases, executions: target.executions, foundAfter, values, complaints };
}

function judgeFixed(target: TargetResult, seed: string): ExhibitRun {
  const judged = judgeSilent(target, seed);
  const { complaints } = judged;
  for (const [name, cases] of Object.entries(target.classes))
    if (cases === 0) complaints.push(`not exercised: ${name}`);
  for (const { property, status } of target.properties) {
    if (status === 'not evaluated') complaints.push(`not evaluated: ${property}`);
  }
  return judged;
}

function judgeSilent(target: TargetResult, seed: string): ExhibitRun {
  const complaints = target.findings.map(
    ({ property, slot, place }) => `false alarm: ${property}: ${slot} at ${place}`,
  );
  if (target.problem !== undefined) complaints.push(`no verdict: ${target.problem}`);
  return { seed, cases: target.cases, executions: target.executions, foundAfter: -1, values: 0, complaints };
}
