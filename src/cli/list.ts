import { Argument, Command, Option } from 'commander';
import { colours as pc } from '../text/colours.js';
import { PROPERTIES } from '../../properties/all.js';
import { type Evidence, gatherEvidence } from '../campaign/evidence.js';
import { builtInPrograms, builtInTargets } from '../campaign/targets/built-in-targets.js';
import { openRunner } from '../run/open-runner.js';
import { contractId } from '../run/target.js';
import { compileContract } from '../contract/compiled.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { packageRoot } from '../package-info.js';
import { describerOf } from '../report/described-values.js';
import { sorted } from '../report/json.js';
import { fittedTable } from '../report/fitted-table.js';
import { requirementTables } from '../report/requirements.js';
import { type RequirementRow, requirementRows } from '../requirements/rows.js';
import { caseSpaceOf } from '../scenario/case-space.js';
import { scenarioSpace } from '../scenario/space.js';
import { hex } from '../text/hex.js';
import { worded } from '../text/worded.js';
import { readManifest } from '../targets/manifest.js';

const WHAT = ['targets', 'contracts', 'properties', 'clauses', 'twins', 'neutral', 'errnos', 'sub-functions'] as const;
type What = (typeof WHAT)[number];

export function listCommand(): Command {
  return new Command('list')
    .description(
      'targets, contracts, properties, the clauses of the ABI and who checks them, twins, the neutral scenario of each contract, or which rows of the errno maps and of the sub-functions are checked',
    )
    .addArgument(
      new Argument(
        '[WHAT]',
        'which list; targets, contracts and properties without it, as JSON errnos and sub-functions too',
      ).choices(WHAT),
    )
    .addOption(new Option('--format <F>', 'how to print').choices(['table', 'json']).default('table'))
    .action((what: What | undefined, { format }: { format: 'table' | 'json' }) => {
      const usual: readonly What[] = ['targets', 'contracts', 'properties'];
      const tables: readonly What[] = format === 'json' ? ['errnos', 'sub-functions'] : [];
      const chosen = what === undefined ? [...usual, ...tables] : [what];
      if (format === 'json') {
        const lists = Object.fromEntries(chosen.map((name) => [name, LISTS[name]()]));
        // Every clause on every target, as the judges have it: what the requirements are checked by.
        const judged = chosen.includes('clauses') ? { judged: judgedClauses() } : {};
        process.stdout.write(`${JSON.stringify(sorted({ schema: 'tdxfuzz/list/1', ...lists, ...judged }), null, 2)}\n`);
      } else process.stdout.write(`${chosen.map(textOf).join('\n\n')}\n`);
    });
}

type Row = Record<string, string | number>;

/** Gathered once: both tables come from the same plays. */
let evidence: Evidence | undefined;
function gathered(): Evidence {
  evidence ??= gatherEvidence();
  return evidence;
}

function checkedBy(properties: readonly string[]): string {
  return properties.length === 0 ? 'UNCHECKED' : properties.join(', ');
}

const LISTS: Readonly<Record<What, () => Row[] | RequirementRow[]>> = {
  errnos: () => gathered().errnos.map((row) => ({ ...row, checkedBy: checkedBy(row.checkedBy) })),
  'sub-functions': () =>
    gathered().subFunctions.map((row) => ({
      ...row,
      number: `0x${row.number.toString(16)}`,
      checkedBy: checkedBy(row.checkedBy),
      refusedBy: row.refusedBy.length === 0 ? '-' : `as unsupported: ${row.refusedBy.join(', ')}`,
    })),
  targets: () =>
    builtInTargets().map((target) => ({
      target: target.name,
      contract: contractId(target),
      image: target.image.name,
    })),
  contracts: () =>
    CONTRACT_SETS.flatMap((set) =>
      Object.entries({ ...set.contracts, ...set.programs }).map(([symbol, contract]) => ({
        contract: `${set.name}/${symbol}`,
        set: set.title,
        source: contract.source,
      })),
    ),
  properties: () => PROPERTIES.map(({ name, group, rule, source }) => ({ property: name, group, rule, source })),
  clauses: () => requirementRows(),
  twins: () =>
    readManifest(packageRoot()).map(({ id, contract, property, slot, place, mistake }) => ({
      twin: id,
      contract,
      property,
      slot,
      place,
      mistake,
    })),
  neutral: neutralValues,
};

function judgedClauses(): Row[] {
  return builtInTargets().flatMap((target) =>
    openRunner(target).clauses.map(({ property, text }) => ({
      property: property.name,
      target: target.name,
      clause: text,
      source: property.source,
    })),
  );
}

/** Of every contract of single functions, whether or not a target has it, then of every built-in program. */
function neutralValues(): Row[] {
  const stubs = CONTRACT_SETS.flatMap((set) =>
    Object.values(set.contracts).map((contract) => {
      const compiled = compileContract(contract, set.name);
      const describe = describerOf({ set: set.name, body: contract });
      return { contract: compiled.id, describe, space: caseSpaceOf(scenarioSpace(compiled, new Int32Array(0), 0)) };
    }),
  );
  const programs = builtInPrograms().map((target) => ({
    contract: contractId(target),
    describe: describerOf({ set: target.set, body: target.program }),
    space: openRunner(target).space,
  }));
  return [...stubs, ...programs].flatMap(({ contract, describe, space }) =>
    space.actions.flatMap((action) =>
      // What is 0 is left out: the rest says what neutral means here.
      action.slots
        .filter(({ neutral }) => neutral !== 0n)
        .map(({ name, meaning, neutral, word }) => ({
          contract,
          slot: [
            space.actions.length > 1 ? `${action.name}: ` : '',
            describe(name, hex(neutral)).name,
            meaning === '' ? '' : ` (${meaning})`,
          ].join(''),
          value: worded(hex(neutral), word?.(neutral)),
        })),
    ),
  );
}

function textOf(what: What): string {
  if (what === 'clauses') return requirementTables(requirementRows());
  const rows = LISTS[what]() as Row[];
  const by = GROUPED[what];
  if (by === undefined) return `${pc.bold(what)}\n${tableOf(rows)}`;
  const groups = [...new Set(rows.map((row) => row[by]))].map((group) => {
    const own = rows.filter((row) => row[by] === group).map((row) => without(row, by));
    return `${pc.dim(String(group))}\n${fittedTable(cellsOf(own))}`;
  });
  return `${pc.bold(what)}\n${groups.join('\n')}`;
}

/** What many rows have in common stands once, above them. */
const GROUPED: Readonly<Partial<Record<What, string>>> = {
  targets: 'image',
  contracts: 'set',
  properties: 'group',
  twins: 'contract',
  neutral: 'contract',
};

function without(row: Row, key: string): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== key));
}

/** Where something was read is in the JSON, and in the documentation. */
function tableOf(rows: readonly Row[]): string {
  if (rows.length === 0) return '  none';
  const keys = Object.keys(rows[0]).filter((key) => key !== 'source');
  return fittedTable([keys.map((key) => pc.dim(key)), ...cellsOf(rows)]);
}

function cellsOf(rows: readonly Row[]): string[][] {
  return rows.map((row) =>
    Object.entries(row)
      .filter(([key]) => key !== 'source')
      .map(([, value]) => String(value)),
  );
}
