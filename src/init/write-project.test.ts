import { describe, expect, it, test } from 'vitest';
import { validateContractSet } from '../contract/validate.js';
import { BARE_CONTRACT } from '../harness/made-function.test.helper.js';
import { CONFIG_FILE, CONTRACT_FILE, projectFiles, type WrittenImage } from './write-project.js';

const OWN = { symbol: 'f', contract: BARE_CONTRACT, questions: ['is it\nso?'], findings: ['a: b at c'] };
const KNOWN = { symbol: 'g', contract: BARE_CONTRACT, known: 'edk2/TdCall', questions: [], findings: [] };
const IMAGES: WrittenImage[] = [
  { paths: ['build/a.o'], functions: [OWN, KNOWN] },
  { paths: ['b"c.o', 'd.o'], functions: [KNOWN] },
];

const textOf = (images: readonly WrittenImage[], path: string, ci: 'github' | 'kubernetes' | 'none' = 'none'): string =>
  projectFiles(images, 'own', ci).find((file) => file.path === path)?.text ?? '';

/** The value that a configuration exports. */
function exported(text: string): unknown {
  return JSON.parse(
    text
      .replace(/^\s*\/\/.*$/gm, '')
      .replace('export default ', '')
      .replace(/;\s*$/, '')
      .replace(/^(\s*)(\w+):/gm, '$1"$2":')
      .replace(/(\{) (image):/g, '$1 "$2":')
      .replace(/,(\s*[}\]])/g, '$1'),
  );
}

describe('the configuration', () => {
  it('binds every function, and names images as they are', () => {
    expect(exported(textOf(IMAGES, CONFIG_FILE))).toEqual({
      targets: [
        { image: 'build/a.o', bind: { f: `${CONTRACT_FILE}/f`, g: 'edk2/TdCall' } },
        { image: ['b"c.o', 'd.o'], bind: { g: 'edk2/TdCall' } },
      ],
    });
  });

  it('has questions and findings as comments of one line each', () => {
    const lines = textOf(IMAGES, CONFIG_FILE).split('\n');
    expect(lines).toContain(String.raw`        // to decide: is it\x0aso?`);
    expect(lines).toContain('        // found: a: b at c');
  });
});

test('the contracts are a set that is accepted; those of the library are left there', () => {
  const set = validateContractSet(JSON.parse(textOf(IMAGES, CONTRACT_FILE)), 'test');
  expect(Object.keys(set.contracts)).toEqual(['f']);
  expect(projectFiles([{ paths: ['a.o'], functions: [KNOWN] }], 'own', 'none').map(({ path }) => path)).toEqual([
    CONFIG_FILE,
  ]);
});

describe('CI', () => {
  it('a workflow has the image, and runs what the configuration says', () => {
    const text = textOf(IMAGES, '.github/workflows/tdxfuzz.yml', 'github');
    expect(text).toContain(String.raw`  IMAGE: "build/a.o b\"c.o d.o"`);
    expect(text).toContain('tdxfuzz gate --out tdxfuzz-out');
    expect(text).not.toContain('CONTRACT');
    expect(text).not.toContain('linux-6.7');
  });

  it('a manifest has image and contracts as files', () => {
    const text = textOf(IMAGES, 'tdxfuzz/tdxfuzz-nightly.yaml', 'kubernetes');
    expect(text).toContain('--from-file=a.o=build/a.o --from-file=contracts.json=tdxfuzz/contracts.json');
    expect(text).toContain('- "f=/image/contracts.json/f"');
    expect(text).toContain('- "g=edk2/TdCall"');
    expect(text).not.toContain('linux-6.7');
  });
});
