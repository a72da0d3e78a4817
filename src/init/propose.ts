/** From the code of a function to a contract for it. Nothing is run here. */
import type { CodeShape, Outcome } from '../code/code-shape.js';
import { readShape } from '../code/read-shape.js';
import type { Contract, ContractSet, Source } from '../contract/contract.js';
import { allFaultsOf } from '../contract/faults.js';
import { candidatesFor } from '../campaign/recognition/stub-recognition.js';
import type { Image } from '../image/image.js';
import type { RegisterName } from '../x86/registers.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import { answerTest } from './conditions.js';
import { frameOf } from './frame.js';
import { endsOf } from './outcomes.js';
import { outputsOf } from './outputs.js';
import { type ConventionName, CONVENTIONS } from '../x86/conventions.js';
import { notEnteredOf, ownDataOf, scrubbingOf, stiOf } from './policy.js';
import { CannotSay, type Choice, type Proposed } from './proposal.js';
import { retriesOf } from './retry.js';
import { Roles } from './roles.js';

export interface ProposeOptions {
  /** What the proposal says where it was read: one line. */
  readonly source: string;
  /** Said by the user; else the code says it, or the format of the file. */
  readonly convention?: ConventionName;
  /** Sets of which a contract is proposed as it is where it says all of what the code does. */
  readonly library: readonly ContractSet[];
}

/** @throws UsageError for a symbol that the image has not, or has twice */
export function propose(image: Image, symbol: string, options: ProposeOptions): Proposed {
  const shape = readShape(image, symbol);
  try {
    return proposeFrom(image, shape, options);
  } catch (error) {
    if (error instanceof CannotSay) return { kind: 'none', symbol, reason: error.message };
    throw error;
  }
}

function proposeFrom(image: Image, shape: CodeShape, options: ProposeOptions): Proposed {
  const { symbol } = shape;
  const known = candidatesFor(shape, options.library).find(({ fit }) => fit.isExact);
  if (known !== undefined)
    return {
      kind: 'proposed',
      symbol,
      shape,
      contract: known.contract,
      questions: [],
      choices: [],
      known: { set: known.set, contract: known.contract },
    };
  const asked: string[] = [];
  refuseShape(shape);
  if (shape.gap !== undefined)
    asked.push(`Not all of its code was read (${shape.gap}): what the proposal leaves out is not certain.`);
  const roles = new Roles(shape, conventionOf(image, shape, options, asked), frameOf(shape, asked), asked);
  const contract = contractFrom(image, roles, options.source);
  const faults = allFaultsOf(contract);
  if (faults.length > 0)
    return { kind: 'none', symbol, reason: `the contract that its code comes to is not sound: ${faults[0]}` };
  return {
    kind: 'proposed',
    symbol,
    shape,
    contract,
    questions: [...new Set(asked)],
    choices: choicesFor(contract, roles),
  };
}

function refuseShape({ sites }: CodeShape): void {
  if (sites.length === 0) throw new CannotSay('it reaches no TDCALL and no SEAMCALL');
  if (new Set(sites.map(({ instruction }) => instruction)).size > 1)
    throw new CannotSay('it executes both TDCALL and SEAMCALL, which no one contract says');
}

function conventionOf(image: Image, shape: CodeShape, options: ProposeOptions, asked: string[]): ConventionName {
  if (options.convention !== undefined) return options.convention;
  // What the parameters say is certain only in ELF: Windows and UEFI have one convention.
  const convention = image.convention === 'ms-x64' ? 'ms-x64' : (shape.convention ?? 'sysv');
  if (shape.convention === undefined && shape.parameters.some(({ isUntouched }) => !isUntouched))
    asked.push(
      `Its parameters do not say which calling convention it has. ${CONVENTIONS[convention].title} is what the file format has.`,
    );
  if (shape.convention !== undefined && shape.convention !== convention)
    asked.push(
      `It reads registers as ${CONVENTIONS[shape.convention].title} hands over parameters, and the file format has ${CONVENTIONS[convention].title}: --convention says which.`,
    );
  return convention;
}

function contractFrom(image: Image, roles: Roles, source: string): Contract {
  const { shape, frame, asked, convention } = roles;
  const outcomes = shape.outcomes.filter(({ calls }) => calls.length === 1 && calls[0].entered === 'entered');
  const words = roles.words();
  const [retry] = retriesOf(shape, frame);
  if (retry !== undefined) asked.push(`It tries again, and the code is taken to try ${retry.tries} times at most.`);
  const outputs = outputsOf(outcomes, roles);
  const ends = endsOf(outcomes, roles);
  const draft: Contract = {
    symbol: shape.symbol,
    source,
    convention,
    instruction: frame.instruction,
    ...words,
    parameters: aliased(withNull(words.parameters, roles), roles),
    inputs: inputsOf(roles),
    leaves: [...frame.leaves],
    outputs,
    ...(frame.instruction === 'seamcall' && { notEntered: notEnteredOf(shape.outcomes, asked) }),
    ...(frame.assumes && { assumes: frame.assumes }),
    ...ends,
    ...(retry && { retry }),
    ...preparing(roles, ends.onFailure),
    scrubsHostValues: scrubbingOf(outcomes, roles),
    ...stiOf(shape.outcomes, roles),
    ...ownDataOf(shape.outcomes, image, asked),
    redZone: false,
    vectorState: convention === 'ms-x64' ? 'convention' : 'untouched',
  };
  const branches = branchesOf(outcomes, draft);
  if (branches.length === 0) return draft;
  asked.push(
    `The answer in ${[...new Set(branches.map(({ answer }) => answer.toUpperCase()))].join(', ')} selects a branch whose arms do the same. Is that meant?`,
  );
  return { ...draft, branchesOn: branches };
}

/** What the code does not say, and a run does. */
function choicesFor({ retry, sti, stiFlag }: Contract, { shape, frame }: Roles): Choice[] {
  const choices: Choice[] = retriesOf(shape, frame)
    .filter((one) => JSON.stringify(one) !== JSON.stringify(retry))
    .map((one) => ({ words: { retry: one }, question: `It tries ${one.tries} times at most.` }));
  if (sti !== undefined && stiFlag === undefined)
    for (const ifAfter of ['restored', 'clear'] as const)
      choices.push({
        words: { sti: { ...sti, ifAfter } },
        question: `The interrupt flag is ${IF_AFTER[ifAfter]} at the return of a call with STI.`,
      });
  return choices;
}

const IF_AFTER = { restored: 'what it was at the entry', clear: 'clear' } as const;

function inputsOf(roles: Roles): Contract['inputs'] {
  const inputs: Partial<Record<RegisterName, Source>> = {};
  const { operands, mask } = roles.frame;
  const order = ['rax', 'rcx', ...REGISTER_NAMES.filter((name) => name !== 'rax' && name !== 'rcx')] as const;
  for (const register of order) {
    const value = operands.get(register);
    if (value === undefined) continue;
    if (register === 'rcx' && mask !== undefined) {
      inputs.rcx = { constant: `0x${mask.toString(16)}` };
      continue;
    }
    // What nobody touched is no operand, or it would be a parameter.
    if (value.kind === 'entry' && value.register === register && roles.parameterName(value) === undefined) continue;
    inputs[register] = roles.sourceOf(value);
  }
  return inputs;
}

/** Pointers with which the instruction is not executed when they are NULL, and what is returned then. */
function withNull(parameters: Contract['parameters'], { shape, asked }: Roles): Contract['parameters'] {
  return parameters.map((parameter) => {
    if (parameter.kind !== 'block' || !parameter.nullable) return parameter;
    const index = shape.blocks.findIndex(
      ({ parameter: value }) =>
        'register' in parameter.place && value.kind === 'entry' && value.register === parameter.place.register,
    );
    const key = index < 0 ? undefined : shape.blocks[index].parameter.key;
    const ways = shape.outcomes.filter(({ conditions }) =>
      conditions.some(({ value, relation }) => relation === 'zero' && value.key === key),
    );
    if (ways.length === 0 || ways.some(({ calls }) => calls.length > 0)) return parameter;
    const values = new Set(ways.map(({ registers: [rax] }) => (rax.kind === 'constant' ? rax.value : undefined)));
    const [value] = values;
    if (ways.some(({ end }) => end !== 'returns'))
      asked.push(`With NULL in ${parameter.name} it does not return as a function does (${ways[0].end}).`);
    if (values.size !== 1 || value === undefined)
      asked.push(
        `With NULL in ${parameter.name} nothing is called, and RAX is what the caller left in it: the proposal has no result then.`,
      );
    if (value === 0n)
      asked.push(
        `With NULL in ${parameter.name} nothing is called and 0 is returned, which is success elsewhere. Is that meant?`,
      );
    const returns =
      values.size === 1 && value !== undefined ? { constant: `0x${value.toString(16)}` } : ('nothing' as const);
    return { ...parameter, whenNull: { returns } };
  });
}

/** Arguments that are all read before a result is stored may lie where the results go: callers do that. */
function aliased(parameters: Contract['parameters'], { blocks, asked, shape }: Roles): Contract['parameters'] {
  if (blocks.length !== 2) return parameters;
  const reading = blocks.find(({ block }) => block.reads.length > 0 && block.writes.length === 0);
  const writing = blocks.find(({ block }) => block.writes.length > 0 && block.reads.length === 0);
  if (reading === undefined || writing === undefined) return parameters;
  if (shape.outcomes.some(({ stores }) => stores.some(({ base, after }) => after === 0 && base.kind !== 'constant')))
    return parameters;
  // Results of more bytes than there are arguments need memory of their own.
  if (writing.block.size > reading.block.size) return parameters;
  const names = parameters.map(({ name }) => name);
  if (names.indexOf(reading.name) > names.indexOf(writing.name)) return parameters;
  asked.push(
    `${writing.name} may point to the same memory as ${reading.name}: all is read before anything is stored. Leave out "mayAlias" if no caller does that.`,
  );
  return parameters.map((parameter) =>
    parameter.kind === 'block' && parameter.name === writing.name
      ? { ...parameter, mayAlias: reading.name }
      : parameter,
  );
}

/** Stores into the block before the call. */
function preparing({ blocks, asked }: Roles, onFailure: Contract['onFailure']): Pick<Contract, 'blockWhenStopped'> {
  const scratch = blocks.flatMap(({ fields }) => fields.filter(({ scratch: is }) => is));
  if (scratch.length > 0)
    asked.push(
      `Something is stored into ${scratch.map(({ name }) => name).join(', ')} before the call: taken for scratch, which nobody reads.`,
    );
  const prepares = blocks.some(({ block }) => block.prepares.length > 0);
  return prepares && onFailure === 'stops' && scratch.length === 0 ? { blockWhenStopped: 'any' } : {};
}

/** Answers that decide nothing but which instructions run. */
function branchesOf(outcomes: readonly Outcome[], draft: Contract): NonNullable<Contract['branchesOn']> {
  const said = JSON.stringify([draft.outputs.when, draft.returnsWhen, draft.stopsOn, draft.returns]);
  const found = new Map<string, NonNullable<Contract['branchesOn']>[number]>();
  for (const { conditions } of outcomes)
    for (const looked of conditions) {
      const test = answerTest(looked);
      if (test === undefined || test.answer === 'rax' || !('is' in test)) continue;
      if (draft.leaves[0] !== 0 || !('constant' in (draft.inputs.rcx ?? {}))) continue;
      const isNamed =
        said.includes(`"answer":"${test.answer}"`) ||
        (test.answer === 'r10' && /r10-success|isZero|isNotZero/.test(said));
      if (!isNamed) found.set(JSON.stringify(test), test);
    }
  return [...found.values()];
}
