import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VECTOR_FILE_LIMITS, VectorFileError, parseVectorText, readVectorFile } from './vector-file.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-vectors-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The message of the VectorFileError that reading must throw. */
function messageOf(path: string): string {
  try {
    readVectorFile(path);
  } catch (error) {
    expect(error).toBeInstanceOf(VectorFileError);
    const { message } = error as Error;
    expect(message).not.toContain('\n');
    return message.replaceAll(folder, '');
  }
  throw new Error('the file was taken');
}

describe('readVectorFile', () => {
  it('reads plain and gzipped lines alike, whatever the name, and skips empty lines', () => {
    const text = '{"a":1}\n\n  {"b":[2]}\r\n';
    const expected = [
      { line: 1, value: { a: 1 } },
      { line: 3, value: { b: [2] } },
    ];
    expect(readVectorFile(file('plain.jsonl', text))).toEqual(expected);
    expect(readVectorFile(file('packed.jsonl.gz', gzipSync(text)))).toEqual(expected);
    expect(readVectorFile(file('packed.txt', gzipSync(text)))).toEqual(expected);
  });

  it.each([
    ['text', '{"a":1}\nhello\n', ':2: not JSON, expected one JSON object a line'],
    ['array', '[1]\n', ':1: not a JSON object, expected one a line'],
    ['null', 'null', ':1: not a JSON object, expected one a line'],
    ['nothing', '', ': no vectors in it, expected one JSON object a line'],
    ['blank', '\n \n', ': no vectors in it, expected one JSON object a line'],
    ['deep', '['.repeat(60_000), ':1: not JSON, expected one JSON object a line'],
  ])('refuses %s', (name, content, message) => {
    expect(messageOf(file(name, content))).toBe(`/${name}${message}`);
  });

  it('refuses what cannot be read', () => {
    expect(messageOf(join(folder, 'absent'))).toBe('/absent: cannot be read (ENOENT)');
    expect(messageOf(folder)).toBe(': not a regular file');
  });

  it('refuses damaged gzip data', () => {
    expect(messageOf(file('cut.gz', gzipSync('{"a":1}').subarray(0, 20)))).toMatch(/^\/cut\.gz: damaged gzip data/);
  });

  it('refuses a file that is too big, and one that unpacks to too much', () => {
    const path = file('big', '');
    truncateSync(path, VECTOR_FILE_LIMITS.fileBytes + 1);
    expect(messageOf(path)).toMatch(/^\/big: 67108865 bytes, at most 67108864 are taken$/);
    const bomb = gzipSync(Buffer.alloc(VECTOR_FILE_LIMITS.textBytes + 1), { level: 1 });
    expect(messageOf(file('bomb.gz', bomb))).toBe('/bomb.gz: more than 268435456 bytes when decompressed');
  });

  it('refuses a line that is too long, and too many records', () => {
    const long = `{"a":"${'x'.repeat(VECTOR_FILE_LIMITS.lineLength)}"}`;
    expect(messageOf(file('long', `{}\n${long}`))).toMatch(
      /^\/long:2: line of \d+ characters, at most 65536 are taken$/,
    );
    const many = '{}\n'.repeat(VECTOR_FILE_LIMITS.records + 1);
    expect(() => parseVectorText(many, 'many')).toThrow('many:250001: more than 250000 records, split the file');
  });
});
