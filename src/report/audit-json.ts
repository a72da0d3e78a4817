/** An audit for programs: schema tdxfuzz/audit/1. */
import type { ImageVerdict } from '../audit/audit.js';
import { AUDIT_RULES, type AuditFinding, isJudged } from '../audit/finding.js';
import type { Image } from '../image/image.js';
import { sourceLine } from '../image/line-table.js';
import { symbolicName } from '../stage/functions.js';
import { hex } from '../text/hex.js';
import { AUDIT_LIMIT, instructionText } from './audit-text.js';
import { sorted } from './json.js';

export const AUDIT_SCHEMA = 'tdxfuzz/audit/1';

export function auditJson(verdicts: readonly ImageVerdict[], seed: string): string {
  const document = {
    schema: AUDIT_SCHEMA,
    seed,
    limits: AUDIT_LIMIT,
    images: verdicts.map(({ image, convention, functions, nameless, problem }) => ({
      image: image.name,
      hash: image.hash,
      convention,
      problem,
      nameless: nameless.map(({ address, instruction }) => ({ address: hex(address), instruction })),
      functions: functions.map((verdict) => ({
        symbol: verdict.symbol,
        address: hex(verdict.address),
        instructions: verdict.instructions,
        convention: verdict.convention,
        parameters: verdict.parameters,
        calls: verdict.calls,
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

function plain(image: Image, { rule, subject, address, found }: AuditFinding): object {
  const line = sourceLine(image, address);
  return {
    rule,
    subject,
    address: hex(address),
    place: symbolicName(image, address) ?? hex(address),
    instruction: instructionText(image, address),
    found,
    expected: AUDIT_RULES[rule],
    ...(line !== undefined && { file: line.file, line: line.line }),
  };
}
