import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../errors.js';
import { toolVersion } from '../../package-info.js';
import { encodeRecord } from '../records/record-file.js';
import { type RunRecord, RECORDS_SCHEMA } from '../records/records.js';
import { readState, recordsPath } from './night-state.js';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-state-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (tool: string): RunRecord => ({ kind: 'run', schema: RECORDS_SCHEMA, tool, seed: 's', targets: [] });
const stateOf = (...tools: string[]): string => {
  const text = `${tools.map((tool) => encodeRecord(run(tool))).join('')}damaged\n`;
  writeFileSync(recordsPath(folder), text);
  return text;
};

describe('a state', () => {
  it.each(['9.9.9', '0.10.0', '10.0.0'])('of the newer %s is refused, and stays byte for byte', (tool) => {
    const text = stateOf('0.0.1', tool, toolVersion());
    expect(() => readState(folder)).toThrow(UsageError);
    expect(() => readState(folder)).toThrow(`the state of tdxfuzz ${tool}, this is ${toolVersion()}`);
    expect(readFileSync(recordsPath(folder), 'utf8')).toBe(text);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('of an older one goes on, and is told', () => {
    stateOf('0.0.9');
    expect(readState(folder).notes.join('\n')).toContain('the state of tdxfuzz 0.0.9');
  });

  it('of this one is nothing to tell of, whatever it was before', () => {
    stateOf('0.0.9', toolVersion());
    expect(readState(folder).notes.join('\n')).not.toContain('the state of tdxfuzz');
  });
});
