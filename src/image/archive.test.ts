import { expect, test } from 'vitest';
import { isArchive, memberAt, readArchive } from './archive.js';
import { type ArchiveStyle, writeArchive } from './archive-writer.test.helper.js';

const LONG = 'a-name-of-more-than-fifteen-characters.o';
const MEMBERS: [string, Uint8Array][] = [
  ['short.o', Buffer.from('odd')],
  [LONG, Buffer.from('even')],
  ['short.o', Buffer.from('again')],
];
const damaged = (change: (text: string) => string): (() => unknown) => {
  const text = Buffer.from(writeArchive(MEMBERS, 'gnu')).toString('latin1');
  return () => readArchive(Buffer.from(change(text), 'latin1'), 'lib.a');
};

test.each<ArchiveStyle>(['gnu', 'bsd', 'microsoft'])('lists members with long and equal names: %s', (style) => {
  const bytes = writeArchive(MEMBERS, style);
  expect(isArchive(bytes)).toBe(true);
  const { thin, members } = readArchive(bytes, 'lib.a');
  expect(thin).toBe(false);
  expect(members.map(({ name, bytes: content }) => [name, Buffer.from(content ?? []).toString()])).toEqual([
    ['short.o', 'odd'],
    [LONG, 'even'],
    ['short.o', 'again'],
  ]);
});

test('lists the paths of a thin archive', () => {
  const bytes = writeArchive([['../x/a.o', Buffer.from('abc')]], 'thin');
  expect(readArchive(bytes, 'lib.a')).toEqual({
    thin: true,
    members: [{ name: '../x/a.o', bytes: undefined, path: '../x/a.o' }],
  });
});

test('finds the member of another archive that a thin one refers to by its place', () => {
  const bytes = writeArchive(MEMBERS, 'gnu');
  const place = Buffer.from(bytes).lastIndexOf('short.o/  ');
  expect(Buffer.from(memberAt(bytes, 'lib.a', place).bytes ?? []).toString()).toBe('again');
  expect(() => memberAt(bytes, 'lib.a', place + 1)).toThrow(/lib\.a: no header of a member/);
  expect(() => memberAt(Buffer.from('no'), 'lib.a', 8)).toThrow(/is no archive/);
});

test('escapes names', () => {
  expect(readArchive(writeArchive([['\x1b[31m.o', new Uint8Array(2)]], 'gnu'), 'lib.a').members[0].name).toBe(
    '\\x1b[31m.o',
  );
});

test.each<[what: string, change: (text: string) => string, message: RegExp]>([
  ['a cut header', (text) => text.slice(0, 40), /truncated: the header of a member at 0x8 reaches past the end/],
  ['a cut member', (text) => text.slice(0, -3), /truncated: the member at .* of 5 bytes/],
  ['a size that is none', (text) => text.replace('3         `', 'x         `'), /no header of a member at/],
  [
    'a header with another end',
    (text) => text.replaceAll('`\n', 'xx'),
    /no header of a member at 0x8; the archive is damaged/,
  ],
  [
    'a long name that is not there',
    (text) => text.replace('/9 ', '/999999 '.slice(0, 3).padEnd(3, '9')),
    /outside the table of long names/,
  ],
])('refuses an archive with %s', (_what, change, message) => {
  expect(damaged(change)).toThrow(message);
});
