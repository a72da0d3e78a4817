import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { encodeRecord, readRecords, RecordFile } from './record-file.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-records-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'records.jsonl');

const schema = z.strictObject({ n: z.number(), text: z.string() });
type Sample = z.infer<typeof schema>;
const RECORDS: Sample[] = Array.from({ length: 9 }, (_, n) => ({ n, text: 'x'.repeat(n) + 'é\u2028"' }));
const WHOLE = Buffer.from(RECORDS.map(encodeRecord).join(''));

function read(bytes: Uint8Array): ReturnType<typeof readRecords<Sample>> {
  writeFileSync(path, bytes);
  return readRecords(path, schema);
}

describe('a file of records', () => {
  it('gives back what was written', () => {
    expect(read(WHOLE)).toEqual({ records: RECORDS, damaged: [] });
    expect(read(Buffer.alloc(0))).toEqual({ records: [], damaged: [] });
  });

  test.prop([fc.nat(WHOLE.length - 1), fc.integer({ min: 1, max: 255 })])(
    'loses no record but the damaged one, wherever a byte is wrong',
    (at, flip) => {
      const bytes = Uint8Array.from(WHOLE);
      bytes[at] ^= flip;
      const { records, damaged } = read(bytes);
      // A byte that became a newline makes two lines of one; a newline that is gone makes one of two.
      const lost = RECORDS.filter((record) => !records.some(({ n, text }) => n === record.n && text === record.text));
      // And JSON does not mind a tab in the place of the last one.
      const least = at === WHOLE.length - 1 && /[\t\r ]/.test(String.fromCharCode(bytes[at])) ? 0 : 1;
      expect(lost.length).toBeGreaterThanOrEqual(least);
      expect(lost.length).toBeLessThanOrEqual(2);
      expect(records).toHaveLength(RECORDS.length - lost.length);
      expect(damaged.length).toBeGreaterThanOrEqual(least);
    },
  );

  test.prop([fc.nat(WHOLE.length)])('is read up to where it was cut, and goes on behind it', (length) => {
    writeFileSync(path, WHOLE.subarray(0, length));
    const before = readRecords(path, schema);
    expect(before.records).toEqual(RECORDS.slice(0, before.records.length));
    // All but the line that was cut.
    expect(before.records.length).toBeGreaterThanOrEqual(WHOLE.subarray(0, length).toString().split('\n').length - 1);
    const file = new RecordFile(path);
    file.append([{ n: 77, text: 'later' }]);
    file.close();
    const after = readRecords(path, schema);
    expect(after.records.at(-1)).toEqual({ n: 77, text: 'later' });
    expect(after.records.slice(0, -1)).toEqual(before.records);
  });

  it('sets a checksum of another record aside', () => {
    const swapped = encodeRecord(RECORDS[1]).replace(
      /"check":"\w+"/,
      /"check":"\w+"/.exec(encodeRecord(RECORDS[2]))?.[0] ?? '',
    );
    const { records, damaged } = read(Buffer.from(swapped + encodeRecord(RECORDS[3])));
    expect(records).toEqual([RECORDS[3]]);
    expect(damaged.map(({ number, why }) => [number, why])).toEqual([[1, 'the checksum does not match']]);
  });

  it('takes a whole record of another shape for one of another version, not for damage', () => {
    const other = encodeRecord({ n: 'one', text: '' });
    expect(() => read(Buffer.from(encodeRecord(RECORDS[3]) + other))).toThrow(
      /: line 2: whole, and of another version of tdxfuzz; go on with that version, or name another folder$/,
    );
  });

  it('has what was appended on the disk when append comes back', () => {
    writeFileSync(path, '');
    const file = new RecordFile(path);
    file.append(RECORDS.slice(0, 2));
    expect(readFileSync(path)).toEqual(Buffer.from(RECORDS.slice(0, 2).map(encodeRecord).join('')));
    file.close();
  });
});
