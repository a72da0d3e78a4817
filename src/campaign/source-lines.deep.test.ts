/** Findings name their line of source where the image has line tables. Needs gcc and binutils; says so when they are absent. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { builtInContract, findAnyContract } from '../contract/find-contract.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { parseImage } from '../image/load.js';
import { findFunction } from '../image/symbols.js';
import { packageRoot } from '../package-info.js';
import { compileObjects } from '../targets/compile-objects.js';
import { readManifest } from '../targets/manifest.js';
import { listRecipes } from '../targets/recipes.js';
import { FLAGS, findToolchain } from '../targets/toolchain.js';
import { twinTarget } from '../finding/twins.test.helper.js';
import { fuzz } from './fuzz.js';
import { type FindingResult, resultSchema } from './records/result.js';
import type { AnyTarget } from '../run/target.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-source-lines-'));
afterAll(() => rmSync(folder, { recursive: true }));

const toolchain = findToolchain();
if (toolchain === undefined) console.warn('src/campaign: source lines of findings are SKIPPED, no gcc and binutils');

/** A broken twin, built once more with line tables. */
async function withLines(id: string): Promise<{ target: AnyTarget; object: string }> {
  const root = packageRoot();
  const twin = readManifest(root).find((candidate) => candidate.id === id);
  const recipe = listRecipes(root).find(({ object }) => object === twin?.object);
  if (twin === undefined || recipe === undefined) throw new Error(`no twin ${id}`);
  const flags = { ...FLAGS, assembly: [...FLAGS.assembly, '-g'], c: [...FLAGS.c, '-g'] };
  const [bytes] = await compileObjects(root, [recipe], flags);
  const object = join(folder, `${id}.o`);
  writeFileSync(object, bytes);
  const { set, contract, program } = findAnyContract(twin.contract, CONTRACT_SETS);
  const common = { name: id, symbol: twin.symbol, set: set.name, image: parseImage(bytes, object) };
  const target = program === undefined ? { ...common, contract } : { ...common, program };
  return { target, object };
}

async function findingsOf(target: AnyTarget, runs: number): Promise<FindingResult[]> {
  const result = await fuzz({ targets: [target], seed: 'lines', budget: { runs }, workers: 1 });
  expect(resultSchema.safeParse(result).error).toBeUndefined();
  return result.result.targets[0].findings;
}

/** What addr2line says of `symbol+0x1c` in an object. */
function addr2line(object: string, { image }: Pick<AnyTarget, 'image'>, place: string): { file: string; line: number } {
  const [symbol, offset] = place.split('+0x');
  const { address, segment } = findFunction(image, symbol);
  const start = image.segments.find(({ name }) => name === segment)?.address ?? 0n;
  const inSection = address - start + BigInt(`0x${offset}`);
  const text = execFileSync('addr2line', ['-e', object, '-j', segment, `0x${inSection.toString(16)}`], {
    encoding: 'utf8',
  });
  const [, file, line] = /^(.*):(\d+)/.exec(text) ?? [];
  return { file: posix.normalize(file), line: Number(line) };
}

test.skipIf(toolchain === undefined)('a stub: the line of the instruction to blame', async () => {
  const { target, object } = await withLines('missing-scrub-rsi-6.4');
  const findings = await findingsOf(target, 300);
  expect(findings.map(({ property }) => property)).toEqual(['scrubs-host-values']);
  for (const { place, source } of findings) {
    expect(source).toEqual(addr2line(object, target, place));
    // All instructions of a macro have the line that uses it.
    expect(source?.file).toBe('corpus/bugs/guest-6.4.S');
    const line = readFileSync(join(packageRoot(), 'corpus/bugs/guest-6.4.S'), 'utf8').split('\n')[
      (source?.line ?? 0) - 1
    ];
    expect(line).toContain('missing_scrub_rsi,');
  }
});

/** A stub whose fifth load takes the field of R8 for R9 (linux-6.7/__tdcall). */
const BROKEN = `
	.globl	__tdcall
	.type	__tdcall, @function
__tdcall:
	movq	%rdi, %rax
	movq	(%rsi), %rcx
	movq	8(%rsi), %rdx
	movq	16(%rsi), %r8
	movq	16(%rsi), %r9
	movq	32(%rsi), %r10
	movq	40(%rsi), %r11
	.byte	0x66, 0x0f, 0x01, 0xcc
	ret
	.size	__tdcall, . - __tdcall
`;

test.skipIf(toolchain === undefined)('a stub with a line per instruction: the very line', async () => {
  writeFileSync(join(folder, 'broken.s'), BROKEN);
  execFileSync('gcc', ['-c', '-g', 'broken.s', '-o', 'broken.o'], { cwd: folder });
  const { set, contract } = builtInContract('linux-6.7/__tdcall');
  const image = parseImage(readFileSync(join(folder, 'broken.o')), 'broken.o');
  const findings = await findingsOf({ name: 'broken', symbol: '__tdcall', set: set.name, contract, image }, 300);
  const line = BROKEN.split('\n').findIndex((text) => text.endsWith('16(%rsi), %r9')) + 1;
  expect(findings.map(({ property }) => property)).toContain('marshals-arguments');
  expect(findings.map(({ source }) => source)).toContainEqual({ file: join(folder, 'broken.s'), line });
  for (const { place, source } of findings)
    expect(source).toEqual(addr2line(join(folder, 'broken.o'), { image }, place));
});

test.skipIf(toolchain === undefined)('a program: the line of the instruction to blame', async () => {
  const { target, object } = await withLines('seamcall-wrapper-6.8-retry-once-more');
  const findings = await findingsOf(target, 300);
  expect(findings.length).toBeGreaterThan(0);
  for (const { place, source } of findings) expect(source).toEqual(addr2line(object, target, place));
  expect(findings.map(({ source }) => source?.file)).toContain('corpus/targets/wrapper/seamcall-6.8.c');
});

test('none where the image has no line tables', async () => {
  const findings = await findingsOf(twinTarget('missing-scrub-rsi-6.4'), 300);
  expect(findings).toHaveLength(1);
  expect(findings[0]).not.toHaveProperty('source');
});
