import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fc, test } from '@fast-check/vitest';
import { expect, test as plain } from 'vitest';
import { escapeName } from '../text/escape.js';
import { artifactUri } from './artifact-uri.js';

const FOLDER = '/work/a folder';

plain('a path in the folder is relative, any other one absolute', () => {
  expect(artifactUri('corpus/bugs/guest-6.4.o', FOLDER)).toBe('corpus/bugs/guest-6.4.o');
  expect(artifactUri('/work/a folder/x/../y z.o', FOLDER)).toBe('y%20z.o');
  expect(artifactUri('../other/x.o', FOLDER)).toBe('file:///work/other/x.o');
  expect(artifactUri('/usr/src/a#b?.S', FOLDER)).toBe('file:///usr/src/a%23b%3F.S');
  expect(artifactUri('https://evil.example/x', FOLDER)).toBe('https%3A/evil.example/x');
});

const piece = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('..', '.', '/', '%2e', '%', ':', '\\', '\0', '\ud800'),
);
test.prop([fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))])(
  'read as a URL in the folder, it is the path',
  (path) => {
    const uri = artifactUri(path, FOLDER);
    expect(uri).toMatch(/^[\w!~*'().%:/&=+$,;@-]*$/);
    const url = new URL(uri, pathToFileURL(`${FOLDER}/`));
    expect(fileURLToPath(url).replace(/(?<=.)\/$/, '')).toBe(resolve(FOLDER, escapeName(path)));
  },
);
