import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ENCODED_WORDS, LAST_MICRO_OP } from './encode.js';
import { EVENT, EVENT_IMPLICIT, EVENT_WORD } from './events.js';
import { EXIT, VECTOR } from './exit.js';
import { FLAG, FLAGS_ALWAYS_ONE } from './flags.js';
import { CONTROL, EVENT_WORDS, PAGE_ENTRY_WORDS, PAGE_SIZE, SLOT, UNDO_WORDS } from './layout.js';
import { PERMISSION, TRANSLATED } from './memory.js';
import { ACCESS, OP, RECORD, RECORD_WORDS, REPEAT } from './micro-ops.js';
import { REGISTER_INDEX } from './registers.js';

/** The constants that comments of the form `12 /* EVENT_WORDS *\/` may name, besides those below with a prefix. */
const PLAIN: Readonly<Record<string, number>> = {
  ...OP,
  ...CONTROL,
  CF: FLAG.CF,
  PF: FLAG.PF,
  AF: FLAG.AF,
  ZF: FLAG.ZF,
  SF: FLAG.SF,
  IF: FLAG.IF,
  DF: FLAG.DF,
  OF: FLAG.OF,
  'CF, ZF': FLAG.CF | FLAG.ZF,
  RIP: 2 * SLOT.RIP,
  RFLAGS: 2 * SLOT.RFLAGS,
  RCX: 2 * REGISTER_INDEX.rcx,
  RSP: 2 * REGISTER_INDEX.rsp,
  EVENT_WORDS,
  EVENT_IMPLICIT,
  PAGE_ENTRY_WORDS,
  PAGE_SIZE,
  UNDO_WORDS,
  LAST_MICRO_OP,
  ENCODED_WORDS,
  RECORD_WORDS,
  FLAGS_ALWAYS_ONE,
  MXCSR_BITS: 0xffff,
  HASH_WORDS: 3,
};

const GROUPS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  EXIT,
  EVENT,
  EVENT_WORD,
  ACCESS,
  PERMISSION,
  TRANSLATED,
  RECORD,
  REPEAT,
  '#': VECTOR,
};

function valueOf(name: string): number | undefined {
  if (name.startsWith('#')) return GROUPS['#'][name.slice(1)];
  const [group, member] = name.split('.');
  return member === undefined ? PLAIN[name] : GROUPS[group]?.[member];
}

/** Every labelled literal of a source text; prettier moves some labels behind a semicolon or parenthesis. */
function labelledLiterals(source: string): { name: string; value: number }[] {
  return [...source.matchAll(/(-?\b(?:0x[0-9a-f]+|\d+))[);,]* ?\/\* ([#\w., ]+?) \*\//g)].map((match) => ({
    name: match[2],
    value: Number(match[1]),
  }));
}

const FILES = ['interpreter.ts', 'memory.ts', 'event-log.ts', 'flag-values.ts', 'flags.ts', 'code-cache.ts'];

describe('numbers that stand in for named constants in hot code', () => {
  it.each(FILES)('%s has the right ones', (file) => {
    const source = readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8');
    const literals = labelledLiterals(source);
    expect(literals.length).toBeGreaterThan(0);
    for (const { name, value } of literals) expect({ name, value }).toEqual({ name, value: valueOf(name) });
    const comments = [...source.matchAll(/\/\* ([#\w., ]+?) \*\//g)].length;
    expect(literals.length).toBe(comments);
  });

  it('the interpreter has a label for every micro-operation', () => {
    const source = readFileSync(fileURLToPath(new URL('interpreter.ts', import.meta.url)), 'utf8');
    const labels = [...source.matchAll(/case \d+ \/\* (\w+) \*\//g)].map((match) => match[1]);
    expect([...new Set(labels)].toSorted()).toEqual(Object.keys(OP).toSorted());
  });

  it('finds a number that does not fit its name', () => {
    const [found] = labelledLiterals('case 3 /* Add */:');
    expect(found.value).not.toBe(valueOf(found.name));
  });
});
