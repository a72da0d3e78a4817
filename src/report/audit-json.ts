/** An audit for programs: schema tdxfuzz/audit/1. */
import { z } from 'zod';
import type { ImageVerdict } from '../audit/audit.js';
import { AUDIT_RULES, type AuditFinding, type AuditRule, isJudged } from '../audit/finding.js';
import type { Image } from '../image/image.js';
import { sourceLine } from '../image/line-table.js';
import { symbolicName } from '../stage/functions.js';
import { hex } from '../text/hex.js';
import { CONVENTIONS, type ConventionName } from '../x86/conventions.js';
import { AUDIT_LIMIT, instructionText } from './audit-text.js';
import { sorted } from './json.js';

export const AUDIT_SCHEMA = 'tdxfuzz/audit/1';

const address = z.string().regex(/^0x[0-9a-f]{1,16}$/);
const convention = z.enum(Object.keys(CONVENTIONS) as [ConventionName, ...ConventionName[]]);
const instruction = z.enum(['TDCALL', 'SEAMCALL']);
const count = z.number().int().min(0);

const auditFindingSchema = z.strictObject({
  rule: z.enum(Object.keys(AUDIT_RULES) as [AuditRule, ...AuditRule[]]),
  subject: z.string().describe('A register, or empty.'),
  address,
  place: z.string().describe('Function and offset, or the address where no name covers it.'),
  instruction: z.string().describe('As objdump writes it.'),
  found: z.string(),
  expected: z.string(),
  file: z.string().describe('Where the image has line tables.').optional(),
  line: count.optional(),
});

const auditFunctionSchema = z.strictObject({
  symbol: z.string(),
  address,
  instructions: z.array(instruction),
  convention,
  parameters: z.array(z.string()).describe('Registers of parameters that it reads before it writes them.'),
  calls: z.array(z.string()).describe('Functions with such instructions that it calls.'),
  inherited: count.describe('Findings that a function which it calls has by itself.'),
  judged: z.boolean(),
  runs: count,
  ways: count.describe('Different ways that the runs took.'),
  reached: count.describe('Runs that came to a TDCALL or SEAMCALL.'),
  unknown: count.describe('Runs that ended where nobody knows what happens.'),
  unknownReason: z.string(),
  findings: z.array(auditFindingSchema),
  notes: z.array(auditFindingSchema).describe('What may be meant so: never counted.'),
});

export const auditSchema = z.strictObject({
  schema: z.literal(AUDIT_SCHEMA),
  seed: z.string(),
  limits: z.string().describe('What an audit cannot know.'),
  images: z.array(
    z.strictObject({
      image: z.string(),
      hash: z.string().describe('SHA-256 of the file.'),
      convention,
      problem: z.string().describe('Why functions could not be run at all, or empty.'),
      nameless: z.array(z.strictObject({ address, instruction })).describe('Instructions that no function covers.'),
      functions: z.array(auditFunctionSchema),
    }),
  ),
});

export function auditJson(verdicts: readonly ImageVerdict[], seed: string): string {
  const document: z.infer<typeof auditSchema> = {
    schema: AUDIT_SCHEMA,
    seed,
    limits: AUDIT_LIMIT,
    images: verdicts.map(({ image, convention: usual, functions, nameless, problem }) => ({
      image: image.name,
      hash: image.hash,
      convention: usual,
      problem,
      nameless: nameless.map((call) => ({ address: hex(call.address), instruction: call.instruction })),
      functions: functions.map((verdict) => ({
        symbol: verdict.symbol,
        address: hex(verdict.address),
        instructions: [...verdict.instructions],
        convention: verdict.convention,
        parameters: [...verdict.parameters],
        calls: [...verdict.calls],
        inherited: verdict.inherited,
        judged: isJudged(verdict),
        runs: verdict.runs,
        ways: verdict.paths,
        reached: verdict.reached,
        unknown: verdict.unknown,
        unknownReason: verdict.unknownReason,
        findings: verdict.findings.map((finding) => plain(image, finding)),
        notes: verdict.notes.map((finding) => plain(image, finding)),
      })),
    })),
  };
  return `${JSON.stringify(sorted(document), null, 2)}\n`;
}

function plain(image: Image, { rule, subject, address: at, found }: AuditFinding): z.infer<typeof auditFindingSchema> {
  const line = sourceLine(image, at);
  return {
    rule,
    subject,
    address: hex(at),
    place: symbolicName(image, at) ?? hex(at),
    instruction: instructionText(image, at),
    found,
    expected: AUDIT_RULES[rule],
    ...(line !== undefined && { file: line.file, line: line.line }),
  };
}
