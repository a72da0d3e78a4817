/** Cases of schema tdxfuzz/case/1, which had one form for single functions and another for programs: read as cases of today. */
import { z } from 'zod';
import { compileContract } from '../contract/compiled.js';
import { SLOT_NAMES } from '../scenario/layout.js';
import { leafSlot } from '../scenario/leaf-slot.js';
import { ROLE, slotRoles } from '../scenario/roles.js';
import { CASE_1_NEUTRAL, CASE_1_SLOTS } from './case-1-neutral.js';
import { type CaseFile, CASE_SCHEMA, caseSchema, hex64, isProgramContract, MAX_STEPS, text } from './case-schema.js';

export const CASE_1 = 'tdxfuzz/case/1';

export const case1Schema = caseSchema.omit({ schema: true, steps: true, neutral: true, also: true }).extend({
  schema: z.literal(CASE_1),
  /** Slots that differ from neutral; an absent one is neutral. */
  scenario: z.record(z.string(), hex64),
  /** The steps of a program's case; its scenario is empty. A value that is absent is neutral. */
  story: z
    .array(z.strictObject({ action: text(60), values: z.record(z.string(), hex64) }))
    .min(1)
    .max(MAX_STEPS)
    .optional(),
});

type Case1 = z.infer<typeof case1Schema>;

/** The action of a single function. */
const CALL = 'call';
/** "secret" as digits; the last byte of both halves was the slot's number. */
const GRAFFITI = 0x5ec2e700;

/** @returns the case, or what is wrong with it */
export function upgradeCase(file: Case1): CaseFile | string {
  const { scenario, story, schema: _, ...rest } = file;
  const { body } = file.contract;
  if (isProgramContract(body) !== (story !== undefined)) return 'a story and the contract of a program go together';
  if (!isProgramContract(body)) {
    const steps = [{ action: CALL, values: scenario }];
    return { ...rest, schema: CASE_SCHEMA, steps, neutral: { [CALL]: neutralOf(body, file.contract.set) } };
  }
  const known = new Map(Object.entries(ownOf(CASE_1_NEUTRAL, body.program) ?? {}));
  const actions = new Set((story ?? []).map(({ action }) => action));
  const neutral = Object.fromEntries([...actions].map((action) => [action, { ...known.get(action) }]));
  return { ...rest, schema: CASE_SCHEMA, steps: story ?? [], neutral };
}

/** Names come from a file: `constructor` is none of ours. */
function ownOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function neutralOf(body: Parameters<typeof compileContract>[0], set: string): Record<string, string> {
  const compiled = compileContract(body, set);
  const roles = slotRoles(compiled);
  const leaf = leafSlot(compiled);
  return Object.fromEntries(
    CASE_1_SLOTS.map((name, index) => {
      const today = SLOT_NAMES.indexOf(name);
      if (name === 'entry.rflags') return [name, '0x2'];
      if (roles[today] === ROLE.secret || name === 'fault.value') return [name, graffiti(index)];
      return [name, today === leaf && leaf >= 0 ? `0x${body.leaves[0].toString(16)}` : '0x0'];
    }),
  );
}

function graffiti(slot: number): string {
  const half = (GRAFFITI | slot).toString(16);
  return `0x${half}${half}`;
}
