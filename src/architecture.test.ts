/** Dependencies run one way (docs/architecture.md#the-house): held over the import lines of everything that is shipped. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Allowed,
  cycles,
  edgesOf,
  folderOf,
  forbidden,
  reachedFrom,
  type Sources,
} from './architecture.test.helper.js';
import { packageRoot } from './package-info.js';

const HALVES = 'src/halves.ts';
const ERRORS = 'src/errors.ts';
const PACKAGE = 'src/package-info.ts';
const FILES = 'src/files.ts';
const REGISTERS = 'src/x86/registers.ts';
const CONVENTIONS = 'src/x86/conventions.ts';
const NAMED_WORDS = 'src/named-words.ts';

/** What all may know: numbers, names, texts; nothing that runs. */
const WORDS = [HALVES, ERRORS, 'src/text', 'src/observation', 'src/scenario', 'src/contract'];
/** Everything below the judge. */
const RUNNING = [...WORDS, 'src/clause', 'src/stage', 'src/harness', 'src/image', 'src/x86'];
/** What a play is made of. */
const PLAYING = [
  ...WORDS,
  NAMED_WORDS,
  'src/clause',
  'src/stage',
  'src/image',
  'src/x86',
  'src/world',
  'src/story',
  'models/exchange',
];
/** What finds, shrinks, blames and stores, for every kind of code alike: which kind it is the runner knows. */
const FINDING = ['src/run', 'src/finding', 'src/case', 'src/stored'];
/** Everything below the command line. */
const CAMPAIGN = [
  ...RUNNING,
  'src/code',
  ...FINDING,
  'src/play',
  'src/program',
  'src/judge',
  'src/targets',
  PACKAGE,
  'properties',
];

const ALLOWED: Allowed = {
  // Leaves.
  [HALVES]: [],
  [ERRORS]: [],
  [PACKAGE]: [],
  [FILES]: [ERRORS, 'src/text'],
  [NAMED_WORDS]: [HALVES],
  'src/text': [],
  'models/abi': [],
  'models/exchange': ['models/abi'],
  // The machine knows nothing of TDX.
  'src/wasm': [],
  'src/x86': ['src/wasm'],
  'src/image': [ERRORS, 'src/text'],
  // Words.
  'src/contract': [ERRORS, FILES, 'src/text', REGISTERS, CONVENTIONS, 'models/abi'],
  'src/observation': [HALVES, REGISTERS, 'src/contract/limits.ts'],
  // What a case is: the same of every kind of code.
  'src/case': [HALVES],
  'src/scenario': [
    HALVES,
    REGISTERS,
    'src/case',
    'src/contract/limits.ts',
    'type src/contract',
    'src/observation',
    'src/wasm',
    'models/abi',
  ],
  'src/story': [HALVES, 'src/case', 'models/exchange'],
  'src/clause': ['type src/contract', 'type src/observation', 'models/abi'],
  properties: ['src/clause', 'type src/contract', REGISTERS],
  // Three parts that may never share a rule: the machine, what the world answers with, what must have been done.
  // Reads what the module recorded; says nothing of what is right.
  'models/vectors': ['models/abi'],
  'models/module': ['models/abi', 'models/vectors'],
  'models/seam': ['models/abi', 'models/vectors'],
  'models/dispatcher': ['models/abi', 'models/exchange'],
  'models/predict': [
    HALVES,
    REGISTERS,
    'type src/contract',
    'src/observation/layout.ts',
    'src/scenario/layout.ts',
    'src/scenario/blocks.ts',
    'models/abi',
    'models/exchange',
  ],
  'src/world': [
    ERRORS,
    'src/text',
    NAMED_WORDS,
    HALVES,
    NAMED_WORDS,
    'src/observation',
    'src/scenario/layout.ts',
    'src/x86',
    'models/abi',
    'models/module',
    'models/seam',
    'models/dispatcher',
    'models/exchange',
  ],
  // Where code runs, and all of its surroundings that are no answer: one for stubs and programs.
  'src/stage': [
    HALVES,
    'src/text',
    'src/observation',
    'src/scenario/layout.ts',
    'src/image',
    'src/x86',
    'src/world',
    'type models/exchange',
  ],
  // What can be read off a function without running it; knows no contract.
  'src/code': ['src/image', 'src/stage/functions.ts', 'src/world/externals.ts', 'src/x86'],
  // Rules that no run can see, on code that is read.
  'src/hardening': [
    'src/code',
    'src/image',
    'src/stage/functions.ts',
    'src/stage/reachable-code.ts',
    'src/text',
    'src/x86',
  ],
  'src/harness': [...WORDS, 'src/image', 'src/x86', 'src/world', 'src/stage', 'type src/clause'],
  'src/judge': [...WORDS, 'src/clause', 'type src/stage', 'src/harness', REGISTERS, 'models/predict'],
  // Programs: functions with several exchanges, beside a reference that follows the same answers.
  'src/play': PLAYING,
  'src/program': [...PLAYING, 'src/play', 'type src/case', 'models/abi', 'models/predict', 'models/dispatcher'],
  // The same again, compiled for a target: it may know all that it compiles.
  'src/lane': [...RUNNING, 'src/judge', 'src/wasm', 'models/abi', 'models/module', 'models/predict'],
  // The one runner: the only place that knows both kinds of code.
  'src/run': [
    ...RUNNING,
    'src/case',
    'src/judge',
    'src/lane',
    'src/story',
    'src/play',
    'src/program',
    'properties',
    'models/abi',
    'models/exchange',
  ],
  // Sees cases through the runner alone: no harness, no judge, no play.
  'src/finding': [
    HALVES,
    'src/text',
    'src/image/line-table.ts',
    'src/case',
    'src/run',
    'src/stage/layout.ts',
    'src/stage/vector-state.ts',
    'type src/stage',
    'src/x86',
  ],
  'src/stored': [
    FILES,
    ...WORDS,
    PACKAGE,
    'src/image',
    'src/stage',
    'src/x86',
    'src/case',
    'src/run',
    'type src/finding',
    'models/module/configuration.ts',
  ],
  'src/targets': [ERRORS, 'src/text', 'src/image'],
  'src/campaign': [
    ...CAMPAIGN,
    FILES,
    'src/story',
    'src/world/externals.ts',
    'src/world/surroundings.ts',
    'models/abi',
    'models/exchange',
    'models/predict',
  ],
  // A project's own files: its rules, its configuration; and the gate that they are for.
  'src/expect': [
    ERRORS,
    FILES,
    'src/text',
    'src/contract',
    'type src/stored',
    'src/campaign/targets/glob.ts',
    'src/campaign/recognition/kernel-version.ts',
    'type src/run',
    'type src/campaign',
  ],
  'src/config': [
    ERRORS,
    FILES,
    'src/text',
    'src/contract',
    'type src/run',
    'src/world/surroundings.ts',
    'src/campaign',
  ],
  // What a project begins with: contracts proposed from code, tried out, written.
  'src/init': [
    ERRORS,
    PACKAGE,
    'src/text',
    REGISTERS,
    CONVENTIONS,
    'src/contract',
    'src/code',
    'src/image',
    'src/stage',
    'src/harness/code-by-address.ts',
    'src/campaign',
    'models/abi',
  ],
  'src/gate': [ERRORS, FILES, 'src/text', 'src/contract', 'src/run/target.ts', 'src/campaign'],
  // What is said of real code: fetched by package name, kept as a table.
  'src/wild': [
    ERRORS,
    FILES,
    'src/text',
    'src/contract/validate.ts',
    'src/stored/case-schema.ts',
    'src/campaign/records/result.ts',
  ],
  // What the nights of a state came to, one after the other.
  'src/history': [
    ERRORS,
    FILES,
    'src/text',
    'src/contract/validate.ts',
    'src/stored/case-schema.ts',
    'src/campaign',
    'src/gate/compare.ts',
  ],
  // Without a contract: what holds for everybody. Knows nothing of contracts, cases and campaigns.
  'src/audit': [
    HALVES,
    'src/text',
    'src/observation',
    'src/scenario/layout.ts',
    'src/case/dice.ts',
    'src/image',
    'src/x86',
    'src/world',
    'src/stage',
    'src/harness/call-graph.ts',
    'src/hardening',
    'models/abi',
    'type models/exchange',
  ],
  // A recorded finding as a C program: knows single functions, runs the recorded case, and nothing of campaigns.
  'src/reproducer': [
    ...WORDS,
    'src/clause',
    'src/stage',
    'type src/world',
    'type src/judge',
    'src/x86',
    ...FINDING,
    'type src/campaign',
  ],
  // Renders the records of a campaign, and runs nothing.
  'src/report': [
    ERRORS,
    CONVENTIONS,
    'src/text',
    'src/contract',
    'src/scenario/layout.ts',
    'src/image',
    'src/stage/functions.ts',
    'src/harness/function-code.ts',
    'src/audit',
    'src/x86/decode.ts',
    'src/x86/flags.ts',
    REGISTERS,
    'properties',
    'src/finding/signature.ts',
    'src/stored',
    'type src/run',
    'src/campaign/records/result.ts',
    'type src/campaign',
    'type src/requirements',
    'type src/reproducer',
    'type src/history',
    'type src/gate',
    PACKAGE,
    'models/abi',
  ],
  'src/mutation': [...RUNNING, 'src/judge', 'src/run', 'src/campaign', 'src/targets', PACKAGE],
  // Which clause of the ABI is checked where, and what shows it: above the runs that say so.
  'src/requirements': [...CAMPAIGN, 'src/campaign', 'src/mutation', 'models/abi', 'models/exchange'],
  'src/cli': [
    'src/world/surroundings.ts',
    ...CAMPAIGN,
    FILES,
    'src/campaign',
    'src/expect',
    'src/config',
    'src/gate',
    'src/wild',
    'src/history',
    'src/audit',
    'src/init',
    'src/report',
    'src/reproducer',
    'src/index.ts',
    'src/mutation',
    'src/requirements',
    'models/abi',
    'models/module',
    'models/seam',
    'models/vectors',
  ],
  // Pages of docs and published schemas, made of the code: above all that they are about.
  'src/reference': [
    'src/report/audit-json.ts',
    'src/report/html/palette.ts',
    PACKAGE,
    'src/audit/finding.ts',
    'src/clause',
    'src/contract',
    'properties',
    'src/stored',
    'src/campaign/records/result.ts',
    'src/config/config.ts',
    'src/expect/expectation-file.ts',
    'src/program/dispatcher/kvm/offsets-file.ts',
    'src/cli/program.ts',
    'src/cli/examples.ts',
  ],
  // Loads the bundle of everything, and knows nothing of it.
  'src/start': [PACKAGE],
  // Measures everything but the command line, which it starts as a process.
  'src/bench': [...CAMPAIGN, 'src/lane', 'src/campaign'],
  // A target as properties of a test suite: draws, judges, and says it as the reports do.
  'src/suite': [...CAMPAIGN, 'src/campaign', 'src/report'],
  // Fills corpus/cases.
  'src/corpus': [...CAMPAIGN, 'src/campaign'],
  // What the package exports.
  'src/index.ts': [...CAMPAIGN, 'src/campaign', 'src/config', 'src/report', 'src/suite'],
  'src/vitest.ts': ['src/index.ts'],
};

function read(): Map<string, string> {
  const root = packageRoot();
  const files = ['src', 'models', 'properties'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.includes('.test.'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return new Map(files.map((file) => [relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8')]));
}

const SOURCES = read();

/** The sources with one more line in a new file. */
function planted(file: string, line: string): Sources {
  return new Map(SOURCES).set(file, `/** Planted. */\n${line}\n`);
}

const inFolder =
  (folder: string) =>
  (file: string): boolean =>
    file.startsWith(`${folder}/`);

/** What the prediction may not reach by any way: else a wrong rule would cancel itself out. */
function answeringReached(sources: Sources): string[] {
  const answering = ['models/module', 'models/seam', 'models/dispatcher', 'src/world', 'src/stage', 'src/harness'].map(
    inFolder,
  );
  return [...reachedFrom(sources, inFolder('models/predict'))].filter((file) => answering.some((is) => is(file)));
}

/** What the machine itself reaches outside of its folder, and in the folder that its tests are made of. */
function reachedByMachine(sources: Sources): string[] {
  const isMachine = (file: string): boolean =>
    (inFolder('src/x86')(file) && !inFolder('src/x86/testing')(file)) || inFolder('src/wasm')(file);
  return [...reachedFrom(sources, isMachine)].filter((file) => !isMachine(file));
}

/** What a folder reaches outside of itself. */
function outsideReached(sources: Sources, folder: string): string[] {
  return [...reachedFrom(sources, inFolder(folder))].filter((file) => !inFolder(folder)(file));
}

/** Packages for tests are optional peers: only the entry for vitest may need them. */
function testPackages(sources: Sources): string[] {
  return edgesOf(sources)
    .filter(({ from, to }) => /^(vitest|@fast-check\/vitest)(\/|$)/.test(to) && from !== 'src/vitest.ts')
    .map(({ from, to }) => `${from} imports ${to}`);
}

describe('the import lines', () => {
  it('are all read', () => {
    const edges = edgesOf(SOURCES);
    expect(SOURCES.size).toBeGreaterThan(150);
    expect(edges.length).toBeGreaterThan(500);
    const missing = edges.filter(({ to }) => /^(src|models|properties)\//.test(to) && !SOURCES.has(to));
    expect(missing).toEqual([]);
    // A word of the language that the pattern passed over would be an edge that nobody sees.
    for (const [file, text] of SOURCES) {
      const lines = text.split('\n').filter((line) => /^(import\b|} from '|export .* from ')/.test(line));
      const expected = lines.filter((line) => /'[^']+';$/.test(line)).length;
      const found = edges.filter(({ from }) => from === file).length;
      expect(found, file).toBeGreaterThanOrEqual(expected);
    }
  });

  it.each([
    ["import { a } from './b.js';", 'src/x/b.ts', false],
    ["import type { A } from '../y/b.js';", 'src/y/b.ts', true],
    ["import {\n  a,\n  type B,\n} from '../../models/abi/b.js';", 'models/abi/b.ts', false],
    ["import * as a from 'node:fs';", 'node:fs', false],
    ["import './b.js';", 'src/x/b.ts', false],
    ["export { a } from './b.js';", 'src/x/b.ts', false],
    ["export type * from './b.js';", 'src/x/b.ts', true],
    ["const a = await import('./b.js');", 'src/x/b.ts', false],
    ["type A = import('./b.js').A;", 'src/x/b.ts', false],
  ])('%j is an edge', (line, to, typeOnly) => {
    expect(edgesOf(new Map([['src/x/a.ts', line]]))).toEqual([{ from: 'src/x/a.ts', to, typeOnly }]);
  });
});

describe('the house', () => {
  it('has no import that the table does not allow', () => expect(forbidden(SOURCES, ALLOWED)).toEqual([]));

  it('has what the table has rows for', () => {
    const folders = new Set([...SOURCES.keys()].map(folderOf));
    expect(Object.keys(ALLOWED).filter((row) => !folders.has(row))).toEqual([]);
  });

  it('has no cycle between folders, at any level', () => expect(cycles(SOURCES)).toEqual([]));

  it('keeps the prediction apart from what the world answers with, also at second hand', () => {
    expect(reachedFrom(SOURCES, inFolder('models/predict')).size).toBeGreaterThan(5);
    expect(answeringReached(SOURCES)).toEqual([]);
  });

  it('tells the machine nothing of TDX: it imports iced-x86 and itself, and not what its tests are made of', () => {
    expect(reachedByMachine(SOURCES)).toEqual(['iced-x86']);
  });

  it('has tables of the ABI that import nothing at all', () =>
    expect(outsideReached(SOURCES, 'models/abi')).toEqual([]));

  it('ships no import of a package for tests', () => expect(testPackages(SOURCES)).toEqual([]));
});

describe('a planted violation is seen', () => {
  it.each([
    ['models/predict/planted.ts', "import { rejectRax } from '../module/dispatch.js';", 'models/module/dispatch.ts'],
    [
      'models/predict/planted.ts',
      "import { compileContract } from '../../src/contract/compiled.js';",
      'src/contract/compiled.ts',
    ],
    ['models/seam/planted.ts', "import { vmcallExit } from '../module/vmcall.js';", 'models/module/vmcall.ts'],
    ['models/vectors/planted.ts', "import { SEAM_1_5_01 } from '../seam/model.js';", 'models/seam/model.ts'],
    ['models/abi/planted.ts', "import { hex } from '../../src/text/hex.js';", 'src/text/hex.ts'],
    [
      'models/module/planted.ts',
      "import type { Prediction } from '../predict/prediction.js';",
      'models/predict/prediction.ts',
    ],
    ['src/x86/rows/planted.ts', "import { GPR } from '../../../models/abi/registers.js';", 'models/abi/registers.ts'],
    ['src/x86/planted.ts', "import { joinHalves } from '../halves.js';", 'src/halves.ts'],
    ['src/text/planted.ts', "import { UsageError } from '../errors.js';", 'src/errors.ts'],
    ['src/halves.ts', "export { hex } from './text/hex.js';", 'src/text/hex.ts'],
    ['properties/planted.ts', "import { FACT } from '../src/observation/layout.js';", 'src/observation/layout.ts'],
    [
      'properties/planted.ts',
      "import { compileContract } from '../src/contract/compiled.js';",
      'src/contract/compiled.ts',
    ],
    ['properties/planted.ts', "import { Machine } from '../src/x86/machine.js';", 'src/x86/machine.ts'],
    ['src/contract/planted.ts', "import { SLOT } from '../scenario/layout.js';", 'src/scenario/layout.ts'],
    ['src/harness/planted.ts', "import { Judge } from '../judge/judge.js';", 'src/judge/judge.ts'],
    [
      'src/judge/planted.ts',
      "import { rejectRax } from '../../models/module/dispatch.js';",
      'models/module/dispatch.ts',
    ],
    ['src/judge/planted.ts', "await import('../finding/shrink.js');", 'src/finding/shrink.ts'],
    ['src/finding/planted.ts', "import { fuzz } from '../campaign/fuzz.js';", 'src/campaign/fuzz.ts'],
    ['src/report/planted.ts', "import { fuzz } from '../campaign/fuzz.js';", 'src/campaign/fuzz.ts'],
    ['src/case/shrink.ts', "export type { Runner } from '../run/runner.js';", 'src/run/runner.ts'],
    ['src/stored/make-case.ts', "import { blame } from '../finding/blame.js';", 'src/finding/blame.ts'],
    ['src/run/planted.ts', "import type { Signature } from '../finding/signature.js';", 'src/finding/signature.ts'],
    ['src/run/planted.ts', "import { readCase } from '../stored/case-file.js';", 'src/stored/case-file.ts'],
    ['src/stage/planted.ts', "import { Harness } from '../harness/harness.js';", 'src/harness/harness.ts'],
    ['src/play/planted.ts', "import { Harness } from '../harness/harness.js';", 'src/harness/harness.ts'],
    ['src/finding/planted.ts', "import { CaseRunner } from '../judge/case-runner.js';", 'src/judge/case-runner.ts'],
    ['src/finding/planted.ts', "import { playStory } from '../play/play.js';", 'src/play/play.ts'],
    ['src/reproducer/planted.ts', "import { fuzz } from '../campaign/fuzz.js';", 'src/campaign/fuzz.ts'],
    ['src/report/planted.ts', "import { openRunner } from '../run/open-runner.js';", 'src/run/open-runner.ts'],
    [
      'src/campaign/planted.ts',
      "import { reproducer } from '../reproducer/reproducer.js';",
      'src/reproducer/reproducer.ts',
    ],
    ['src/campaign/planted.ts', "import { tableOf } from '../cli/list.js';", 'src/cli/list.ts'],
  ])('%s: %s', (file, line, to) => {
    expect(forbidden(planted(file, line), ALLOWED)).toEqual([`${file} imports ${to}`]);
  });

  it('a folder that the table does not know', () => {
    expect(forbidden(planted('src/misc/planted.ts', "import '../halves.js';"), ALLOWED)).toEqual([
      'src/misc/planted.ts: the folder src/misc has no row in the table',
    ]);
  });

  it('a cycle, also one of types', () => {
    const both = cycles(planted('src/image/planted.ts', "import type { Harness } from '../harness/harness.js';"));
    expect(both).toContain('src/image -> src/harness -> src/image');
    expect(both).toContain('src/harness -> src/image -> src/harness');
    const within = cycles(planted('src/campaign/records/planted.ts', "import { runBlock } from '../blocks/block.js';"));
    expect(within).toContain('src/campaign/blocks -> src/campaign/records -> src/campaign/blocks');
  });

  it('a way from the prediction to the module that leads over others', () => {
    const line = "import { leafOf } from '../../models/module/dispatch.js';";
    expect(answeringReached(planted('src/observation/planted.ts', line))).toEqual([]);
    const bridge = new Map(planted('src/observation/planted.ts', line));
    bridge.set(
      'src/observation/layout.ts',
      `${bridge.get('src/observation/layout.ts') ?? ''}\nimport './planted.js';\n`,
    );
    expect(answeringReached(bridge)).toContain('models/module/dispatch.ts');
  });

  it('a package for tests, a package in the tables, one in the machine', () => {
    expect(testPackages(planted('src/judge/planted.ts', "import { fc } from '@fast-check/vitest';"))).toEqual([
      'src/judge/planted.ts imports @fast-check/vitest',
    ]);
    expect(outsideReached(planted('models/abi/planted.ts', "import { z } from 'zod';"), 'models/abi')).toEqual(['zod']);
    for (const target of ['fast-check', './testing/random-values.js'])
      expect(reachedByMachine(planted('src/x86/planted.ts', `import '${target}';`)).length).toBeGreaterThan(1);
  });
});
