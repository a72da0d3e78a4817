/** What a command works on: the project's configuration, what the command line puts in its place, rules and own cases. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { requireApplicable } from '../campaign/applicable.js';
import { narrowed, type Selection, selectTargets } from '../campaign/targets/select-targets.js';
import { casesOf, ownCorpus, PROJECT_CASES, type StoredCase } from '../stored/stored-cases.js';
import type { Config } from '../config/config.js';
import { configuredTargets } from '../config/config-targets.js';
import { CONFIG_NAMES, fromHere, type LoadedConfig, loadConfig } from '../config/load-config.js';
import { UsageError } from '../errors.js';
import { expectationsIfAny, PROJECT_EXPECTATIONS, readExpectations } from '../expect/expectation-file.js';
import { KNOWN_CHOICES, type KnownChoice, type KnownRule, knownRulesOf, readKnown } from '../expect/known-rules.js';
import type { Rule } from '../expect/rule.js';
import { packageRoot } from '../package-info.js';
import { shorten } from '../text/escape.js';
import { declareSurroundings } from '../world/surroundings.js';

/** Where a project's own files are. */
export interface PlaceFlags {
  config?: string | false;
  expect?: string;
  cases?: string;
}

export interface ProjectFlags extends PlaceFlags {
  contract?: string;
  target: string[];
  property: string[];
  workers?: number;
  out?: string;
  /** `linux` if not given. */
  known?: KnownChoice;
  /** Where KVM's structures lie, of images without debug information. */
  offsets?: string;
}

export interface Project {
  config: Config;
  selection: Selection;
  /** Cases that the configuration gives to a target, by its name. */
  runs: ReadonlyMap<string, number>;
  rules: Rule[];
  /** The package's cases, and the project's own. */
  stored: { corpus: StoredCase[]; own: StoredCase[] };
  workers: number;
  out: string | undefined;
  expectationFile: string;
  /** Rules that come with the tool, for the kernels among the targets. */
  knownRules: readonly Rule[];
}

const PLACES = {
  expect: { flag: '--expect <FILE>', text: `expectation file (default ${PROJECT_EXPECTATIONS})` },
  cases: { flag: '--cases <DIR>', text: `the project's own cases (default ${PROJECT_CASES})` },
};

/** The command with the options that say which configuration, and where those of the project's files are that it uses. */
export function withPlaces(command: Command, ...places: (keyof typeof PLACES)[]): Command {
  for (const place of places) command.option(PLACES[place].flag, PLACES[place].text);
  return command
    .option('--config <FILE>', `configuration (default ${CONFIG_NAMES.join(', ')})`)
    .option('--no-config', 'without a configuration')
    .option(
      '--offsets <FILE>',
      "where KVM's structures lie, in place of the images' debug information (tdxfuzz offsets)",
    );
}

/** The command with the option that says which known defects are findings. */
export function withKnown(command: Command): Command {
  const text = 'known defects of kernels as they ship: accepted and counted, or findings like any other';
  return command.addOption(new Option('--known <SET>', text).choices(KNOWN_CHOICES).default('linux'));
}

/** The rules that come with the tool. @throws UsageError if the package's own file is damaged */
export function knownRules(choice: KnownChoice = 'linux'): readonly KnownRule[] {
  return readKnown(join(packageRoot(), 'corpus/known'), choice);
}

/** @throws UsageError for a configuration that cannot be used */
export async function openConfig({ config }: PlaceFlags): Promise<LoadedConfig> {
  const loaded = await loadConfig('.', config, () => import('../index.js'));
  declareSurroundings(loaded.config.surroundings);
  return loaded;
}

/** @throws UsageError for whatever of the project cannot be used, and for a selection of nothing: nothing has been run yet */
export async function openProject(images: readonly string[], flags: ProjectFlags): Promise<Project> {
  const loaded = await openConfig(flags);
  const { config } = loaded;
  const { selection, runs } = select(images, flags, loaded);
  requireApplicable(selection.targets, flags.property);
  const expectationFile = expectationPath(flags, loaded);
  // What the configuration names may be yet to be written, by the first `accept`.
  const read = flags.expect === undefined ? expectationsIfAny : readExpectations;
  return {
    config,
    selection,
    runs,
    rules: read(expectationFile, PROPERTY_NAMES),
    stored: { corpus: ownCorpus(join(packageRoot(), 'corpus/cases')), own: ownCases(flags, loaded) },
    workers: flags.workers ?? config.workers ?? availableParallelism(),
    out: flags.out ?? writable('out', loaded),
    expectationFile,
    knownRules: knownRulesOf(selection.targets, knownRules(flags.known)),
  };
}

/** What the user names is there; the usual folder may be yet to be made, by the first `keep`. */
function ownCases(flags: PlaceFlags, loaded: LoadedConfig): StoredCase[] {
  const folder = casesPath(flags, loaded);
  if (flags.cases !== undefined && !existsSync(folder))
    throw new UsageError(`--cases ${shorten(folder)}: no such folder; name the one that keep writes to`);
  return casesOf(folder);
}

export function expectationPath(flags: PlaceFlags, loaded: LoadedConfig): string {
  return flags.expect ?? writable('expect', loaded) ?? fromHere(loaded.folder, PROJECT_EXPECTATIONS);
}

export function casesPath(flags: PlaceFlags, loaded: LoadedConfig): string {
  return flags.cases ?? writable('cases', loaded) ?? fromHere(loaded.folder, PROJECT_CASES);
}

function select(
  images: readonly string[],
  flags: ProjectFlags,
  loaded: LoadedConfig,
): { selection: Selection; runs: ReadonlyMap<string, number> } {
  const { contract, target, property, offsets } = flags;
  if (images.length > 0 || loaded.config.targets === undefined) {
    const options = {
      images,
      contract: contract ?? 'auto',
      target,
      property,
      propertyNames: PROPERTY_NAMES,
      ...(offsets !== undefined && { offsets }),
    };
    return { selection: selectTargets(options), runs: new Map() };
  }
  const binding = target.find((text) => text.includes('='));
  if (binding !== undefined)
    throw new UsageError(`--target ${shorten(binding)}: a binding needs an IMAGE; in the configuration it is "bind"`);
  const overrides = {
    ...(contract !== undefined && { contract }),
    ...(offsets !== undefined && { offsets }),
    property,
    propertyNames: PROPERTY_NAMES,
  };
  const { runs, ...found } = configuredTargets(loaded, overrides);
  return { selection: { ...found, targets: narrowed(found.targets, target) }, runs };
}

/**
 * A place that the tool writes to. A configuration may come with somebody else's checkout: what it says stays below its
 * own folder, and other places are the user's to name.
 */
function writable(setting: 'out' | 'expect' | 'cases', { config, file, folder }: LoadedConfig): string | undefined {
  const path = config[setting];
  if (path === undefined) return undefined;
  const below = relative(folder, resolve(folder, path));
  if (below === '..' || /^\.\.[/\\]/.test(below) || isAbsolute(below))
    throw new UsageError(
      `${file}: ${setting}: ${shorten(path)} lies outside of the configuration's folder; name such a place with --${setting}`,
    );
  return fromHere(folder, path);
}
