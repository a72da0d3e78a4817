/** Makes the case file of a finding: values, code pages, answers, what is expected. */
import { readHalves } from '../halves.js';
import { REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import type { Image } from '../image/image.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { MOMENT, OUTCOME, OUTCOME_NAMES, RIP_OFFSET, slotValue } from '../observation/layout.js';
import { readSlot, type Scenario, SLOT_NAMES } from '../scenario/layout.js';
import { differingSlots } from '../scenario/shrink.js';
import type { CaseTraces, Signature } from '../triage/violation.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import { hex } from '../text/hex.js';
import { type CaseFile, MAX_CODE } from './case-file.js';
import { isInImage, PAGE, storedCode } from './stored-code.js';
import { traceDigest } from './trace-digest.js';

export interface CaseOrigin {
  tool: string;
  target: string;
  set: string;
  found: CaseFile['found'];
}

/** The values of a scenario that differ from neutral, by name. */
export function scenarioValues(scenario: Scenario, neutral: Scenario): Record<string, string> {
  return Object.fromEntries(
    differingSlots(scenario, neutral).map((slot) => [SLOT_NAMES[slot], hex(readSlot(scenario, slot))]),
  );
}

/** @param traces of the case that the runner ran last */
export function makeCase(
  runner: CaseRunner,
  signature: Signature | undefined,
  traces: CaseTraces,
  origin: CaseOrigin,
): CaseFile {
  const { target, compiled, context, space } = runner;
  const size = Math.min(runner.size, MAX_CODE);
  const { image } = target;
  return {
    schema: 'tdxfuzz/case/1',
    tool: origin.tool,
    target: origin.target,
    symbol: target.symbol,
    image: { name: image.name, hash: image.hash },
    contract: { set: origin.set, body: compiled.contract },
    model: { module: REFERENCE_CONFIGURATION.version },
    code: storedCode(
      image,
      target.symbol,
      target.entry,
      size,
      touchedPages(runner, traces),
      usedFixups(runner, traces),
    ),
    scenario: scenarioValues(context.scenario, space.neutral),
    answers: answers(runner),
    expect: signature === undefined ? null : { ...signature, trace: traceDigest(traces.base) },
    found: origin.found,
  };
}

function answers({ context, compiled }: CaseRunner): CaseFile['answers'] {
  const { base, outcome } = context;
  if (!context.called) return [];
  const call = compiled.contract.instruction;
  const ended = outcome === OUTCOME.completed ? {} : { outcome: OUTCOME_NAMES[outcome] };
  // An exception that nothing took has nothing behind it.
  const cameBack = slotValue(base, MOMENT.answer + RIP_OFFSET) !== 0n;
  const registers = Object.fromEntries(
    cameBack ? REGISTER_NAMES.map((name, index) => [name, hex(slotValue(base, MOMENT.answer + index))]) : [],
  );
  return [{ call, ...ended, registers }];
}

/** Entries of the fixup table for instructions of the function, and for those that any run executed. */
function usedFixups({ target, size }: CaseRunner, { base, guest, host }: CaseTraces): Image['fixups'] {
  const executed = new Set([base, guest, host].flatMap((trace) => trace?.steps ?? []).map(({ address }) => address));
  const end = target.entry + BigInt(Math.min(size, MAX_CODE));
  return target.image.fixups
    .filter(({ from }) => executed.has(from) || (from >= target.entry && from < end))
    .slice(0, MAX_CODE);
}

/** Pages of the image that the function lies in or that any run executed, read or wrote. */
function touchedPages(runner: CaseRunner, traces: CaseTraces): bigint[] {
  const { target } = runner;
  const size = Math.min(runner.size, MAX_CODE);
  const pages = new Set<bigint>();
  const touch = (address: bigint): void => {
    pages.add(address - (address % PAGE));
  };
  for (let offset = 0n; offset < BigInt(size); offset += PAGE) touch(target.entry + offset);
  touch(target.entry + BigInt(size) - 1n);
  for (const trace of [traces.base, traces.guest, traces.host]) {
    for (const { address, instruction, events } of trace?.steps ?? []) {
      touch(address);
      if (instruction !== undefined) touch(address + BigInt(instruction.length) - 1n);
      for (let at = 0; at < events.length; at += EVENT_WORDS) {
        if (events[at + EVENT_WORD.KIND] > EVENT.Pop) continue;
        touch(readHalves(events, at + EVENT_WORD.ADDRESS_LOW));
      }
    }
  }
  return [...pages].filter((page) => isInImage(target.image, page)).sort((a, b) => (a < b ? -1 : 1));
}
