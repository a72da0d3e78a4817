/**
 * A finding as a C program for a CPU without TDX: the function's own bytes run on the processor, with a signal handler in
 * place of the module, and what the rule asks for is compared at the end. One file, libc and nothing else.
 */
import type { CaseFile } from '../stored/case-schema.js';
import { SHADOW_SPACE } from '../contract/compiled.js';
import { outsideOf } from '../stage/outside.js';
import { REGIONS } from '../stage/layout.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { FACT, MOMENT, OUTCOME, slotValue, VECTOR } from '../observation/layout.js';
import { type Scenario, SLOT } from '../scenario/layout.js';
import { REGISTER_INDEX, REGISTER_NAMES } from '../x86/registers.js';
import type { Runner } from '../run/runner.js';
import { StubRunner } from '../run/stub-runner.js';
import type { Account } from '../finding/account.js';
import type { Step } from '../run/trace.js';
import { shorten } from '../text/escape.js';
import { c64, cComment, cList, cString } from './c-text.js';
import { type Check, checkOf } from './reproducer-check.js';
import {
  type Area,
  areasOf,
  callersWords,
  Impossible,
  moved,
  MOVED_BY,
  mover,
  type Poke,
} from './reproducer-memory.js';
import { CHECKS, mainFunction } from './reproducer-main.js';
import { PROLOGUE, RUNTIME } from './reproducer-runtime.js';

/** The program, or why there is none. */
export type Reproducer = { source: string } | { reason: string };

/**
 * @param runner ran the case last, and has its observations
 * @param account of the finding in this case
 * @param file the case, whose pages, symbols and fixups the program has
 */
export function reproducer(runner: Runner, account: Account, file: CaseFile): Reproducer {
  if (!(runner instanceof StubRunner))
    return {
      reason: 'the code calls functions around it and is called several times, which one C program does not stand for',
    };
  try {
    return { source: program(runner, account, file) };
  } catch (error) {
    if (error instanceof Impossible) return { reason: error.message };
    throw error;
  }
}

interface Run {
  scenario: Scenario;
  memory: 0 | 1;
  observation: Int32Array;
}

function program(stub: StubRunner, account: Account, file: CaseFile): string {
  const runner = stub.reference;
  const { clause } = stub.judgedOf(account.violation);
  const { context } = runner;
  if (!runner.compiled.forBulk)
    throw new Impossible(
      'the contract has several blocks, narrow values or data of its own, which a program does not check',
    );
  if (context.base[2 * FACT.interrupts] > 0)
    throw new Impossible('a program cannot have an interrupt between two chosen instructions');
  // What moves is asked for twice: the check decides which memories there are.
  const base: Run = { scenario: context.scenario, memory: 0, observation: context.base };
  const { companion } = checkOf(clause, runner, (value) => value);
  const runs = companion === undefined ? [base] : [base, companionRun(runner, companion === 'guest-secrets')];
  const areas = areasOf(file, runner, runs.some(({ memory }) => memory === 1) ? [0, 1] : [0]);
  const steps = stub.traceAll().flat();
  refuseUnmovable(runner, steps, areas);
  const move = mover(areas);
  const check = checkOf(clause, runner, move);
  return [
    header(runner, account, file),
    PROLOGUE,
    ...areas.map(contentOf),
    table(
      'struct area',
      'areas',
      'AREAS',
      areas.map((area) => areaRow(area)),
    ),
    table('struct place', 'places', 'PLACES', places(runner, runs, areas)),
    table('struct fixup', 'fixups', 'FIXUPS', fixups(file)),
    ...owned(runner, check),
    caseData(runner, runs, move),
    RUNTIME,
    ...helpers(check),
    mainFunction(check.expression, check.conditions, runs.length),
  ].join('\n');
}

/** Of the companions the one that the clause compares with. */
function companionRun({ context, guestScenario, hostScenario }: CaseRunner, guest: boolean): Run {
  return guest
    ? { scenario: guestScenario, memory: 1, observation: context.guest }
    : { scenario: hostScenario, memory: 0, observation: context.host };
}

/** Code that knows where it lies cannot be moved. */
function refuseUnmovable({ code }: CaseRunner, steps: readonly Step[], areas: readonly Area[]): void {
  const inside = (value: bigint): boolean =>
    areas.some(({ address, size }) => value >= address && value < address + BigInt(size));
  const executed = steps.flatMap(({ instruction }) => (instruction === undefined ? [] : [instruction]));
  for (const { text, immediates, displacement } of new Set([...code.instructions, ...executed])) {
    if (/%[fg]s:/.test(text)) throw new Impossible(`${text}: a program has no segment of its own`);
    const absolute = [...immediates, ...(displacement === undefined ? [] : [displacement])].find(inside);
    if (absolute !== undefined) throw new Impossible(`${text}: it has an absolute address of the image`);
  }
  for (const { name, permissions, content } of areas) {
    if (typeof content === 'number' || permissions.endsWith('x')) continue;
    const words = new DataView(content.buffer, content.byteOffset, content.byteLength);
    for (let offset = 0; offset + 8 <= content.length; offset += 8)
      if (inside(words.getBigUint64(offset, true)))
        throw new Impossible(`${name} holds an absolute address of the image`);
  }
}

function header(
  { compiled }: CaseRunner,
  { violation: { clause }, signature, expected, actual }: Account,
  file: CaseFile,
): string {
  const lines = [
    `Reproducer of one finding, made by tdxfuzz ${file.tool}, for x86-64 Linux without TDX.`,
    '',
    `target    ${shorten(file.target)}`,
    `image     ${shorten(file.image.name)}, sha256 ${file.image.hash}`,
    `contract  ${shorten(compiled.id)}`,
    `property  ${signature.property}: ${clause.property.rule}`,
    `clause    ${signature.clause}`,
    `place     ${shorten(signature.place)}`,
    `expected  ${expected}`,
    `found     ${actual}`,
    '',
    'Build and run: gcc -O1 -o reproducer reproducer.c && ./reproducer',
    'Exit status: 1 the violation is seen, 0 it is not, 2 the case cannot be set up here.',
    '',
    'The bytes of the function run on this processor. TDCALL and SEAMCALL raise #UD where there is no TDX; the signal',
    'handler answers in their place, with the registers that were recorded. STI, CLI and HLT raise #GP in user space',
    'and are stepped over. A program cannot have the upper half of the address space: everything there, and every',
    `value that points there, is moved down by 0x${MOVED_BY.toString(16)}. Interrupts are on, as they always are here.`,
  ];
  return `/*\n${lines.map((line) => ` * ${cComment(line)}`.trimEnd()).join('\n')}\n */`;
}

function contentOf({ name, content }: Area): string {
  if (typeof content === 'number') return '';
  let used = content.length;
  while (used > 1 && content[used - 1] === 0) used--;
  const bytes = Array.from(content.subarray(0, used), (byte) => `0x${byte.toString(16).padStart(2, '0')}`);
  return `static const unsigned char ${name}[] = {\n${cList(bytes, 16, '\t')}\n};\n`;
}

function areaRow({ name, address, size, permissions, content }: Area): string {
  const allowed = [
    ...(permissions.includes('r') ? ['PROT_READ'] : []),
    ...(permissions.includes('w') ? ['PROT_WRITE'] : []),
    ...(permissions.includes('x') ? ['PROT_EXEC'] : []),
  ].join(' | ');
  const [bytes, count, poison] =
    typeof content === 'number' ? ['NULL', '0', `0x${(content >>> 0).toString(16)}u`] : [name, `sizeof(${name})`, '0'];
  return `{ ${c64(moved(address))}, 0x${size.toString(16)}, ${allowed || 'PROT_NONE'}, ${bytes}, ${count}, ${poison} }`;
}

/** Where a run ends by being there: its return address, and functions that never return. */
function places({ target }: CaseRunner, runs: readonly Run[], areas: readonly Area[]): string[] {
  const mapped = (address: bigint): boolean =>
    areas.some((area) => address >= area.address && address < area.address + BigInt(area.size));
  const stops = outsideOf(target.image, target.entry).filter(
    ({ model, address }) => model.kind === 'noreturn' && mapped(address),
  );
  return [
    ...runs.map(({ memory }) => `{ ${c64(moved(REGIONS[memory].returnAddress))}, NULL }`),
    ...stops.map(({ name, address }) => `{ ${c64(moved(address))}, ${cString(shorten(name))} }`),
  ];
}

function fixups({ code }: CaseFile): string[] {
  // The types that are modelled: 1 goes on elsewhere, 2 gives the number of the exception as well.
  const rows = (code.fixups ?? []).map(
    ({ from, to, type }) => `{ ${c64(moved(BigInt(from)))}, ${c64(moved(BigInt(to)))}, ${type === 2 ? 1 : 0} }`,
  );
  // C has no array without elements: one that leads nowhere is none.
  return rows.length > 0 ? rows : ['{ 0, 0, 0 }'];
}

function table(type: string, name: string, count: string, rows: readonly string[]): string {
  const size = `enum { ${count} = sizeof(${name}) / sizeof(${name}[0]) };`;
  return `static const ${type} ${name}[] = {\n${cList(rows, 1, '\t')}\n};\n${size}\n`;
}

/** What the function may write to, as ranges: its part of the stack, the shadow space and its parameters, the block. */
function owned(runner: CaseRunner, { expression }: Check): string[] {
  if (!expression.startsWith('writes_outside')) return [];
  const { context, harness, compiled } = runner;
  const [{ stack }] = REGIONS;
  const rsp = slotValue(context.base, MOMENT.initial + REGISTER_INDEX.rsp);
  const shadow = BigInt(SHADOW_SPACE[compiled.contract.convention] + 8 * compiled.stackParameters);
  const ranges = [
    [stack.address, rsp],
    [rsp + 8n, rsp + 8n + shadow],
  ];
  if (compiled.fields.length > 0) {
    harness.placeFor(context.scenario, 0);
    const [{ name, offset }] = compiled.fields;
    const start = harness.fieldAddress(name) - BigInt(offset);
    ranges.push([start, start + BigInt(compiled.contract.block?.size ?? 0)]);
  } else ranges.push([0n, 0n]);
  const rows = ranges.map(([from, to]) => `{ ${c64(moved(from))}, ${c64(moved(to))} }`);
  return [`static const uint64_t owned[3][2] = {\n${cList(rows, 1, '\t')}\n};\n`];
}

function caseData(runner: CaseRunner, runs: readonly Run[], move: (value: bigint) => bigint): string {
  const { base } = runner.context;
  const xmm = Array.from({ length: 32 }, (_, index) => c64(slotValue(base, VECTOR.initial + 2 + index)));
  const seamcall = runner.compiled.contract.instruction === 'seamcall';
  const outcome = OUTCOME_WORDS[runner.context.scenario[2 * SLOT.outcome] & 3];
  return [
    `enum { IS_SEAMCALL = ${seamcall ? 1 : 0} };`,
    `static const int outcome = ${seamcall ? outcome : 'COMPLETED'};`,
    `static const uint64_t xmm_initial[32] = {\n${cList(xmm, 4, '\t')}\n};\n`,
    ...runs.map(({ scenario, memory }, index) => wordsOf(callersWords(runner, scenario, memory), index, move)),
    `static struct run runs[] = {\n${runs.map((run, index) => runData(run, index, move)).join('\n')}\n};`,
  ].join('\n');
}

/** By number (OUTCOME). */
const OUTCOME_WORDS = Object.assign([] as string[], {
  [OUTCOME.completed]: 'COMPLETED',
  [OUTCOME.vmFailInvalid]: 'VMFAIL_INVALID',
  [OUTCOME.generalProtection]: 'RAISES_GP',
  [OUTCOME.invalidOpcode]: 'RAISES_UD',
});

function wordsOf(words: readonly Poke[], index: number, move: (value: bigint) => bigint): string {
  const rows = words.map(({ address, value }) => `{ ${c64(moved(address))}, ${c64(move(value))} }`);
  return `static const struct word words_${index}[] = {\n${cList(rows, 2, '\t')}\n};\n`;
}

function runData({ observation }: Run, index: number, move: (value: bigint) => bigint): string {
  const registers = (moment: number, count: number): string =>
    cList(
      Array.from({ length: count }, (_, number) => c64(move(slotValue(observation, moment + number)))),
      4,
      '\t\t\t',
    );
  const answered = (observation[2 * FACT.answered] & 0xffff).toString(16);
  return [
    '\t{',
    `\t\t.initial = {\n${registers(MOMENT.initial, REGISTER_NAMES.length + 2)}\n\t\t},`,
    `\t\t.words = words_${index},`,
    `\t\t.word_count = sizeof(words_${index}) / sizeof(words_${index}[0]),`,
    `\t\t.answer = {\n${registers(MOMENT.answer, REGISTER_NAMES.length)}\n\t\t},`,
    `\t\t.answered = 0x${answered},`,
    '\t},',
  ].join('\n');
}

/** The functions that the check calls. */
function helpers({ expression, conditions }: Check): string[] {
  const text = [expression, ...conditions].join(' ');
  const called = Object.keys(CHECKS).filter((name) => new RegExp(`\\b${name}\\(`).test(text));
  if (called.includes('writes_outside')) called.unshift('word_at');
  return [...new Set(called)].map((name) => CHECKS[name]);
}
