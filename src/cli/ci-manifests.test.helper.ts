/** Reads the manifests under ci/: what their schemas say of them, and the command lines that they run. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import type { Command } from 'commander';
import * as batch from 'kubernetes-models/batch/v1';
import * as core from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';
import { packageRoot } from '../package-info.js';
import { createProgram } from './program.js';
import { run } from './run-cli.test.helper.js';

export function manifest(path: string): string {
  return readFileSync(join(packageRoot(), 'ci', path), 'utf8');
}

/** What GitHub's own parser says against a workflow file. */
export async function workflowErrors(content: string): Promise<string[]> {
  const { context, value } = parseWorkflow({ name: 'tdxfuzz.yml', content }, new NoOperationTraceWriter());
  // The second pass checks what the schema cannot: jobs that need each other, expressions, matrices.
  const template = value === undefined ? undefined : await convertWorkflowTemplate(context, value);
  const errors = [...context.errors.getErrors(), ...(template?.errors ?? [])];
  return [...new Set(errors.map((error) => ('message' in error ? error.message : error.Message)))];
}

export interface KubernetesDocument {
  apiVersion: string;
  kind: string;
  [key: string]: unknown;
}

/** The documents of a YAML file, each by itself as kubectl reads it: an anchor ends with its document. */
export function kubernetesDocuments(content: string): KubernetesDocument[] {
  return parseAllDocuments(content).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS() as KubernetesDocument;
  });
}

/** Kinds that the manifests use, with the module of kubernetes-models that has them. */
const MODELS = {
  'batch/v1/Job': { model: batch.Job, module: 'batch/v1/Job.js' },
  'v1/PersistentVolumeClaim': { model: core.PersistentVolumeClaim, module: 'v1/PersistentVolumeClaim.js' },
} as const;

function modelOf({ apiVersion, kind }: KubernetesDocument): (typeof MODELS)[keyof typeof MODELS] {
  const found = Object.entries(MODELS).find(([name]) => name === `${apiVersion}/${kind}`);
  if (found === undefined) throw new Error(`no schema at hand for ${apiVersion}/${kind}`);
  return found[1];
}

/** What the OpenAPI schema of Kubernetes says against a document: types, enumerations, what is required. */
export function schemaErrors(document: KubernetesDocument): string[] {
  const { model: Model } = modelOf(document);
  try {
    new Model(document as never).validate();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/**
 * What the API server refuses as unknown: the schema of kubernetes-models says nothing of keys that it does not have, its
 * types do. All documents in one run of the compiler. @returns a list of messages for each document
 */
export async function unknownKeys(documents: readonly KubernetesDocument[]): Promise<string[][]> {
  const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-ci-'));
  try {
    for (const [index, document] of documents.entries()) {
      const from = JSON.stringify(join(packageRoot(), 'node_modules/kubernetes-models', modelOf(document).module));
      writeFileSync(
        join(folder, `d${index}.ts`),
        `import type { I${document.kind} } from ${from};\nexport const document: I${document.kind} = ${JSON.stringify(document)};\n`,
      );
    }
    const compilerOptions = { noEmit: true, strict: true, skipLibCheck: true, module: 'nodenext', types: [] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    const compiler = join(packageRoot(), 'node_modules/typescript/bin/tsc');
    const { stdout, stderr, status } = await run(process.execPath, [compiler, '--pretty', 'false'], { cwd: folder });
    // A complaint about no file in particular: nothing was checked.
    if (/^error /m.test(stdout) || (status !== 0 && stdout === '')) throw new Error(`the compiler: ${stdout}${stderr}`);
    const files = documents.map((_, index) => `d${index}.ts`);
    const lines = stdout.split('\n');
    return files.map((file) => lines.filter((line) => line.startsWith(`${file}(`)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Command lines of tdxfuzz in a shell script: words behind the name, up to what the shell makes of the rest. */
export function commandsInScript(script: string, env: Readonly<Record<string, string>>): string[][] {
  const lines = script.replaceAll('\\\n', ' ').split('\n');
  return lines.flatMap((line) => {
    const found = /^\s*(?:npx --no-install )?tdxfuzz\s+(.*)$/.exec(line);
    if (found === null) return [];
    const [own] = found[1].split(/\s(?:>>?|\||\|\||&&|;)\s?/);
    const filled = own.replaceAll(/\$\{?([A-Z_]+)\}?/g, (whole, name: string) => env[name] ?? whole);
    return [
      filled
        .split(/\s+/)
        .filter((word) => word !== '')
        .map((word) => word.replaceAll('"', '')),
    ];
  });
}

/** Parses a command line as the tool does, and runs nothing. @throws CommanderError for what the tool would refuse */
export async function parseOnly(words: readonly string[]): Promise<void> {
  const program = await createProgram();
  let reached = false;
  const disarm = (command: Command): void => {
    command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
    if (command !== program) command.action(() => void (reached = true));
    command.commands.forEach(disarm);
  };
  disarm(program);
  await program.parseAsync([...words], { from: 'user' });
  if (!reached) throw new Error(`tdxfuzz ${words.join(' ')}: no command was reached`);
}

interface Step {
  run?: string;
  uses?: string;
  env?: Record<string, string>;
}
export interface Workflow {
  env: Record<string, string>;
  permissions: Record<string, string>;
  jobs: Record<
    string,
    { permissions?: Record<string, string>; strategy?: { matrix: { shard: number[] } }; steps: Step[] }
  >;
}

interface Container {
  command: string[];
  args?: string[];
  securityContext: unknown;
  resources: { limits: object };
}
export interface Pod {
  securityContext: unknown;
  automountServiceAccountToken: boolean;
  initContainers: Container[];
  containers: Container[];
}

export function valueAt(document: KubernetesDocument, path: string): unknown {
  return path.split('.').reduce<unknown>((at, word) => (at as Record<string, unknown>)[word], document);
}

/** Command lines of every container that runs the tool. */
export function kubernetesCommands(documents: readonly KubernetesDocument[]): string[][] {
  const jobs = documents.filter(({ kind }) => kind === 'Job');
  const containers = jobs.flatMap((job) => (valueAt(job, 'spec.template.spec') as Pod).containers);
  return containers.flatMap(({ command, args = [] }) =>
    command[0].endsWith('/tdxfuzz') ? [[...command.slice(1), ...args]] : commandsInScript(args.join('\n'), {}),
  );
}

/** Command lines of every step of the workflow. @param shard which of its matrix */
export function workflowCommands(workflow: Workflow, shard = 0): string[][] {
  const filled = (env: Record<string, string>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(env).map(([name, value]) => [
        name,
        value.replaceAll('${{ github.repository }}', 'owner/project').replaceAll('${{ matrix.shard }}', `${shard}`),
      ]),
    );
  return Object.values(workflow.jobs).flatMap(({ steps }) =>
    steps.flatMap(({ run = '', env = {} }) => commandsInScript(run, { ...filled(workflow.env), ...filled(env) })),
  );
}
