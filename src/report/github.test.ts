import { describe, expect, it } from 'vitest';
import type { RunResult } from '../campaign/records/result.js';
import { madeFinding, madeResult, madeTarget } from '../expect/made-result.test.helper.js';
import { annotations } from './github.js';

const CONTEXT = { replay: () => 'tdxfuzz replay case.json', folder: process.cwd() };
const render = (run: RunResult): string => annotations(run, CONTEXT);

interface Read {
  kind: string;
  properties: Record<string, string>;
  message: string;
}

/** As the runner reads a line that is a command: name, properties up to `::`, message; each unescaped by its own rules. */
function read(text: string): Read[] {
  const unescaped = (part: string): string =>
    part.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
  const ofProperty = (part: string): string => unescaped(part.replaceAll('%3A', ':').replaceAll('%2C', ','));
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const match = /^::([a-z]+) ([^]*?)::([^]*)$/.exec(line);
      if (match === null) throw new Error(`no command: ${line}`);
      const pairs = match[2].split(',').map((pair): [string, string] => {
        const equals = pair.indexOf('=');
        return [pair.slice(0, equals), ofProperty(pair.slice(equals + 1))];
      });
      return { kind: match[1], properties: Object.fromEntries(pairs), message: unescaped(match[3]) };
    });
}

describe('annotations', () => {
  it('of a clean run are one notice', () => {
    const found = read(render(madeResult([madeTarget('a/f', [])])));
    expect(found.map(({ kind }) => kind)).toEqual(['notice']);
    expect(found[0].message).toMatch(/^0 findings in [\d,]+ cases? on 1 target$/);
  });

  it('of a finding stand at its line of source, and tell it', () => {
    const finding = madeFinding({ source: { file: 'src/stub.S', line: 41 } });
    const [error] = read(render(madeResult([madeTarget('a/f', [finding])])));
    expect(error.kind).toBe('error');
    expect(error.properties).toMatchObject({ file: 'src/stub.S', line: '41' });
    expect(error.properties['title']).toContain(finding.property);
    expect(error.message).toContain('replay: tdxfuzz replay case.json');
  });

  it('leave out what is accepted, and count it', () => {
    const finding = madeFinding({ accepted: { reason: 'known' } });
    const found = read(render(madeResult([madeTarget('a/f', [finding])])));
    expect(found.map(({ kind }) => kind)).toEqual(['notice']);
    expect(found[0].message).toContain('0 findings, 1 accepted');
  });

  it('say first what was not done, and what has no verdict', () => {
    const found = read(render(madeResult([madeTarget('a/f', [madeFinding()])], { interrupted: true })));
    expect(found[0]).toMatchObject({ kind: 'error', message: 'interrupted' });
    const [problem] = read(render(madeResult([madeTarget('a/f', [], { problem: 'unknown instruction' })])));
    expect(problem).toMatchObject({ kind: 'error', message: 'a/f: unknown instruction' });
  });

  it.each([
    'x\n::error::injected',
    'x\r::set-output name=a::b',
    'x%0A::error::injected',
    'x::y,file=z',
    '##[error]injected',
    '\u2028::warning::x',
    '::stop-commands::x',
  ])('of a name such as %j are the same commands, and no other', (name) => {
    const finding = madeFinding({ place: `${name}+0x4`, expected: name, source: { file: name, line: 1 } });
    const text = render(madeResult([madeTarget(name, [finding], { problem: name })]));
    const found = read(text);
    expect(found.map(({ kind }) => kind)).toEqual(['error', 'error', 'notice']);
    expect(Object.keys(found[1].properties)).toEqual(['file', 'line', 'title']);
    expect(text).not.toContain('##[');
  });
});
