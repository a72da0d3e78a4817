/** A program made of a stub, for tests: `__tdcall_saved_ret` of v6.7 called with leaf 0, as docs/abi/linux-stubs.md#register-flow-of-v67 describes it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Exchange, Reference, Values } from '../../models/exchange/exchange.js';
import { LINUX_EXPOSURE_MASKS } from '../../models/abi/linux-constants.js';
import { agrees, happens } from '../clause/exchange-clause.js';
import type { ProgramProperty } from '../clause/property.js';
import type { ProgramContract } from '../contract/program-contract.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
import { uniform, oneOf, mostly } from '../story/draws.js';
import type { StoryStep } from '../story/story.js';
import { performCall } from './call.js';
import { disturbanceOf } from './disturbance.js';
import type { Program } from './program.js';
import { type Place, ProgramStage } from '../stage/program-stage.js';

/** Field of struct tdx_module_args -> offset (docs/abi/linux-stubs.md#structures). */
const OFFSETS: Readonly<Record<string, number>> = {
  rcx: 0,
  rdx: 8,
  r8: 16,
  r9: 24,
  r10: 32,
  r11: 40,
  r12: 48,
  r13: 56,
  r14: 64,
  r15: 72,
  rbx: 80,
  rdi: 88,
  rsi: 96,
};
export const ARGUMENTS = Object.keys(OFFSETS).filter((name) => name !== 'rcx');
const MASK = BigInt(LINUX_EXPOSURE_MASKS.allButRbp);

export const STUB: Program = {
  name: 'stub',
  title: 'a stub, for tests',
  open: (image, { symbol }) => {
    const stage = new ProgramStage(image);
    const slot = { neutral: 0n, meaning: 'a value', draw: uniform };
    const named = (prefix: string): Record<string, typeof slot> =>
      Object.fromEntries(ARGUMENTS.map((name) => [`${prefix}.${name}`, slot]));
    return {
      space: {
        actions: [
          {
            name: 'call',
            sentence: 'the function is called',
            slots: {
              ...named('argument'),
              ...named('answer'),
              'answer.status': { neutral: 0n, meaning: 'RAX', draw: mostly(oneOf(0n), uniform) },
              graffiti: { neutral: 0n, meaning: 'other registers', draw: uniform },
            },
          },
        ],
        steps: { least: 1, most: 3 },
      },
      classes: [
        { name: 'TDCALL fails', holds: ({ story }) => story.some(({ values }) => values['answer.status'] !== 0n) },
      ],
      stages: [stage],
      begin: (memory) => stage.begin(memory),
      allows: () => true,
      perform: ({ values }: StoryStep) => {
        const block = stage.allocate(104);
        const outputs: Record<string, Place> = {};
        for (const [name, offset] of Object.entries(OFFSETS)) {
          const address = block + BigInt(offset);
          stage.write(address, name === 'rcx' ? MASK : values[`argument.${name}`]);
          outputs[`field.${name}`] = { address, bytes: 8 };
        }
        return performCall(stage, {
          symbol,
          parameters: [0n, block],
          graffiti: values['graffiti'],
          interrupts: true,
          externals: {},
          outputs,
          ...disturbanceOf(values),
        });
      },
      expect: ({ values }: StoryStep) => reference(values),
      answer: (_: Exchange, { values }: StoryStep): Values => ({
        status: values['answer.status'],
        ...Object.fromEntries(ARGUMENTS.map((name) => [name, values[`answer.${name}`]])),
      }),
    };
  },
};

function* reference(values: Values): Reference {
  const asked = Object.fromEntries(ARGUMENTS.map((name) => [name, values[`argument.${name}`]]));
  const answer = yield { moment: 'TDVMCALL', values: { ...asked, rax: 0n, rcx: MASK, if: 1n } };
  const status = answer['status'] ?? 0n;
  const got = status === 0n ? answer : asked;
  const fields = Object.fromEntries(ARGUMENTS.map((name) => [`field.${name}`, got[name] ?? 0n]));
  yield { moment: 'return', values: { rax: status, 'field.rcx': MASK, ...fields } };
}

const about = {
  source: 'docs/abi/linux-stubs.md#register-flow-of-v67',
  example: 'none',
  fix: 'none',
  group: 'guest helpers',
} as const;
const programs = ['stub'];

export const STUB_PROPERTIES: readonly ProgramProperty[] = [
  {
    ...about,
    name: 'asks',
    rule: 'The host sees the arguments.',
    program: {
      programs,
      clauses: () => [happens('TDVMCALL'), ...['rax', 'rcx', ...ARGUMENTS].map((name) => agrees('TDVMCALL', name))],
    },
  },
  {
    ...about,
    name: 'stores',
    rule: 'The block holds the results.',
    program: {
      programs,
      clauses: () =>
        ['rax', ...Object.keys(OFFSETS).map((name) => `field.${name}`)].map((name) => agrees('return', name)),
    },
  },
  {
    ...about,
    name: 'keeps',
    rule: 'Everything else is as it was.',
    program: {
      programs,
      clauses: () =>
        ['rbx', 'rbp', 'r12', 'r13', 'r14', 'r15', 'rsp', 'if', 'flags', 'stray'].map((name) => agrees('return', name)),
    },
  },
  {
    ...about,
    name: 'ends',
    rule: 'No fault.',
    program: { programs, clauses: () => [happens('fault')] },
  },
];

export function stubContract(symbol: string): ProgramContract {
  return { symbol, source: 'docs/abi/linux-stubs.md#register-flow-of-v67', program: 'stub', options: {} };
}

export function imageOf(path: string): ReturnType<typeof parseImage> {
  return parseImage(readFileSync(join(packageRoot(), path)), path);
}
