/** The targets that a configuration names. */
import { type Selection, selectTargets } from '../campaign/targets/select-targets.js';
import type { AnyTarget } from '../run/target.js';
import type { ContractSet } from '../contract/contract.js';
import { validateContractSet } from '../contract/validate.js';
import { UsageError } from '../errors.js';
import { escapeName, shorten } from '../text/escape.js';
import type { ConfigTarget } from './config.js';
import { fromHere, type LoadedConfig } from './load-config.js';

/** What of the command line narrows or overrides the configuration. */
export interface Overrides {
  /** In place of the contracts of the configuration. */
  contract?: string;
  /** In place of the offsets of the configuration. */
  offsets?: string;
  property: readonly string[];
  propertyNames: readonly string[];
}

export interface ConfiguredSelection extends Selection {
  /** Name of a target -> cases that a gate gives to it, where the configuration says so. */
  runs: Map<string, number>;
}

/** @throws UsageError naming the file, the entry and what is wrong with it */
export function configuredTargets(loaded: LoadedConfig, overrides: Overrides): ConfiguredSelection {
  const entries = loaded.config.targets ?? [];
  if (entries.length === 0)
    throw new UsageError(
      `${loaded.file}: targets: an empty list, so that there is nothing to run; name an image, or leave "targets" away for the built-in ones`,
    );
  const targets: AnyTarget[] = [];
  const notes: string[] = [];
  const unjudged: string[] = [];
  const runs = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    // Of several files each is in the names already.
    const path = typeof entry.image === 'string' ? entry.image : undefined;
    const label = entry.name ?? (entries.length > 1 ? path : undefined);
    const found = within(`${loaded.file}: targets.${index}`, () => select(entry, loaded, overrides));
    for (const target of found.targets) {
      const name = label === undefined ? target.name : `${shorten(label)}:${target.name}`;
      if (targets.some((other) => other.name === name))
        throw new UsageError(
          `${loaded.file}: targets.${index}: another target is called ${name}; give this entry another name`,
        );
      targets.push({ ...target, name });
      if (entry.runs !== undefined) runs.set(name, entry.runs);
    }
    notes.push(...found.notes);
    unjudged.push(...found.unjudged);
  }
  return { targets, notes, unjudged, known: targets.map(({ name }) => name), runs };
}

/** The files that the targets of a configuration are made of, as paths from the working folder. */
export function configuredFiles({ config, folder }: LoadedConfig): string[] {
  return (config.targets ?? []).flatMap(({ image, contract }) => [
    ...(typeof image === 'string' ? [image] : image).map((path) => fromHere(folder, path)),
    ...(typeof contract === 'string' && contract.endsWith('.json') ? [fromHere(folder, contract)] : []),
  ]);
}

function select(entry: ConfigTarget, { folder }: LoadedConfig, overrides: Overrides): Selection {
  const { image, bind = {} } = entry;
  const images = typeof image === 'string' ? [image] : image;
  const offsets = overrides.offsets ?? (entry.offsets && fromHere(folder, entry.offsets));
  const wrong = Object.keys(bind).find((symbol) => symbol.includes('=') || /[*?]/.test(symbol));
  if (wrong !== undefined) throw new UsageError(`bind: ${shorten(wrong)}: name one symbol`);
  return selectTargets({
    images: images.map((path) => fromHere(folder, path)),
    labels: images.length > 1 ? images : [fromHere(folder, images[0])],
    contract: overrides.contract ?? contractOf(entry, folder),
    target: Object.entries(bind).map(([symbol, id]) => `${symbol}=${inFolder(folder, id)}`),
    property: overrides.property,
    propertyNames: overrides.propertyNames,
    ...(offsets !== undefined && { offsets }),
  });
}

function contractOf({ contract = 'auto' }: ConfigTarget, folder: string): string | ContractSet {
  if (typeof contract === 'string') return inFolder(folder, contract);
  // As a JSON file would have it: a set of the library names each symbol twice.
  const json = plainData({ schema: 'tdxfuzz/contracts/1', ...contract });
  for (const [symbol, body] of Object.entries((json['contracts'] ?? {}) as Record<string, { symbol?: unknown } | null>))
    if (body?.symbol === symbol) delete body.symbol;
  return validateContractSet(json, 'contract');
}

/** What a JSON file with the same content would hold. */
function plainData(value: object): Record<string, unknown> {
  try {
    return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`contract: not plain data: ${(error as Error).message}`);
  }
}

/** A contract set, or `SET/FUNCTION`: where the set is a JSON file, its path is relative to the configuration. */
function inFolder(folder: string, contract: string): string {
  return /\.json(\/[^/]*)?$/.test(contract) ? fromHere(folder, contract) : contract;
}

/** Says where in the configuration the trouble is. */
function within<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(escapeName(`${where}: ${error.message}`));
    throw error;
  }
}
