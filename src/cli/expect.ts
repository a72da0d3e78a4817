import { Command, Option } from 'commander';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { UsageError } from '../errors.js';
import { applyRules, type RuleUse } from '../expect/apply-rules.js';
import { expectationsIfAny, readExpectations, writeExpectations } from '../expect/expectation-file.js';
import { ruleKey } from '../expect/rule.js';
import { readResult } from '../gate/compare.js';
import { sorted } from '../report/json.js';
import { plainTable } from '../report/plain-table.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import { usualRuns } from './gate-runs.js';
import { collect, IMAGES, TARGET_HELP } from './options.js';
import { expectationPath, openConfig, openProject, type ProjectFlags, withPlaces } from './project.js';
import { count } from './target-rows.js';

interface ExpectFlags extends Omit<ProjectFlags, 'property'> {
  result?: string;
  prune: boolean;
  format: 'table' | 'json';
}

export function expectCommand(): Command {
  const command = new Command('expect')
    .description(
      'the rules of accepted findings: list them, say what each covers in a result, remove what covers nothing',
    )
    .argument('[IMAGE...]', `as the gate had them, in place of the targets of the configuration: ${IMAGES}`)
    .option('--result <DIR>', 'a result of gate --out: what each rule came to in it')
    .option('--prune', 'remove the rules that matched nothing in this result; needs --result', false)
    .option('--contract <SET>', 'contract set, a JSON file with one, or auto')
    .option('--target <GLOB>', TARGET_HELP, collect, [])
    .addOption(new Option('--format <F>', 'how to print').choices(['table', 'json']).default('table'));
  return withPlaces(command, 'expect').action(run);
}

async function run(images: string[], flags: ExpectFlags): Promise<void> {
  const { result: folder, prune, format } = flags;
  if (prune && folder === undefined)
    throw new UsageError(
      '--prune: needs --result DIR, of a gate that was run in full: without one nothing says what can go',
    );
  const uses = folder === undefined ? undefined : await usesIn(folder, images, flags);
  const file = expectationPath(flags, await openConfig(flags));
  const rules =
    flags.expect === undefined ? expectationsIfAny(file, PROPERTY_NAMES) : readExpectations(file, PROPERTY_NAMES);
  const stateOf = new Map((uses ?? []).map((use) => [ruleKey(use.rule), use]));
  const idle = rules.filter((rule) => stateOf.get(ruleKey(rule))?.state === 'matched nothing');
  if (prune && idle.length > 0)
    writeExpectations(
      file,
      rules.filter((rule) => !idle.includes(rule)),
    );
  if (format === 'json') {
    const told = rules.map((rule) => {
      const use = stateOf.get(ruleKey(rule));
      return { ...rule, ...(use !== undefined && { state: use.state, covers: use.covered.length }) };
    });
    const pruned = prune ? { pruned: idle.length } : {};
    process.stdout.write(
      `${JSON.stringify(sorted({ schema: 'tdxfuzz/rules/1', file, rules: told, ...pruned }), null, 2)}\n`,
    );
    return;
  }
  const rows = rules.map((rule) => [
    `${rule.property} ${rule.slot}`,
    `${rule.target}${rule.place === undefined ? '' : ` at ${rule.place}`}`,
    stateText(stateOf.get(ruleKey(rule))),
    rule.reason,
  ]);
  const name = shorten(file);
  const lines = [
    rules.length === 0 ? `${name}: no rules` : `${name}: ${count(rules.length, 'rule')}`,
    ...(rows.length === 0 ? [] : [plainTable(rows)]),
    ...(prune ? [`${count(idle.length, 'rule')} removed`] : []),
    ...(!prune && idle.length > 0 ? [`${count(idle.length, 'rule')} matched nothing: --prune removes them`] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** What every rule came to in a result, judged as a gate judges it. */
async function usesIn(folder: string, images: string[], flags: ExpectFlags): Promise<RuleUse[]> {
  const result = readResult(folder);
  const project = await openProject(images, { ...flags, property: [] });
  const usual = usualRuns(project);
  const usualOf = new Map(project.selection.targets.map((target) => [target.name, usual(target)]));
  return applyRules(result, project.rules, {
    known: project.selection.known,
    inFull: ({ target, cases }) => cases >= (usualOf.get(target) ?? Infinity),
  }).uses;
}

function stateText(use: RuleUse | undefined): string {
  if (use === undefined) return '';
  if (use.state === 'used') return pc.green(`covers ${count(use.covered.length, 'finding')}`);
  return use.state === 'not asked' ? 'not asked: no target of it was run in full' : pc.yellow(use.state);
}
