/** docs/reference/audit.md, made of the rules of an audit. */
import { AUDIT_RULES, type AuditRule, NOTES } from '../audit/finding.js';

export function auditPage(): string {
  const rules = Object.entries(AUDIT_RULES) as [AuditRule, string][];
  const row = ([name, expected]: [AuditRule, string]): string => `| \`${name}\` | ${expected} |`;
  return `# Rules of an audit

What \`tdxfuzz audit FILE...\` expects of every function, without a contract ([what it says, and what it does not](../audit.md)).

## Findings

| rule | what is expected |
|---|---|
${rules
  .filter(([name]) => !NOTES.has(name))
  .map(row)
  .join('\n')}

## Notes

They never count: what they tell may be meant so.

| rule | what is expected |
|---|---|
${rules
  .filter(([name]) => NOTES.has(name))
  .map(row)
  .join('\n')}
`;
}
