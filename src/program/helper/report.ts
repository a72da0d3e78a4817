/** Attestation, and the last words of a guest. */
import { STATUS_CODES } from '../../../models/abi/status-codes.js';
import { panic } from '../../../models/predict/helper/fatal-error.js';
import { extendRtmr, getReport0 } from '../../../models/predict/helper/report.js';
import type { Values } from '../../../models/exchange/exchange.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import { anyValue, below, type Draw, either, mostly, oneBitOff, oneOf, uniform } from '../../story/draws.js';
import { speaking, type StorySlot } from '../../story/story.js';
import { has, type Helper, HOST_CLASSES, valueIs } from './helper.js';
import { DIRECT_MAP_SLOT, layDirectMap, virtToPhysExternal } from './memory-layout.js';
import { hostSlots, interruptsSlot, slot, type Slots } from './slots.js';

const word = oneOf(...STATUS_CODES.map(({ value }) => value));
/** The statuses with a meaning of their own, with details in the lower half, and one bit beside each. */
const special: Draw = (dice) => {
  const upper = oneOf(0xc0000100n, 0x80000200n)(dice) << 32n;
  return upper | mostly(below(32), (other) => uniform(other) & 0xffffffffn)(dice);
};
const status: Draw = mostly(either(special, word, oneBitOff(special), anyValue), oneOf(0n), 6);

const MODULE: Slots = {
  'module.status': speaking('tdcall-status', slot('RAX behind TDCALL', status)),
  direct_map: DIRECT_MAP_SLOT,
  if: interruptsSlot,
};

const answer = (_: unknown, values: Values): Values => ({ status: values['module.status'] });
const classes = [
  { name: 'success', holds: valueIs('module.status', (value) => value === 0n) },
  { name: 'failure', holds: valueIs('module.status', (value) => value !== 0n) },
];

/** Room for what the leaves read and write; the model of the module touches none of it. */
const BYTES = { tdreport: 1024, reportdata: 64, digest: 48 } as const;

const REPORTS: readonly Helper[] = [
  {
    name: 'helper-get-report0',
    title: 'tdx_mcall_get_report0: TDG.MR.REPORT and its error numbers',
    sentence: 'a report is made; TDCALL answers {module.status}',
    slots: MODULE,
    returns: 'negative-errno',
    reference: getReport0,
    lay: (stage, values) => {
      const reportdata = stage.allocate(BYTES.reportdata);
      const tdreport = stage.allocate(BYTES.tdreport);
      layDirectMap(stage, values);
      const facts = { reportdata, tdreport };
      return { parameters: [reportdata, tdreport], externals: virtToPhysExternal(values), facts };
    },
    answer,
    classes,
  },
  {
    name: 'helper-extend-rtmr',
    title: 'tdx_mcall_extend_rtmr: TDG.MR.RTMR.EXTEND and its error numbers',
    sentence: 'register {index} is extended; TDCALL answers {module.status}',
    slots: { index: slot('the register, in the low 8 bits', either(below(4), uniform)), ...MODULE },
    returns: 'negative-errno',
    reference: extendRtmr,
    lay: (stage, values) => {
      const data = stage.allocate(BYTES.digest);
      layDirectMap(stage, values);
      return { parameters: [values['index'], data], externals: virtToPhysExternal(values), facts: { data } };
    },
    answer,
    classes,
  },
];

const WORDS = 8;
/** Eight characters; often one of them ends the message. */
const characters: Draw = (dice) => {
  const full = uniform(dice) | 0x0101010101010101n;
  return dice.once(6) ? full & ~(0xffn << (8n * below(8)(dice))) : full;
};

/** `message0`, `message1`...: eight characters, so that each names its place. */
function neutralWord(index: number): bigint {
  return new DataView(new TextEncoder().encode(`message${index}`).buffer).getBigUint64(0, true);
}

function messageSlots(): Record<string, StorySlot> {
  return Object.fromEntries(
    Array.from({ length: WORDS }, (_, index) => [
      `msg.${index}`,
      slot(`characters from ${8 * index} on`, characters, neutralWord(index)),
    ]),
  );
}

/** The message in memory, and the NUL behind its longest form. */
function layMessage(stage: ProgramStage, values: Values): bigint {
  const address = stage.allocate(8 * WORDS + 8);
  for (let index = 0; index < WORDS; index++) stage.write(address + BigInt(8 * index), values[`msg.${index}`]);
  stage.write(address + BigInt(8 * WORDS), 0n);
  return address;
}

const FATAL_ERROR: Helper = {
  name: 'helper-fatal-error',
  title: 'tdx_panic: ReportFatalError',
  sentence: 'the guest gives itself up',
  slots: { ...messageSlots(), ...hostSlots('r11'), if: interruptsSlot },
  reference: panic,
  lay: (stage, values) => ({ parameters: [layMessage(stage, values)] }),
  classes: [HOST_CLASSES[0], { name: 'the host returns', holds: (play) => !has('stop')(play) }],
};

export const LAST_WORDS: readonly Helper[] = [...REPORTS, FATAL_ERROR];
