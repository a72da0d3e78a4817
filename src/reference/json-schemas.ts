/** The JSON Schemas that the package publishes, made of the schemas by which the tool itself reads. */
import { z } from 'zod';
import { RESULT_SCHEMA, resultSchema } from '../campaign/records/result.js';
import { configSchema } from '../config/config.js';
import { contractSetSchema } from '../contract/contract.js';
import { EXPECT_SCHEMA, expectationsSchema } from '../expect/expectation-file.js';
import { AUDIT_SCHEMA, auditSchema } from '../report/audit-json.js';
import { OFFSETS_SCHEMA, offsetsSchema } from '../contract/offsets-file.js';
import { CASE_1, case1Schema } from '../stored/case-1.js';
import { CASE_SCHEMA, caseSchema } from '../stored/case-schema.js';

/** Folder in the package. */
export const SCHEMA_FOLDER = 'schema';

/**
 * File name -> its text. What a file is checked for beyond its schema (slots that exist, contracts that agree with
 * themselves) is said by the tool that reads it.
 */
export function jsonSchemas(): Record<string, string> {
  return {
    'result-2.schema.json': publish(resultSchema, RESULT_SCHEMA, 'The result of a run of tdxfuzz'),
    'case-1.schema.json': publish(case1Schema, CASE_1, 'One case of tdxfuzz as versions before wrote it'),
    'case-2.schema.json': publish(caseSchema, CASE_SCHEMA, 'One case of tdxfuzz, with all that a replay needs'),
    'contracts-1.schema.json': publish(
      contractSetSchema,
      'tdxfuzz/contracts/1',
      'A contract set: what functions promise',
    ),
    'config.schema.json': publish(
      configSchema,
      'tdxfuzz/config',
      'The configuration of a project: tdxfuzz.config.json',
    ),
    'audit-1.schema.json': publish(auditSchema, AUDIT_SCHEMA, 'What an audit says: tdxfuzz audit --format json'),
    'offsets-1.schema.json': publish(offsetsSchema, OFFSETS_SCHEMA, "Where KVM's structures lie"),
    'expect-1.schema.json': publish(expectationsSchema, EXPECT_SCHEMA, 'Findings that are known: tdxfuzz/expect.json'),
  };
}

function publish(schema: z.ZodType, name: string, title: string): string {
  const { $schema, ...body } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ $schema, $id: `urn:${name.replaceAll('/', ':')}`, title, ...body }, null, 2)}\n`;
}
