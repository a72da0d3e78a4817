/** The files of a project that has none yet: configuration, contracts, CI. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contract } from '../contract/contract.js';
import { UsageError } from '../errors.js';
import { packageRoot } from '../package-info.js';
import { escapeName } from '../text/escape.js';

/** A function with what is proposed for it. */
export interface Written {
  readonly symbol: string;
  readonly contract: Contract;
  /** `SET/FUNCTION` of the library in place of a new contract. */
  readonly known?: string;
  readonly questions: readonly string[];
  readonly findings: readonly string[];
}

/** An image, of one file or several, as the configuration names it. */
export interface WrittenImage {
  /** Relative to the folder of the configuration. */
  readonly paths: readonly string[];
  readonly functions: readonly Written[];
}

export interface ProjectFile {
  /** Relative to the folder of the configuration. */
  readonly path: string;
  readonly text: string;
}

export type Ci = 'github' | 'kubernetes' | 'none';

export const CONFIG_FILE = 'tdxfuzz.config.ts';
export const CONTRACT_FILE = 'tdxfuzz/contracts.json';

/** @param name of the contract set */
export function projectFiles(images: readonly WrittenImage[], name: string, ci: Ci): ProjectFile[] {
  const own = images.flatMap(({ functions }) => functions.filter(({ known }) => known === undefined));
  const files: ProjectFile[] = [{ path: CONFIG_FILE, text: configText(images) }];
  if (own.length > 0) files.push({ path: CONTRACT_FILE, text: contractsText(own, name) });
  if (ci === 'github') files.push({ path: '.github/workflows/tdxfuzz.yml', text: workflowText(images) });
  if (ci === 'kubernetes') files.push({ path: 'tdxfuzz/tdxfuzz-nightly.yaml', text: manifestText(images) });
  return files;
}

function configText(images: readonly WrittenImage[]): string {
  const lines = [
    '// Written by tdxfuzz init. The contracts were proposed from the code: a mistake of the code may be in them as well.',
    '// Read each one in tdxfuzz/contracts.json, decide what is asked here, and take the comments out.',
    '// tdxfuzz gate runs all of it; docs/your-own-stub.md says more.',
    'export default {',
    '  targets: [',
    ...images.flatMap(entryLines),
    '  ],',
    '};',
  ];
  return `${lines.join('\n')}\n`;
}

function entryLines({ paths, functions }: WrittenImage): string[] {
  const image =
    paths.length === 1 ? JSON.stringify(paths[0]) : `[${paths.map((path) => JSON.stringify(path)).join(', ')}]`;
  return [
    '    {',
    `      image: ${image},`,
    '      // Function -> its contract: SET/FUNCTION of the library, or of a file.',
    '      bind: {',
    ...functions.flatMap(functionLines),
    '      },',
    '    },',
  ];
}

function functionLines({ symbol, known, questions, findings }: Written): string[] {
  const comment = (label: string) => (text: string) => `        // ${label}: ${escapeName(text)}`;
  return [
    ...questions.map(comment('to decide')),
    ...findings.map(comment('found')),
    `        ${JSON.stringify(symbol)}: ${JSON.stringify(known ?? `${CONTRACT_FILE}/${symbol}`)},`,
  ];
}

function contractsText(functions: readonly Written[], name: string): string {
  const contracts = Object.fromEntries(
    functions.map(({ symbol, contract }) => [symbol, { ...contract, symbol: undefined }] as const),
  );
  return `${JSON.stringify({ schema: 'tdxfuzz/contracts/1', name, title: 'Proposed by tdxfuzz init', contracts }, null, 2)}\n`;
}

/** A template of the package, and what of it is another in this project. @throws UsageError if the template is not what it was */
function filled(template: string, changes: readonly (readonly [from: RegExp, to: string])[]): string {
  let text = readFileSync(join(packageRoot(), template), 'utf8');
  for (const [from, to] of changes) {
    if (!from.test(text)) throw new UsageError(`${template}: ${String(from)} is not in it; restore the package`);
    text = text.replaceAll(new RegExp(from, 'gm'), () => to);
  }
  return text;
}

/** The configuration names images and contracts: the commands need neither. */
function workflowText(images: readonly WrittenImage[]): string {
  const paths = images.flatMap((image) => image.paths);
  return filled('ci/github-actions/tdxfuzz.yml', [
    [/^# Copy to .*$/m, '# Written by tdxfuzz init. Change TDXFUZZ with its digest, and the build step.'],
    [
      /^ {2}# The object or executable under test.*$/m,
      '  # What the build step makes; which contracts it keeps says tdxfuzz.config.ts.',
    ],
    [/^ {2}IMAGE: .*$/m, `  IMAGE: ${JSON.stringify(paths.join(' '))}`],
    [/^ {2}CONTRACT: .*\n/m, ''],
    [/make "\$IMAGE"/m, paths.length === 1 ? 'make "$IMAGE"' : 'make $IMAGE'],
    [/ "\$IMAGE" --contract "\$CONTRACT"/m, ''],
  ]);
}

/** A night in a cluster gets the image and the contracts as files, and no configuration. */
function manifestText(images: readonly WrittenImage[]): string {
  const [first] = images;
  const path = first.paths[0];
  const base = path.slice(path.lastIndexOf('/') + 1);
  const targets = first.functions.flatMap(({ symbol, known }) => [
    '            - --target',
    `            - ${JSON.stringify(`${symbol}=${known ?? `/image/contracts.json/${symbol}`}`)}`,
  ]);
  return filled('ci/kubernetes/tdxfuzz-nightly.yaml', [
    [/--from-file=tdcall\.o/m, `--from-file=${base}=${path} --from-file=contracts.json=${CONTRACT_FILE}`],
    [/\/image\/tdcall\.o/m, `/image/${base}`],
    [/^ {12}- --contract\n {12}- linux-6\.7$/m, targets.join('\n')],
  ]);
}
