/**
 * Places of violations are remembered by the way that led there. Whatever a place depends on must be part of that: names from
 * memory and names made anew are the same, on every broken twin of a program and on dispatchers with one wrong constant.
 */
import { describe, expect, it } from 'vitest';
import { builtInPrograms } from '../campaign/targets/built-in-targets.js';
import { brokenTarget, imageCache } from '../campaign/targets/twin-targets.js';
import { createPlayRunner, isProgram, type ProgramTarget } from '../run/target.js';
import { functionAround } from '../harness/call-graph.js';
import type { Image } from '../image/image.js';
import { packageRoot } from '../package-info.js';
import { Dice } from '../story/dice.js';
import { drawStory } from '../story/story.js';
import { readManifest } from '../targets/manifest.js';
import { PlayViolations } from './play-violations.js';
import { type Signature, signatureKey } from './signature.js';

const images = imageCache(packageRoot());

/** How many stories fail, the violations in them, and those that have another name from memory than anew. */
function compare(target: ProgramTarget, stories: number): { failing: number; found: Signature[]; different: string[] } {
  const runner = createPlayRunner(target);
  const remembered = new PlayViolations(runner);
  const dice = new Dice([1, 2, 3, 4]);
  let failing = 0;
  const found: Signature[] = [];
  const different: string[] = [];
  for (let index = 0; index < stories; index++) {
    const story = drawStory(runner.space, dice);
    const violations = runner.run(story) ?? [];
    if (violations.length === 0) continue;
    failing++;
    const known = remembered.signatures(violations);
    const anew = new PlayViolations(runner).signatures(runner.run(story) ?? []);
    found.push(...anew);
    known.forEach((signature, at) => {
      const [one, other] = [signatureKey(signature), signatureKey(anew[at])];
      if (one !== other) different.push(`${target.name}: ${one}, not ${other}`);
    });
  }
  return { failing, found, different };
}

/** The stores of a constant in what a program's image has. */
function constantStores(image: Image): { symbol: string; address: bigint; end: number }[] {
  const functions = image.symbols.filter(({ kind }) => kind === 'function');
  return functions.flatMap(({ name, address: start }) =>
    (functionAround(image, start)?.instructions ?? [])
      .filter(({ text }) => /^mov[lq] \$.*\)$/.test(text))
      .map(({ address, length }) => ({ symbol: name, address, end: length })),
  );
}

/** The image with one bit of a constant changed: it has the last four bytes of the instruction. */
function withOtherConstant(image: Image, { address, end }: { address: bigint; end: number }): Image {
  const segments = image.segments.map((segment) => {
    const at = Number(address - segment.address);
    if (at < 0 || at >= segment.bytes.length) return segment;
    const bytes = segment.bytes.slice();
    bytes[at + end - 4] ^= 1;
    return { ...segment, bytes };
  });
  return { ...image, segments };
}

function dispatcher(): ProgramTarget {
  const target = builtInPrograms().find(({ name }) => name === 'dispatcher-7.3/sequence');
  if (target === undefined) throw new Error('no dispatcher');
  return target;
}

describe('a remembered place', () => {
  it('is the one of the trace, in every broken twin of a program', () => {
    const results = readManifest(packageRoot())
      .map((twin) => brokenTarget(twin, images))
      .filter(isProgram)
      .map((target) => compare(target, 15));
    expect(results.flatMap(({ different }) => different)).toEqual([]);
    // Some mistakes show in few stories only.
    expect(results.filter(({ failing }) => failing > 0).length).toBeGreaterThan(100);
  });

  it('is the one of the trace where the dispatcher stores another constant', () => {
    const target = dispatcher();
    const stores = constantStores(target.image);
    const results = stores.map((store) => compare({ ...target, image: withOtherConstant(target.image, store) }, 30));
    expect(results.flatMap(({ different }) => different)).toEqual([]);
    expect(results.filter(({ failing }) => failing > 0).length).toBeGreaterThan(20);
    // A field that is called `flags` is memory and not RFLAGS: what stored it is to blame.
    const flags = results.flatMap(({ found }, index) =>
      found
        .filter(({ slot }) => slot === 'KVM_EXIT_HYPERCALL.flags')
        .map(({ place }) => ({ place, store: `${stores[index].symbol}+0x` })),
    );
    expect(flags.length).toBeGreaterThan(0);
    for (const { place, store } of flags) expect(place).toMatch(store);
  });
});
