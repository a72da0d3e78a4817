/** A proposal on one screen. */
import { CONVENTIONS } from '../x86/conventions.js';
import { TDCALL_LEAVES } from '../../models/abi/tdcall-leaves.js';
import type { Contract, Source } from '../contract/contract.js';
import { layoutsOf, fieldShape } from '../contract/compiled-blocks.js';
import { readable } from '../text/demangle.js';
import { shorten } from '../text/escape.js';
import { REGISTER_INDEX, REGISTER_NAMES } from '../x86/registers.js';
import type { Proposal } from './proposal.js';
import type { Trial } from './trial.js';

/** Leaves that are listed before the rest is only counted. */
const LISTED = 6;
const LABEL = 12;

/** Lines, without colours; what they say of the trial is last. */
export function describeProposal({ symbol, known }: Proposal, trial: Trial): string[] {
  const { contract } = trial;
  const lines = [
    shorten(readable(symbol)),
    ...(known === undefined ? contractLines(contract) : knownLines(known.set, contract)),
  ];
  if (trial.questions.length > 0) lines.push(...section('to decide', trial.questions));
  lines.push(...section('trial run', trialLines(trial, known !== undefined)));
  return lines;
}

function knownLines(set: string, contract: Contract): string[] {
  return section('contract', [
    `${set}/${contract.symbol} of the library says all that the code does; it is used by its name`,
  ]);
}

function contractLines(contract: Contract): string[] {
  return [
    ...section('convention', [
      `${CONVENTIONS[contract.convention].title}, around ${contract.instruction.toUpperCase()}`,
    ]),
    ...section('parameters', contract.parameters.length === 0 ? ['none'] : contract.parameters.map(parameterText)),
    ...layoutsOf(contract).flatMap(({ parameter, layout }) => section(`*${parameter.name}`, [blockText(layout)])),
    ...section('leaf', [leafText(contract)]),
    ...section('mask', maskText(contract)),
    ...section('inputs', [inputsText(contract)]),
    ...section('outputs', [outputsText(contract)]),
    ...section('returns', [returnsText(contract)]),
    ...section('policy', [policyText(contract)]),
  ];
}

function section(label: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => `  ${(index === 0 ? shorten(label, 40) : '').padEnd(LABEL)} ${shorten(text, 600)}`);
}

function parameterText(parameter: Contract['parameters'][number]): string {
  const { name, kind, place } = parameter;
  const where = 'register' in place ? place.register.toUpperCase() : `stack ${place.stack}`;
  const width = 'bytes' in parameter && parameter.bytes !== undefined ? `, ${8 * parameter.bytes} bits` : '';
  if (parameter.kind === 'block') {
    const nul = !parameter.nullable ? '' : parameter.whenNull === undefined ? ', may be NULL' : ', NULL: no call';
    return `${where}  ${name}: pointer${nul}${parameter.mayAlias === undefined ? '' : `, may be ${parameter.mayAlias}`}`;
  }
  if (parameter.kind === 'flags')
    return `${where}  ${name}: flags ${Object.entries(parameter.bits)
      .map(([flag, bit]) => `${flag} ${bit}`)
      .join(', ')}${width}`;
  return `${where}  ${name}: ${kind}${width}${parameter.kind === 'value' && parameter.signed === true ? ', signed' : ''}`;
}

function blockText(layout: NonNullable<Contract['block']> | undefined): string {
  const fields = Object.entries(layout?.fields ?? {}).map(([name, field]) => {
    const { offset, bytes, scratch } = fieldShape(field);
    return `+0x${offset.toString(16)} ${name}${bytes === 8 ? '' : ` (${8 * bytes} bits)`}${scratch === true ? ' (scratch)' : ''}`;
  });
  return `${layout?.size ?? 0} bytes: ${fields.join(', ')}`;
}

function leafText({ instruction, leaves, inputs }: Contract): string {
  const named = leaves.map((leaf) =>
    instruction === 'tdcall' ? (TDCALL_LEAVES.find((row) => row.leaf === leaf)?.name ?? String(leaf)) : String(leaf),
  );
  const shown =
    named.length > LISTED ? `${named.slice(0, LISTED).join(', ')} and ${named.length - LISTED} more` : named.join(', ');
  return inputs.rax === undefined || 'constant' in inputs.rax ? shown : `${sourceText(inputs.rax)}: ${shown}`;
}

function maskText({ leaves, inputs: { rcx }, instruction }: Contract): string[] {
  if (instruction !== 'tdcall' || !leaves.includes(0) || rcx === undefined) return [];
  if (!('constant' in rcx)) return [sourceText(rcx)];
  const mask = BigInt(rcx.constant);
  const names = REGISTER_NAMES.filter((name) => (mask >> BigInt(REGISTER_INDEX[name])) & 1n).map((name) =>
    name.toUpperCase(),
  );
  const vectors = Array.from({ length: 16 }, (_, index) => index).filter((index) => (mask >> BigInt(16 + index)) & 1n);
  return [`${rcx.constant}: ${[...names, ...vectors.map((index) => `XMM${index}`)].join(' ')}`];
}

function inputsText({ inputs }: Contract): string {
  const texts = Object.entries(inputs)
    .filter(([register]) => register !== 'rax' && register !== 'rcx')
    .map(([register, source]) => `${register.toUpperCase()} = ${sourceText(source)}`);
  const rcx = inputs.rcx !== undefined && !('constant' in inputs.rcx) ? [`RCX = ${sourceText(inputs.rcx)}`] : [];
  return [...rcx, ...texts].join(', ') || 'none';
}

/** A source, for people. */
export function sourceText(source: Source): string {
  if ('constant' in source) return source.constant;
  if ('parameter' in source) return source.parameter;
  if ('field' in source) return source.field;
  if ('or' in source) return source.or.map(sourceText).join(' | ');
  if ('and' in source) return source.and.map(sourceText).join(' & ');
  if ('add' in source) return source.add.map(sourceText).join(' + ');
  if ('shl' in source) return `(${sourceText(source.shl)} << ${source.by})`;
  if ('shr' in source) return `(${sourceText(source.shr)} >> ${source.by})`;
  if ('low' in source) return `low ${source.bits} bits of ${sourceText(source.low)}`;
  return `${sourceText(source.signed)}, sign-extended from ${source.bits} bits`;
}

function outputsText({ outputs }: Contract): string {
  const fields = Object.entries(outputs.fields).map(([field, register]) => `${field} = ${register.toUpperCase()}`);
  if (fields.length === 0) return 'none';
  return `${fields.join(', ')}${outputs.when.length === 0 ? '' : `; when ${outputs.when.map(jsonText).join(' and ')}`}`;
}

function jsonText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function returnsText({ returns, returnsWhen = [], neverReturns, stopsOn = [], onFailure, retry }: Contract): string {
  if (neverReturns === true) return 'never';
  const parts = [
    ...returnsWhen.map((one) => `${jsonText(one.returns)} when ${one.when.map(jsonText).join(' and ')}`),
    jsonText(returns),
  ];
  if (onFailure === 'stops') parts.push('a failed call stops it');
  for (const test of stopsOn) parts.push(`stops on ${jsonText(test)}`);
  if (retry !== undefined) parts.push(`tries ${retry.tries} times on ${retry.on.map(jsonText).join(' or ')}`);
  return parts.join('; ');
}

function policyText(contract: Contract): string {
  const { scrubsHostValues, redZone, vectorState, stiFlag, sti, ownData, assumes } = contract;
  return [
    scrubsHostValues ? 'host values are cleared' : 'host values may stay in registers',
    redZone ? 'red zone used' : 'no red zone',
    vectorState === 'untouched' ? 'no vector registers' : 'vector registers by the convention',
    ...(stiFlag === undefined ? [] : [`STI with ${stiFlag}`]),
    ...(sti === undefined
      ? []
      : [`STI ${sti.when.length === 0 ? 'always' : `when ${sti.when.map(jsonText).join(' and ')}`}`]),
    ...(ownData === undefined ? [] : [`writes ${ownData.join(', ')}`]),
    ...(assumes ?? []).map((one) => `assumes ${one}`),
  ].join(', ');
}

/** What the run says, and what it means that it says nothing. */
function trialLines(trial: Trial, isKnown: boolean): string[] {
  const { cases, findings, problem, never } = trial;
  if (problem !== undefined) return [`no verdict: ${problem}`];
  const number = cases.toLocaleString('en-US');
  const silent = isKnown
    ? `silent in ${number} cases`
    : `silent in ${number} cases: code and proposal agree, and both may have the same mistake. Read the proposal before you rely on it.`;
  const lines =
    findings.length === 0
      ? [silent]
      : [
          `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'} in ${number} cases: the code is wrong, or the ${isKnown ? 'contract is not meant for it' : 'proposal is'}`,
        ];
  for (const { property, slot, place, expected, actual } of findings)
    lines.push(`${property}: ${slot} at ${place}: expected ${expected}, found ${actual}`);
  if (never.length > 0) lines.push(`never in force: ${never.join(', ')}`);
  return lines;
}
